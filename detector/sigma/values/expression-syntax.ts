/**
 * Reads a regular expression into a tree. The dialect is what a finite automaton can run: literals, classes, anchors,
 * word boundaries, groups, alternation, quantifiers, inline flags. Look-around, back-references, possessive quantifiers
 * and atomic groups need a search that goes back, so they are refused.
 */

/** Inclusive ranges of UTF-16 code units, sorted and apart: `[lo, hi, lo, hi, …]`. */
export type CharSet = readonly number[];

export type Assertion = 'start' | 'end' | 'line-start' | 'line-end' | 'boundary' | 'no-boundary';

export type Expression =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly Expression[] }
  | { readonly kind: 'either'; readonly items: readonly Expression[] }
  | { readonly kind: 'repeat'; readonly item: Expression; readonly min: number; readonly max: number }
  | { readonly kind: 'assert'; readonly what: Assertion };

export interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

/** Why an expression is refused. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

export const WORD: CharSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
const DIGIT: CharSet = [0x30, 0x39];
const SPACE: CharSet = [0x09, 0x0d, 0x20, 0x20, 0xa0, 0xa0, 0x2028, 0x2029, 0xfeff, 0xfeff];
const NEWLINE: CharSet = [0x0a, 0x0a];
const EVERYTHING: CharSet = [0, 0xffff];
const CONTROL: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7, e: 27, 0: 0 };
const MAX_DEPTH = 100;
const MAX_REPEAT = 1000;

/** @throws ExpressionError when the text is malformed or outside the dialect */
export function parseExpression(source: string, flags: Flags): Expression {
  const reader = { source, at: 0 };
  const { expression } = readAlternatives(reader, flags, 0);
  if (reader.at < source.length) throw new ExpressionError(`unmatched ")" at ${reader.at}`);
  return expression;
}

interface Reader {
  readonly source: string;
  at: number;
}

/** Flags set by `(?i)` last until the end of the group that contains them. */
function readAlternatives(reader: Reader, outer: Flags, depth: number): { expression: Expression } {
  if (depth > MAX_DEPTH) throw new ExpressionError('nested too deeply');
  let flags = outer;
  const branches: Expression[] = [];
  let items: Expression[] = [];
  for (; reader.at < reader.source.length;) {
    const char = reader.source.charAt(reader.at);
    if (char === ')') break;
    if (char === '|') {
      reader.at++;
      branches.push({ kind: 'sequence', items });
      items = [];
      continue;
    }
    const inline = /^\(\?([ims]+)\)/.exec(reader.source.slice(reader.at, reader.at + 8));
    if (inline !== null) {
      flags = withFlags(flags, inline[1] ?? '');
      reader.at += inline[0].length;
      continue;
    }
    items.push(readQuantified(reader, flags, depth));
  }
  branches.push({ kind: 'sequence', items });
  const [only] = branches;
  return { expression: branches.length === 1 && only !== undefined ? only : { kind: 'either', items: branches } };
}

function withFlags(flags: Flags, letters: string): Flags {
  return {
    ignoreCase: flags.ignoreCase || letters.includes('i'),
    multiLine: flags.multiLine || letters.includes('m'),
    dotAll: flags.dotAll || letters.includes('s'),
  };
}

function readQuantified(reader: Reader, flags: Flags, depth: number): Expression {
  const item = readItem(reader, flags, depth);
  const rest = reader.source.slice(reader.at, reader.at + 16);
  const braces = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(rest);
  let min: number;
  let max: number;
  if (rest.startsWith('*') || rest.startsWith('+') || rest.startsWith('?')) {
    min = rest.startsWith('+') ? 1 : 0;
    max = rest.startsWith('?') ? 1 : Infinity;
    reader.at++;
  } else if (braces !== null) {
    min = Number(braces[1]);
    max = braces[2] === undefined ? min : braces[3] === '' ? Infinity : Number(braces[3]);
    reader.at += braces[0].length;
    if (min > max) throw new ExpressionError(`quantifier ${braces[0]} is out of order`);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT))
      throw new ExpressionError(`quantifier ${braces[0]} counts past ${MAX_REPEAT}`);
  } else return item;
  const next = reader.source.charAt(reader.at);
  if (next === '+') throw new ExpressionError('possessive quantifiers are not supported');
  if (next === '?')
    reader.at++; // laziness changes what is captured, never whether there is a match
  else if (next === '*') throw new ExpressionError(`nothing to repeat at ${reader.at}`);
  return { kind: 'repeat', item, min, max };
}

function readItem(reader: Reader, flags: Flags, depth: number): Expression {
  const start = reader.at;
  const char = reader.source.charAt(reader.at++);
  switch (char) {
    case '(':
      return readGroup(reader, flags, depth);
    case '[':
      return { kind: 'set', set: readClass(reader, flags) };
    case '.':
      return { kind: 'set', set: flags.dotAll ? EVERYTHING : complement(NEWLINE) };
    case '^':
      return { kind: 'assert', what: flags.multiLine ? 'line-start' : 'start' };
    case '$':
      return { kind: 'assert', what: flags.multiLine ? 'line-end' : 'end' };
    case '\\':
      return readEscape(reader, flags);
    case '*':
    case '+':
    case '?':
      throw new ExpressionError(`nothing to repeat at ${start}`);
    default:
      return { kind: 'set', set: single(char.charCodeAt(0), flags) };
  }
}

function readGroup(reader: Reader, flags: Flags, depth: number): Expression {
  const opening = /^\?(?:([ims]*):|P?<(?![=!])\w{1,64}>)/.exec(reader.source.slice(reader.at, reader.at + 72));
  if (opening !== null) reader.at += opening[0].length;
  else if (reader.source.charAt(reader.at) === '?')
    throw new ExpressionError(
      `"(${reader.source.slice(reader.at, reader.at + 3)}" (look-around and the like) is not supported`,
    );
  const { expression } = readAlternatives(reader, withFlags(flags, opening?.[1] ?? ''), depth + 1);
  if (reader.source.charAt(reader.at) !== ')') throw new ExpressionError('group is not closed');
  reader.at++;
  return expression;
}

function readEscape(reader: Reader, flags: Flags): Expression {
  const char = reader.source.charAt(reader.at);
  const asserted = ASSERTIONS[char];
  if (asserted !== undefined) {
    reader.at++;
    return { kind: 'assert', what: asserted };
  }
  const set = readEscapedSet(reader);
  return { kind: 'set', set: typeof set === 'number' ? single(set, flags) : set };
}

const ASSERTIONS: Readonly<Record<string, Assertion | undefined>> = {
  b: 'boundary',
  B: 'no-boundary',
  A: 'start',
  z: 'end',
  Z: 'end',
};

/** A class such as `\d`, or the code unit of one escaped character. The backslash has been read. */
function readEscapedSet(reader: Reader): CharSet | number {
  const char = reader.source.charAt(reader.at++);
  switch (char) {
    case '':
      throw new ExpressionError('ends in a backslash');
    case 'd':
      return DIGIT;
    case 'D':
      return complement(DIGIT);
    case 'w':
      return WORD;
    case 'W':
      return complement(WORD);
    case 's':
      return SPACE;
    case 'S':
      return complement(SPACE);
    case 'x':
    case 'u': {
      const digits = /^(?:[0-9a-fA-F]{4}|[0-9a-fA-F]{2})/.exec(
        reader.source.slice(reader.at, reader.at + (char === 'x' ? 2 : 4)),
      )?.[0];
      if (digits === undefined || digits.length !== (char === 'x' ? 2 : 4))
        throw new ExpressionError(`malformed \\${char} at ${reader.at}`);
      reader.at += digits.length;
      return Number.parseInt(digits, 16);
    }
    default: {
      const control = CONTROL[char];
      if (control !== undefined) return control;
      if (/[0-9A-Za-z]/.test(char)) throw new ExpressionError(`\\${char} is not supported`);
      return char.charCodeAt(0);
    }
  }
}

function readClass(reader: Reader, flags: Flags): CharSet {
  const negated = reader.source.charAt(reader.at) === '^';
  if (negated) reader.at++;
  const ranges: number[] = [];
  const from = reader.at;
  for (;;) {
    const char = reader.source.charAt(reader.at);
    if (char === '') throw new ExpressionError('class is not closed');
    if (char === ']' && reader.at > from) break;
    if (char === '[' && reader.source.charAt(reader.at + 1) === ':')
      throw new ExpressionError('named classes such as [:alpha:] are not supported');
    const low = readClassItem(reader);
    if (typeof low !== 'number') {
      ranges.push(...low);
      continue;
    }
    const dash = reader.source.charAt(reader.at) === '-' && reader.source.charAt(reader.at + 1) !== ']';
    if (!dash) {
      ranges.push(low, low);
      continue;
    }
    reader.at++;
    const high = readClassItem(reader);
    if (typeof high !== 'number') ranges.push(low, low, 0x2d, 0x2d, ...high);
    else if (high < low) throw new ExpressionError('class range is out of order');
    else ranges.push(low, high);
  }
  reader.at++;
  const set = flags.ignoreCase ? bothCases(ranges) : normal(ranges);
  return negated ? complement(set) : set;
}

function readClassItem(reader: Reader): CharSet | number {
  const char = reader.source.charAt(reader.at++);
  if (char === '') throw new ExpressionError('class is not closed');
  if (char !== '\\') return char.charCodeAt(0);
  if (reader.source.charAt(reader.at) === 'b') {
    reader.at++;
    return 8;
  }
  return readEscapedSet(reader);
}

function single(code: number, flags: Flags): CharSet {
  return flags.ignoreCase ? bothCases([code, code]) : [code, code];
}

/** Ranges in both cases; past Latin-1 only single characters are worth it. */
function bothCases(ranges: readonly number[]): CharSet {
  const out = [...ranges];
  for (let i = 0; i < ranges.length; i += 2) {
    const low = ranges[i] ?? 0;
    const high = ranges[i + 1] ?? 0;
    const last = Math.min(high, low > 0xff ? low + 0xff : 0xff);
    for (let code = low; code <= last; code++) {
      // What the range holds anyway would only have to be sorted away again.
      for (const other of otherCases(code)) if (other < low || other > high) out.push(other, other);
    }
  }
  return normal(out);
}

/** Remembered: a small file can hold tens of thousands of classes, each of hundreds of characters. */
const OTHER_CASES = new Map<number, readonly number[]>();
const NONE: readonly number[] = [];

function otherCases(code: number): readonly number[] {
  let others = OTHER_CASES.get(code);
  if (others === undefined) {
    const char = String.fromCharCode(code);
    const found = [char.toLowerCase(), char.toUpperCase()].filter((other) => other.length === 1 && other !== char);
    others = found.length === 0 ? NONE : found.map((other) => other.charCodeAt(0));
    OTHER_CASES.set(code, others);
  }
  return others;
}

function normal(ranges: readonly number[]): CharSet {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i] ?? 0, ranges[i + 1] ?? 0]);
  pairs.sort((a, b) => a[0] - b[0]);
  const out: number[] = [];
  for (const [low, high] of pairs) {
    const end = out[out.length - 1];
    if (end !== undefined && low <= end + 1) out[out.length - 1] = Math.max(end, high);
    else out.push(low, high);
  }
  return out;
}

function complement(set: CharSet): CharSet {
  const out: number[] = [];
  let next = 0;
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i] ?? 0;
    if (low > next) out.push(next, low - 1);
    next = (set[i + 1] ?? 0) + 1;
  }
  if (next <= 0xffff) out.push(next, 0xffff);
  return out;
}
