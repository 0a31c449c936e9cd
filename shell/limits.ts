/** The bounds of the parser, and the ledger in which one parse counts its work and names what it could not do. */

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
  /** Characters read ahead to tell `$((1+1))` from `$((a); b)`, and to step over what is nested too deep. */
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
  /** Problems told one by one; more are counted. */
  problems: 20,
  /** Problems after which the rest is noise and is not read. */
  problemsInAll: 10_000,
} as const;

/** What one parse has spent and met so far. */
export interface Ledger {
  readonly problems: string[];
  /** Problems beyond `LIMITS.problems`. */
  untold: number;
  /** Simple commands read by the grammar, over all texts. */
  nodes: number;
  /** Commands handed out. */
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
  /** Limits already told, so that each is named once. */
  readonly reached: Set<string>;
}

export function createLedger(): Ledger {
  return {
    problems: [],
    untold: 0,
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
export function addProblem(ledger: Ledger, what: string, at: number): void {
  if (ledger.problems.length < LIMITS.problems) ledger.problems.push(`${what} at ${at}`);
  else ledger.untold += 1;
  if (ledger.untold < LIMITS.problemsInAll) return;
  ledger.full = true;
  reachLimit(ledger, `${LIMITS.problemsInAll} problems`, at);
}

/** Records that a limit was reached, once per limit. */
export function reachLimit(ledger: Ledger, limit: string, at: number): void {
  if (ledger.reached.has(limit)) return;
  ledger.reached.add(limit);
  // Limits are always told, even behind many syntax problems: they say that something may be unseen.
  ledger.problems.push(`limit reached: ${limit} at ${at}`);
}

/** Counts a simple command; false once the line has its full number of them. */
export function countNode(ledger: Ledger, at: number): boolean {
  ledger.nodes += 1;
  if (ledger.nodes <= LIMITS.commands) return true;
  ledger.full = true;
  reachLimit(ledger, `${LIMITS.commands} commands`, at);
  return false;
}
