/** Commands under construction: pipelines that are not final yet, and the data paths through groups. */
import { LIMITS, reachLimit, type ParseBudget } from '../limits.ts';
import type { Redirection, SimpleCommand } from '../parsed.ts';
import type { Word } from '../syntax/syntax.ts';

/** A command, and what the interpreter still needs to know of it. */
export interface Built {
  /** Place in source order. */
  readonly order: number;
  readonly base: Omit<SimpleCommand, 'assignments' | 'redirections' | 'input'>;
  assignments: SimpleCommand['assignments'];
  redirections: readonly Redirection[];
  readonly input: string | undefined;
  /** What it is known to write, where somebody reads it. */
  readonly output: Word | undefined;
}

export type Chain = readonly Built[];

export interface Run {
  readonly commands: Chain;
  background: boolean;
}

/** What a piece of shell text runs: its pipelines, not final yet, and other chains that read or write its data. */
export interface Result {
  readonly main: readonly Run[];
  readonly side: readonly Chain[];
}

export const NOTHING: Result = { main: [], side: [] };

/** Builtins that prepare and neither read nor write: data flows past them. */
const SET_UP: ReadonlySet<string> = new Set([
  '',
  'cd',
  'pushd',
  'popd',
  'export',
  'set',
  'source',
  '.',
  'unset',
  'shopt',
  'ulimit',
  'umask',
  'alias',
  'declare',
  'local',
  'readonly',
  'typeset',
  'true',
  ':',
  '[',
  '[[',
  '((',
  'test',
  'trap',
]);

/** A path to a program of that name is a program: `bin/test`. */
export function isSetUpCommand({ program, programPath }: Pick<SimpleCommand, 'program' | 'programPath'>): boolean {
  return SET_UP.has(program) && program === programPath;
}

export function isSetUp(run: Run): boolean {
  return run.commands.every(({ base }) => isSetUpCommand(base));
}

/** The pipeline of a group that reads its input (the first) or writes its output (the last), set-up aside. */
export function principal(runs: readonly Run[], end: 'first' | 'last'): Run | undefined {
  const isReal = (run: Run): boolean => !isSetUp(run);
  return end === 'first' ? (runs.find(isReal) ?? runs[0]) : (runs.findLast(isReal) ?? runs.at(-1));
}

/** Data paths that pipelines alone do not show, bounded. */
export class Flows {
  readonly all: Chain[] = [];
  readonly #budget: ParseBudget;

  constructor(budget: ParseBudget) {
    this.#budget = budget;
  }

  /** Keeps a path of two commands or more; false once the line has its full number. */
  add(path: Chain): boolean {
    if (path.length < 2) return true;
    const budget = this.#budget;
    if (budget.flows >= LIMITS.flows || budget.flowCommands + path.length > LIMITS.flowCommands) {
      reachLimit(budget, `${LIMITS.flows} data paths`, path[0]?.base.start ?? 0);
      return false;
    }
    budget.flows += 1;
    budget.flowCommands += path.length;
    this.all.push(path);
    return true;
  }
}

/**
 * Gives a group's redirections to the commands in it: standard input to those that read first, standard output to those
 * that write last, other descriptors to all.
 */
export function inheritRedirections(
  runs: readonly Run[],
  redirections: readonly Redirection[],
  budget: ParseBudget,
): void {
  for (const redirection of redirections) {
    for (const { commands } of runs) {
      const heirs = redirection.fd === 0 ? commands.slice(0, 1) : redirection.fd === 1 ? commands.slice(-1) : commands;
      for (const built of heirs) {
        if (!spendInherited(budget, built)) return;
        built.redirections = [...built.redirections, redirection];
      }
    }
  }
}

/** Gives the assignments before `bash -c '…'` to the commands of its script. */
export function inheritAssignments(
  runs: readonly Run[],
  assignments: SimpleCommand['assignments'],
  budget: ParseBudget,
): void {
  if (assignments.length === 0) return;
  for (const { commands } of runs) {
    for (const built of commands) {
      if (!spendInherited(budget, built, assignments.length)) return;
      built.assignments = [...assignments, ...built.assignments];
    }
  }
}

function spendInherited(budget: ParseBudget, built: Built, size = 1): boolean {
  budget.inherited += built.redirections.length + built.assignments.length + size;
  if (budget.inherited <= LIMITS.inherited) return true;
  reachLimit(budget, `${LIMITS.inherited} redirections of groups`, built.base.start);
  return false;
}
