/**
 * Sigma's text patterns: `*` matches any text, `?` for one character, `\` takes the meaning from a wildcard or from
 * itself. A pattern becomes a predicate whose cost is at most the length of the text times the length of the pattern.
 */

/** A piece of a pattern: literal text, or a wildcard. */
export type Piece = string | typeof ANY | typeof ONE | typeof DASH;
/** Any text, also none. */
export const ANY = Symbol('*');
/** Exactly one character. */
export const ONE = Symbol('?');
/** One of the characters that a Windows program accepts as the dash of a flag. */
export const DASH = Symbol('dash');

export type TextTest = (text: string) => boolean;

const DASHES = '-/\u2013\u2014\u2015';

/** Case folding used on both sides of a comparison; the final sigma is the one letter whose lower case depends on its place. */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower;
}

export function parseTextPattern(raw: string): Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  const flush = () => {
    if (literal !== '') pieces.push(literal);
    literal = '';
  };
  for (let at = 0; at < raw.length; at++) {
    const char = raw.charAt(at);
    if (char === '\\' && at + 1 < raw.length && '*?\\'.includes(raw.charAt(at + 1))) literal += raw.charAt(++at);
    else if (char === '*' || char === '?') {
      flush();
      pieces.push(char === '*' ? ANY : ONE);
    } else literal += char;
  }
  flush();
  return pieces;
}

/** Makes every flag's dash match all five of them: one piece in place of all permutations. */
export function withAnyDash(pieces: readonly Piece[]): Piece[] {
  return pieces.flatMap((piece) => {
    if (typeof piece !== 'string') return [piece];
    const out: Piece[] = [];
    let literal = '';
    for (let at = 0; at < piece.length; at++) {
      if (DASHES.includes(piece.charAt(at)) && !isWord(piece.charAt(at - 1)) && isWord(piece.charAt(at + 1))) {
        if (literal !== '') out.push(literal);
        literal = '';
        out.push(DASH);
      } else literal += piece.charAt(at);
    }
    return literal === '' ? out : [...out, literal];
  });
}

/** The text of a pattern without wildcards, else undefined. */
export function literalOf(pieces: readonly Piece[]): string | undefined {
  return pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : undefined;
}

/** @param foldsCase whether the texts have gone through `foldCase`; the pattern then does too */
export function compileTextPattern(pieces: readonly Piece[], foldsCase: boolean): TextTest {
  const segments = segmentsOf(pieces, foldsCase);
  const first = segments[0] as Segment;
  const last = segments[segments.length - 1] as Segment;
  if (segments.length === 1) return (text) => text.length === first.text.length && isAt(first, text, 0);
  const middle = segments.slice(1, -1).filter((segment) => segment.text !== '');
  const least = segments.reduce((sum, segment) => sum + segment.text.length, 0);
  const only = middle[0];
  if (first.text === '' && last.text === '' && only !== undefined && middle.length === 1)
    return (text) => find(only, text, 0, text.length) >= 0;
  return (text) => {
    if (text.length < least || !isAt(first, text, 0)) return false;
    const end = text.length - last.text.length;
    if (!isAt(last, text, end)) return false;
    let from = first.text.length;
    for (const segment of middle) {
      const at = find(segment, text, from, end);
      if (at < 0) return false;
      from = at + segment.text.length;
    }
    return true;
  };
}

/** The text between two `*`. */
interface Segment {
  readonly text: string;
  /** Per character: 0 as written, 1 any, 2 a dash; absent where all are as written. */
  readonly mask?: Uint8Array;
}

function segmentsOf(pieces: readonly Piece[], foldsCase: boolean): Segment[] {
  const segments: Segment[] = [];
  let text = '';
  let mask: number[] = [];
  const flush = () => {
    segments.push(mask.some((kind) => kind !== 0) ? { text, mask: Uint8Array.from(mask) } : { text });
    text = '';
    mask = [];
  };
  for (const piece of pieces) {
    if (piece === ANY) flush();
    else if (typeof piece === 'string') {
      const literal = foldsCase ? foldCase(piece) : piece;
      text += literal;
      mask.push(...Array.from({ length: literal.length }, () => 0));
    } else {
      text += '?';
      mask.push(piece === ONE ? 1 : 2);
    }
  }
  flush();
  return segments;
}

function isAt(segment: Segment, text: string, at: number): boolean {
  if (segment.mask === undefined) return text.startsWith(segment.text, at);
  if (at + segment.text.length > text.length) return false;
  for (let i = 0; i < segment.text.length; i++) {
    const kind = segment.mask[i];
    if (kind === 1) continue;
    if (kind === 2 ? !DASHES.includes(text.charAt(at + i)) : text.charCodeAt(at + i) !== segment.text.charCodeAt(i))
      return false;
  }
  return true;
}

/** First place of the segment in `text[from, end)`, else -1. */
function find(segment: Segment, text: string, from: number, end: number): number {
  if (segment.mask === undefined) {
    const at = text.indexOf(segment.text, from);
    return at >= 0 && at + segment.text.length <= end ? at : -1;
  }
  for (let at = from; at + segment.text.length <= end; at++) if (isAt(segment, text, at)) return at;
  return -1;
}

function isWord(char: string): boolean {
  return /^\w$/.test(char);
}
