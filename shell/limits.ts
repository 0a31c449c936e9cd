/** The limits of the parser, and the budget of one parse: what it has used, and which problems and limits it met. */

/** What a parse may spend; reaching any of these makes it `partial`, with the bound named. */
export const LIMITS = {
  /** UTF-16 units of the line; the rest is not read. */
  inputChars: 1 << 20,
  /** Scripts, substitutions and compound commands inside one another: far beyond people, far below the stack. */
  nesting: 64,
  /** Simple commands of one line. */
  commands: 10_000,
  /** Words that brace expansion may produce for one line, and their total size. */
  expandedWords: 1_000,
  expandedChars: 1 << 20,
  /** Total size of script texts opened inside wrappers (`bash -c`, `eval`, …). */
  scriptChars: 4 << 20,
  /** Characters read ahead to distinguish `$((1+1))` from `$((a); b)`, and to skip what is nested too deep. */
  lookaheadChars: 4 << 20,
  /** Text that `echo`, `printf` or `base64 -d` is known to write into an interpreter. */
  literalOutputChars: 256 << 10,
  /** Data paths through groups, and the commands named in them. */
  flows: 1_000,
  flowCommands: 20_000,
  /** Redirections and assignments that groups and wrappers pass to the commands in them. */
  inherited: 200_000,
  /** Substitutions whose commands are read; the text of more is only stepped over. */
  substitutions: 10_000,
  /** Problems that are listed; more are counted. */
  problems: 20,
  /** Problems after which the rest is noise and is not read. */
  problemsInAll: 10_000,
} as const;

/** What one parse has used so far, and the problems it met. */
export interface ParseBudget {
  readonly problems: string[];
  /** Problems beyond `LIMITS.problems`. */
  unlisted: number;
  /** Simple commands read by the grammar, over all texts. */
  nodes: number;
  /** Commands in the result. */
  commands: number;
  substitutions: number;
  /** The limit of commands or problems was reached: readers stop where they are. */
  full: boolean;
  expandedWords: number;
  expandedChars: number;
  scriptChars: number;
  lookaheadChars: number;
  flows: number;
  flowCommands: number;
  inherited: number;
  /** Limits already listed, so that each is named once. */
  readonly reached: Set<string>;
}

export function createParseBudget(): ParseBudget {
  return {
    problems: [],
    unlisted: 0,
    nodes: 0,
    commands: 0,
    substitutions: 0,
    full: false,
    expandedWords: 0,
    expandedChars: 0,
    scriptChars: 0,
    lookaheadChars: 0,
    flows: 0,
    flowCommands: 0,
    inherited: 0,
    reached: new Set(),
  };
}

/** Records text that could not be parsed. */
export function addProblem(budget: ParseBudget, what: string, at: number): void {
  if (budget.problems.length < LIMITS.problems) budget.problems.push(`${what} at ${at}`);
  else budget.unlisted += 1;
  if (budget.unlisted < LIMITS.problemsInAll) return;
  budget.full = true;
  reachLimit(budget, `${LIMITS.problemsInAll} problems`, at);
}

/** Records that a limit was reached, once per limit. */
export function reachLimit(budget: ParseBudget, limit: string, at: number): void {
  if (budget.reached.has(limit)) return;
  budget.reached.add(limit);
  // Limits are always listed, even after many syntax problems: they mean that something may be unseen.
  budget.problems.push(`limit reached: ${limit} at ${at}`);
}

/** Counts a simple command; false once the line has its full number of them. */
export function countNode(budget: ParseBudget, at: number): boolean {
  budget.nodes += 1;
  if (budget.nodes <= LIMITS.commands) return true;
  budget.full = true;
  reachLimit(budget, `${LIMITS.commands} commands`, at);
  return false;
}
