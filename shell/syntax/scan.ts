/** A position in shell text, with what the readers of words and commands share. */
import { addProblem, LIMITS, reachLimit, type ParseBudget } from '../limits.ts';
import type { CommandNode, HereDocument, PipelineNode, Script, Span } from './syntax.ts';

/** The position of a text in the source line: character for character from `base`, or as a whole within one range. */
export type Place = { readonly base: number } | { readonly range: Span };

/** Ranges that were expanded before this text became a script: copied whole, never parsed again. */
export interface Opaque {
  readonly ends: ReadonlyMap<number, number>;
  /** Added to a position of the text to find it in `ends`. */
  readonly shift: number;
}

export interface Scan {
  readonly text: string;
  readonly place: Place;
  readonly opaque: Opaque | undefined;
  readonly budget: ParseBudget;
  pos: number;
  depth: number;
  /** Substitutions `$(…)` around the position in this very text. */
  substitutions: number;
  /** Here-documents announced on this line, whose bodies start after it. */
  pending: HereDocument[];
  /** Set by the grammar, because with substitutions words and commands read each other. */
  readonly grammar: Grammar;
}

export interface Grammar {
  /** Reads commands up to the closing token, without it, or to the end of the text. */
  readonly readScript: (scan: Scan, until: ')' | '}' | undefined) => Script;
  /** Reads commands up to anything that closes a list (`)`, `}`, `;;`, `fi`, …), without it. */
  readonly readList: (scan: Scan, into: PipelineNode[]) => void;
  /** Reads one command, simple or compound; undefined where none begins. */
  readonly readCommand: (scan: Scan) => CommandNode | undefined;
}

export function createScan(
  text: string,
  place: Place,
  budget: ParseBudget,
  depth: number,
  grammar: Grammar,
  opaque?: Opaque,
): Scan {
  return { text, place, opaque, budget, pos: 0, depth, substitutions: 0, pending: [], grammar };
}

/** The offset in the source line of a position in this text. */
export function absolute(scan: Scan, pos: number): number {
  return 'base' in scan.place ? scan.place.base + pos : scan.place.range.start;
}

export function absoluteEnd(scan: Scan, pos: number): number {
  return 'base' in scan.place ? scan.place.base + pos : scan.place.range.end;
}

/** The place of a part of this text that begins at `pos`. */
export function placeAt(scan: Scan, pos: number): Place {
  return 'base' in scan.place ? { base: scan.place.base + pos } : scan.place;
}

/** The place of a rewritten part, whose characters no longer match the source one by one. */
export function placeOf(scan: Scan, start: number, end: number): Place {
  return { range: { start: absolute(scan, start), end: absoluteEnd(scan, end) } };
}

/** End of the opaque range that begins here, else -1. */
export function opaqueEnd(scan: Scan, pos: number): number {
  if (scan.opaque === undefined) return -1;
  const end = scan.opaque.ends.get(pos + scan.opaque.shift);
  return end === undefined ? -1 : Math.min(end - scan.opaque.shift, scan.text.length);
}

export function problem(scan: Scan, what: string, pos = scan.pos): void {
  addProblem(scan.budget, what, absolute(scan, Math.min(pos, scan.text.length)));
}

export function limit(scan: Scan, what: string): void {
  reachLimit(scan.budget, what, absolute(scan, scan.pos));
}

/** Whether one more level may be entered; says so in the budget if not. */
export function mayNest(scan: Scan): boolean {
  if (scan.depth < LIMITS.nesting) return true;
  limit(scan, `nesting of ${LIMITS.nesting}`);
  return false;
}

/** Whether the commands of one more substitution may be read. */
export function maySubstitute(scan: Scan): boolean {
  if (!mayNest(scan)) return false;
  scan.budget.substitutions += 1;
  if (scan.budget.substitutions <= LIMITS.substitutions) return true;
  limit(scan, `${LIMITS.substitutions} substitutions`);
  return false;
}

/** A lookup of the spans of a text, `undefined` for none. */
export function opaqueOf(spans: readonly Span[]): Opaque | undefined {
  if (spans.length === 0) return undefined;
  return { ends: new Map(spans.map((span) => [span.start, span.end])), shift: 0 };
}

/** A character that ends a bare word, or the end of the text (NaN). */
export function isDelimiter(code: number): boolean {
  return Number.isNaN(code) || DELIMITERS.has(code);
}

const DELIMITERS = new Set(Array.from(' \t\n\r;&|()<>', (char) => char.charCodeAt(0)));

/** Steps over blanks, line continuations and, where a word may begin, a comment. */
export function skipBlanks(scan: Scan): void {
  const { text } = scan;
  for (;;) {
    const char = text[scan.pos];
    if (char === ' ' || char === '\t') scan.pos += 1;
    else if (char === '\r' && isLineEnd(text, scan.pos)) scan.pos += 1;
    else if (char === '\\' && text[scan.pos + 1] === '\n') scan.pos += 2;
    else if (char === '\\' && text[scan.pos + 1] === '\r' && text[scan.pos + 2] === '\n') scan.pos += 3;
    else if (char === '#') {
      const end = text.indexOf('\n', scan.pos);
      scan.pos = end < 0 ? text.length : end;
      return;
    } else return;
  }
}

/** A carriage return that belongs to a line end written on Windows. */
export function isLineEnd(text: string, pos: number): boolean {
  return pos + 1 === text.length || text[pos + 1] === '\n';
}
