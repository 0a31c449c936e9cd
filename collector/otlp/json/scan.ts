/**
 * A cursor over JSON bytes: finds where values begin and end without building them. What is passed over is checked for
 * balanced brackets and terminated strings only; what is read is checked in full, except that raw control characters
 * in a string are taken as they are.
 */
import { MAX_VALUE_DEPTH } from '../../../schemas/otlp/any-value.ts';
import { decodeUtf8, findByte } from '../input.ts';
import type { Input } from '../input.ts';
import type { Names } from './names.ts';
import { OtlpDecodeError } from '../../../schemas/otlp/record.ts';
import { internalize, lookUp, remember } from '../text.ts';

export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const LINE_FEED = 0x0a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** One level of a nested value takes four of JSON ({kvlistValue: {values: [{key, value}]}}); the request around it fewer than 16. */
export const MAX_JSON_DEPTH = 4 * MAX_VALUE_DEPTH + 16;

/** Eight spaces, read as one double: indentation is half of a pretty-printed request. */
const EIGHT_SPACES = new Float64Array(new Uint8Array(8).fill(0x20).buffer)[0] as number;

/** Strings up to this many bytes are looked up among the known ones. */
const SHORT = 64;

/** What `member` returns at an object's end. */
export const END = -1;

export class JsonCursor {
  readonly input: Input;
  pos: number;
  /** Whether no member of the object or array just entered was read yet. */
  private fresh = false;

  constructor(input: Input, pos: number) {
    this.input = input;
    this.pos = pos;
  }

  /** Next byte that is not white space, without consuming it; -1 at the end. */
  look(): number {
    const byte = this.input.bytes[this.pos];
    if (byte !== undefined && byte > 0x20) return byte;
    this.pos = skipSpace(this.input, this.pos);
    return this.input.bytes[this.pos] ?? -1;
  }

  /** Consumes `null` if it is next. */
  takeNull(): boolean {
    if (this.look() !== 0x6e) return false;
    this.literal('null');
    return true;
  }

  enterObject(): void {
    if (this.look() !== OPEN_OBJECT) this.fail('expected an object');
    this.pos++;
    this.fresh = true;
  }

  enterArray(): void {
    if (this.look() !== OPEN_ARRAY) this.fail('expected an array');
    this.pos++;
    this.fresh = true;
  }

  /** Goes to the value of the next member and returns the number of its name; END closes the object. */
  member(names: Names): number {
    let byte = this.look();
    if (byte === CLOSE_OBJECT) {
      this.pos++;
      this.fresh = false;
      return END;
    }
    if (!this.fresh) {
      if (byte !== COMMA) this.fail('expected a comma or the end of the object');
      this.pos++;
      byte = this.look();
    }
    this.fresh = false;
    if (byte !== QUOTE) this.fail('expected a member name');
    const start = this.pos + 1;
    const end = stringEnd(this.input.bytes, start);
    const id = names.idOf(this.input, start, end);
    this.pos = end + 1;
    if (this.look() !== COLON) this.fail('expected a colon');
    this.pos++;
    this.look();
    return id;
  }

  /** Goes to the next element; false closes the array. */
  element(): boolean {
    const byte = this.look();
    if (byte === CLOSE_ARRAY) {
      this.pos++;
      this.fresh = false;
      return false;
    }
    if (!this.fresh) {
      if (byte !== COMMA) this.fail('expected a comma or the end of the array');
      this.pos++;
      if (this.look() === CLOSE_ARRAY) this.fail('expected an element');
    }
    this.fresh = false;
    return true;
  }

  /** Passes over one value and returns its end. */
  skip(): number {
    const first = this.look();
    if (first === QUOTE) this.pos = stringEnd(this.input.bytes, this.pos + 1) + 1;
    else if (first === OPEN_OBJECT || first === OPEN_ARRAY) this.pos = nestedEnd(this.input, this.pos);
    else this.skipScalar();
    return this.pos;
  }

  /** Goes back to `start`, where an element begins, and skips the whole element. */
  skipElementAt(start: number): number {
    this.pos = start;
    this.fresh = false;
    return this.skip();
  }

  /** A string, decoded; escapes resolved, always well-formed. */
  string(): string {
    if (this.look() !== QUOTE) this.fail('expected a string');
    const start = this.pos + 1;
    const end = stringEnd(this.input.bytes, start);
    this.pos = end + 1;
    return decodeJsonText(this.input, start, end);
  }

  /** The text of a number or literal, unchecked. */
  scalar(): string {
    this.look();
    const start = this.pos;
    this.skipScalar();
    return decodeUtf8(this.input.bytes, start, this.pos);
  }

  /** Takes exactly `text`. */
  literal(text: string): void {
    for (let i = 0; i < text.length; i++) {
      if (this.input.bytes[this.pos + i] !== text.charCodeAt(i)) this.fail(`expected ${text}`);
    }
    this.pos += text.length;
  }

  fail(message: string): never {
    throw new OtlpDecodeError(this.pos >= this.input.bytes.length ? `${message}, found the end` : message, this.pos);
  }

  private skipScalar(): void {
    const end = scalarEnd(this.input.bytes, this.pos);
    if (end === this.pos) this.fail('expected a value');
    this.pos = end;
  }
}

/** End of the run of white space at `pos`. */
function skipSpace(input: Input, pos: number): number {
  const { bytes, view } = input;
  const last = bytes.length - 8;
  let at = pos;
  for (;;) {
    const byte = bytes[at];
    if (byte === LINE_FEED) {
      at++;
      while (at <= last && view.getFloat64(at, true) === EIGHT_SPACES) at += 8;
    } else if (byte === 0x20 || byte === 0x0d || byte === 0x09) at++;
    else return at;
  }
}

/** Position of the quote that ends the string whose text starts at `start`. */
export function stringEnd(bytes: Uint8Array, start: number): number {
  let from = start;
  for (;;) {
    const quote = findByte(bytes, QUOTE, from);
    if (quote < 0) throw new OtlpDecodeError('unterminated string', start - 1);
    if (bytes[quote - 1] !== BACKSLASH) return quote;
    // An odd number of backslashes makes the quote part of the text.
    let before = quote - 1;
    while (before >= from && bytes[before] === BACKSLASH) before--;
    if (((quote - 1 - before) & 1) === 0) return quote;
    from = quote + 1;
  }
}

/** End of the number or literal at `start`; `start` itself if there is none. */
export function scalarEnd(bytes: Uint8Array, start: number): number {
  let pos = start;
  for (;;) {
    const byte = bytes[pos];
    if (byte === undefined || byte <= 0x20 || byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY)
      return pos;
    if (byte === QUOTE || byte === COLON || byte === OPEN_OBJECT || byte === OPEN_ARRAY) return start;
    pos++;
  }
}

/** Closing brackets still awaited; used only within one call of `nestedEnd`. */
const awaited = new Uint8Array(MAX_JSON_DEPTH);

/** End of the object or array that opens at `start`. */
function nestedEnd(input: Input, start: number): number {
  const { bytes, view } = input;
  const size = bytes.length;
  let depth = 0;
  let pos = start;
  while (pos < size) {
    const byte = bytes[pos] as number;
    if (byte === QUOTE) pos = stringEnd(bytes, pos + 1);
    else if (byte === LINE_FEED) {
      while (pos + 9 <= size && view.getFloat64(pos + 1, true) === EIGHT_SPACES) pos += 8;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (depth >= MAX_JSON_DEPTH) throw new OtlpDecodeError(`nested deeper than ${MAX_JSON_DEPTH} levels`, pos);
      awaited[depth++] = byte + 2; // each closing bracket stands two after its opening one
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (awaited[--depth] !== byte) throw new OtlpDecodeError('mismatched bracket', pos);
      if (depth === 0) return pos + 1;
    }
    pos++;
  }
  throw new OtlpDecodeError('unclosed object or array', start);
}

/** The text between two quotes; escapes resolved, always well-formed. */
export function decodeJsonText(input: Input, start: number, end: number): string {
  const isShort = end - start <= SHORT;
  if (isShort && start !== end) {
    const known = lookUp(input, start, end);
    if (known !== undefined) return known;
  }
  const text = decodeUtf8(input.bytes, start, end);
  if (text.includes('\\')) return unescape(text, start);
  return isShort && start !== end ? remember(input, start, end, text) : text;
}

/** The same for names that code compares with. */
export function decodeJsonName(input: Input, start: number, end: number): string {
  if (end - start <= SHORT && start !== end) {
    const known = lookUp(input, start, end);
    if (known !== undefined) return known;
    const text = decodeUtf8(input.bytes, start, end);
    return text.includes('\\') ? unescape(text, start) : remember(input, start, end, internalize(text));
  }
  return decodeJsonText(input, start, end);
}

// eslint-disable-next-line no-control-regex -- raw control characters are what it looks for
const CONTROL = /[\u0000-\u001f]/g;

function unescape(text: string, at: number): string {
  return (parseQuoted(text) ?? parseQuoted(text.replace(CONTROL, escapeControl)) ?? malformed(at)).toWellFormed();
}

function parseQuoted(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return undefined;
  }
}

function escapeControl(character: string): string {
  return '\\u' + character.charCodeAt(0).toString(16).padStart(4, '0');
}

function malformed(at: number): never {
  throw new OtlpDecodeError('malformed escape in a string', at);
}
