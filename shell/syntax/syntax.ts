/** The syntax tree of shell text, between the grammar (what is written) and the interpreter (what it does). */

/** The language a text is written in. */
export type Dialect = 'posix' | 'powershell' | 'cmd';

/** Part of a word's text that only the running shell can know (`$HOME`, `$(cat f)`), as offsets into `Word.text`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Commands run while a word is expanded. */
export interface Substitution {
  readonly kind: 'command' | 'input' | 'output';
  readonly body: Script;
}

/** One word, quoting resolved. Offsets are those of the source line. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Some part was quoted: no reserved word, no assignment name, no expansion in a here-document it delimits. */
  readonly quoted: boolean;
  /** Spans left as written because only the shell can know them, ascending. */
  readonly opaque: readonly Span[];
  readonly substitutions: readonly Substitution[];
  /** For `name=value` and `name+=value` in an unquoted name: index of the value in `text`. */
  readonly valueAt?: number;
}

/** A here-document; its body is read at the next line end. */
export interface HereDocument {
  readonly delimiter: string;
  readonly expands: boolean;
  readonly stripsTabs: boolean;
  body: Word | undefined;
}

export interface RedirectionNode {
  readonly operator: string;
  readonly fd: number;
  readonly target: Word | undefined;
  readonly hereDocument: HereDocument | undefined;
}

export interface AssignmentNode {
  readonly name: string;
  readonly value: string;
  readonly words: readonly Word[];
}

export interface SimpleNode {
  readonly kind: 'simple';
  readonly words: readonly Word[];
  readonly assignments: readonly AssignmentNode[];
  readonly redirections: readonly RedirectionNode[];
  readonly start: number;
  readonly end: number;
}

/** A compound command: its commands in source order, whichever of them run. */
export interface GroupNode {
  readonly kind: 'group';
  readonly body: readonly PipelineNode[];
  /** Words of `for`, `case`, `select`: data, but their substitutions run. */
  readonly words: readonly Word[];
  readonly redirections: readonly RedirectionNode[];
  /** The variable of `for` and `select`. */
  readonly variable: string | undefined;
  /** A function's body runs elsewhere, so no data flows through the place of its definition. */
  readonly isFunction: boolean;
  /** `{ … }` in the shell itself, `( … )` in a subshell, or commands of which some may not run, or run again. */
  readonly scope: 'block' | 'subshell' | 'branches';
}

export type CommandNode = SimpleNode | GroupNode;

export interface PipelineNode {
  readonly members: readonly CommandNode[];
  readonly background: boolean;
  /** The pipeline was prefixed with `time`. */
  readonly timed: boolean;
  /** The pipeline was prefixed with `!`, which inverts its exit status. */
  readonly negated?: boolean;
  /** The operator between it and the pipeline before, in one list. */
  readonly joined?: '&&' | '||';
  /** Begins a branch that runs instead of those before it: `elif`, `else`, the next pattern of `case`. */
  readonly isAlternative?: boolean;
}

export type Script = readonly PipelineNode[];

export const NO_SPANS: readonly Span[] = [];
export const NO_SUBSTITUTIONS: readonly Substitution[] = [];
export const NO_WORDS: readonly Word[] = [];

/** A word without any expansion. */
export function literalWord(text: string, start: number, end: number, quoted = false): Word {
  return { text, start, end, quoted, opaque: NO_SPANS, substitutions: NO_SUBSTITUTIONS };
}
