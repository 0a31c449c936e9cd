/** Brace expansion: `{curl,-s,http://x}` is three words (Bash Reference Manual, "Brace Expansion"), bounded per line. */
import type { Piece } from './draft.ts';
import { LIMITS } from '../limits.ts';
import { limit, type Scan } from './scan.ts';

/** One token of the expansion: a character that may be syntax, or a stretch that is not. */
type Token = Piece | '{' | '}' | ',';

/** Every word the braces of one word make; the word itself where there is none to expand. */
export function expandBraces(scan: Scan, pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const tokens = tokenise(pieces);
  const groups = matchBraces(tokens);
  if (groups.size === 0) return [pieces];
  const expansion: Expansion = { words: LIMITS.expandedWords - scan.budget.expandedWords, spent: false, scan };
  const words = expandRange(tokens, groups, 0, tokens.length, expansion);
  scan.budget.expandedWords += words.length;
  return words.length === 0 ? [pieces] : words;
}

interface Expansion {
  readonly words: number;
  /** A limit was reached: what follows stays text. */
  spent: boolean;
  readonly scan: Scan;
}

/** A brace pair that expands: its end and the commas of its own level (none for a sequence). */
interface Group {
  readonly end: number;
  readonly commas: readonly number[];
  readonly sequence: readonly string[] | undefined;
}

function tokenise(pieces: readonly Piece[]): Token[] {
  const tokens: Token[] = [];
  for (const piece of pieces) {
    if (piece.kind !== 'literal') {
      tokens.push(piece);
      continue;
    }
    let from = 0;
    for (let pos = 0; pos <= piece.text.length; pos++) {
      const char = piece.text[pos];
      if (char !== '{' && char !== '}' && char !== ',' && char !== undefined) continue;
      if (pos > from) tokens.push({ text: piece.text.slice(from, pos), kind: 'literal' });
      if (char !== undefined) tokens.push(char);
      from = pos + 1;
    }
  }
  return tokens;
}

/** Pairs braces in one pass; unmatched ones, and pairs without a comma or a sequence, are text. */
function matchBraces(tokens: readonly Token[]): Map<number, Group> {
  const groups = new Map<number, Group>();
  const open: { at: number; commas: number[] }[] = [];
  tokens.forEach((token, at) => {
    if (token === '{') {
      // Real lines do not nest this deep; the outermost braces of an endless row stay text.
      if (open.length >= LIMITS.nesting) open.shift();
      open.push({ at, commas: [] });
    } else if (token === ',') open.at(-1)?.commas.push(at);
    else if (token === '}') {
      const start = open.pop();
      if (start === undefined) return;
      const sequence = start.commas.length === 0 ? sequenceOf(tokens.slice(start.at + 1, at)) : undefined;
      if (start.commas.length > 0 || sequence !== undefined) {
        groups.set(start.at, { end: at, commas: start.commas, sequence });
      }
    }
  });
  return groups;
}

function sequenceOf(inside: readonly Token[]): readonly string[] | undefined {
  const [only] = inside;
  if (inside.length !== 1 || typeof only !== 'object' || only.kind !== 'literal' || only.text.length > 64)
    return undefined;
  const match = /^(?:(-?\d{1,15})\.\.(-?\d{1,15})|([A-Za-z])\.\.([A-Za-z]))(?:\.\.(-?\d{1,9}))?$/.exec(only.text);
  if (match === null) return undefined;
  const [, from, to, first, last, by] = match;
  const step = Math.abs(Number(by ?? '1')) || 1;
  if (first !== undefined && last !== undefined) {
    return count(first.charCodeAt(0), last.charCodeAt(0), step).map((code) => String.fromCharCode(code));
  }
  if (from === undefined || to === undefined) return undefined;
  const isPadded = /^-?0\d/.test(from) || /^-?0\d/.test(to);
  const width = isPadded ? Math.max(from.length, to.length) : 0;
  return count(Number(from), Number(to), step).map((number) => {
    const digits = String(Math.abs(number)).padStart(number < 0 ? width - 1 : width, '0');
    return number < 0 ? `-${digits}` : digits;
  });
}

/** One value past the word limit at most, so that reaching it shows. */
function count(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  const sign = from <= to ? step : -step;
  for (let at = from; sign > 0 ? at <= to : at >= to; at += sign) {
    values.push(at);
    if (values.length > LIMITS.expandedWords) break;
  }
  return values;
}

function expandRange(
  tokens: readonly Token[],
  groups: ReadonlyMap<number, Group>,
  from: number,
  to: number,
  expansion: Expansion,
): (readonly Piece[])[] {
  let words: (readonly Piece[])[] = [[]];
  let plain: Piece[] = [];
  for (let at = from; at < to; at++) {
    const group = expansion.spent ? undefined : groups.get(at);
    if (group === undefined) {
      const token = tokens[at];
      if (token !== undefined) plain.push(typeof token === 'string' ? { text: token, kind: 'literal' } : token);
      continue;
    }
    words = combine(words, [plain], expansion);
    plain = [];
    words = combine(words, alternatives(tokens, groups, at, group, expansion), expansion);
    at = group.end;
  }
  return combine(words, [plain], expansion);
}

function alternatives(
  tokens: readonly Token[],
  groups: ReadonlyMap<number, Group>,
  at: number,
  group: Group,
  expansion: Expansion,
): (readonly Piece[])[] {
  if (group.sequence !== undefined) return group.sequence.map((text) => [{ text, kind: 'literal' }]);
  const words: (readonly Piece[])[] = [];
  let from = at + 1;
  for (const comma of [...group.commas, group.end]) {
    for (const word of expandRange(tokens, groups, from, comma, expansion)) words.push(word);
    from = comma + 1;
    if (words.length > expansion.words) break;
  }
  return words;
}

/** Each left part before each right part, until the line’s budget of words or characters is spent. */
function combine(
  left: readonly (readonly Piece[])[],
  right: readonly (readonly Piece[])[],
  expansion: Expansion,
): (readonly Piece[])[] {
  const { budget } = expansion.scan;
  const words: (readonly Piece[])[] = [];
  for (const before of left) {
    for (const after of right) {
      const exceeded =
        words.length >= expansion.words
          ? `${LIMITS.expandedWords} words from brace expansion`
          : budget.expandedChars > LIMITS.expandedChars
            ? `${LIMITS.expandedChars} characters from brace expansion`
            : undefined;
      if (exceeded !== undefined) {
        limit(expansion.scan, exceeded);
        expansion.spent = true;
        // The first word is completed, so that what the line runs is still seen.
        if (words.length > 0) return words;
      }
      budget.expandedChars += sizeOf(before) + sizeOf(after);
      words.push(after.length === 0 ? before : before.length === 0 ? after : [...before, ...after]);
    }
  }
  return words;
}

function sizeOf(pieces: readonly Piece[]): number {
  let size = 1;
  for (const piece of pieces) size += piece.text.length + 1;
  return size;
}
