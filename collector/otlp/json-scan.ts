/**
 * A cursor over JSON bytes: finds where values begin and end without building them. What is passed over is checked for
 * balanced brackets and terminated strings only; what is read is checked in full.
 */
import { MAX_VALUE_DEPTH } from './any-value.ts';
import { OtlpDecodeError } from './record.ts';
import { decodeRepeated, decodeUtf8 } from './text.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** One level of a nested value takes four of JSON ({kvlistValue: {values: [{key, value}]}}); the request around it fewer than 16. */
export const MAX_JSON_DEPTH = 4 * MAX_VALUE_DEPTH + 16;

/** Strings up to this are scanned byte by byte; from there the engine's own search is faster. */
const SCAN_BYTES = 48;

/** Names a message knows, found by their bytes. Number 0 is for names it does not. */
export class Names {
  private readonly ids: ReadonlyMap<string, number>;

  constructor(...names: readonly (readonly string[])[]) {
    this.ids = new Map(names.flatMap((spellings, index) => spellings.map((name) => [name, index + 1] as const)));
  }

  idOf(name: string): number {
    return this.ids.get(name) ?? 0;
  }
}

/** What `member` returns at an object's end. */
export const END = -1;

export class JsonCursor {
  readonly bytes: Uint8Array;
  pos: number;
  /** Whether the object or array just entered has shown no member yet. */
  private fresh = false;

  constructor(bytes: Uint8Array, pos: number) {
    this.bytes = bytes;
    this.pos = pos;
  }

  /** Next byte that is no white space, without taking it; -1 at the end. */
  look(): number {
    const { bytes } = this;
    let pos = this.pos;
    let byte = bytes[pos];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++pos];
    this.pos = pos;
    return byte ?? -1;
  }

  /** Takes `null` where it stands next. */
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
      if (!this.fresh || this.pos >= 0) this.pos++;
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
    const id = names.idOf(this.string());
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
    if (first === QUOTE) this.skipString();
    else if (first === OPEN_OBJECT || first === OPEN_ARRAY) this.skipNested();
    else this.skipScalar();
    return this.pos;
  }

  /** A string, decoded; escapes resolved, always well-formed. */
  string(): string {
    if (this.look() !== QUOTE) this.fail('expected a string');
    const { bytes } = this;
    const start = this.pos + 1;
    const limit = Math.min(bytes.length, start + SCAN_BYTES);
    let pos = start;
    while (pos < limit) {
      const byte = bytes[pos] as number;
      if (byte === QUOTE) {
        this.pos = pos + 1;
        return decodeRepeated(bytes, start, pos);
      }
      if (byte === BACKSLASH) break;
      if (byte < 0x20) this.failAt('control character in a string', pos);
      pos++;
    }
    this.skipString();
    return parseText(bytes, start - 1, this.pos);
  }

  /** The text of a number or literal, unchecked. */
  scalar(): string {
    this.look();
    const start = this.pos;
    this.skipScalar();
    return decodeRepeated(this.bytes, start, this.pos);
  }

  /** Takes exactly `text`. */
  literal(text: string): void {
    for (let i = 0; i < text.length; i++) {
      if (this.bytes[this.pos + i] !== text.charCodeAt(i)) this.fail(`expected ${text}`);
    }
    this.pos += text.length;
  }

  fail(message: string): never {
    throw new OtlpDecodeError(this.pos >= this.bytes.length ? `${message}, found the end` : message, this.pos);
  }

  failAt(message: string, at: number): never {
    throw new OtlpDecodeError(message, at);
  }

  private skipScalar(): void {
    const { bytes } = this;
    const start = this.pos;
    let pos = start;
    for (;;) {
      const byte = bytes[pos];
      if (byte === undefined || byte <= 0x20 || byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) break;
      if (byte === QUOTE || byte === COLON || byte === OPEN_OBJECT || byte === OPEN_ARRAY)
        this.failAt('malformed value', pos);
      pos++;
    }
    if (pos === start) this.fail('expected a value');
    this.pos = pos;
  }

  private skipString(): void {
    const { bytes } = this;
    const start = this.pos + 1;
    const limit = Math.min(bytes.length, start + SCAN_BYTES);
    let pos = start;
    while (pos < limit) {
      const byte = bytes[pos];
      if (byte === QUOTE) {
        this.pos = pos + 1;
        return;
      }
      pos += byte === BACKSLASH ? 2 : 1;
    }
    for (;;) {
      const quote = bytes.indexOf(QUOTE, pos);
      if (quote < 0) this.failAt('unterminated string', start - 1);
      let before = quote - 1;
      while (before >= pos && bytes[before] === BACKSLASH) before--;
      pos = quote + 1;
      // An odd number of backslashes makes the quote part of the text.
      if (((quote - 1 - before) & 1) === 0) {
        this.pos = pos;
        return;
      }
    }
  }

  private skipNested(): void {
    const { bytes } = this;
    const start = this.pos;
    let depth = 0;
    for (;;) {
      const byte = bytes[this.pos];
      switch (byte) {
        case undefined:
          this.failAt('unclosed object or array', start);
          break;
        case QUOTE:
          this.skipString();
          continue;
        case OPEN_OBJECT:
        case OPEN_ARRAY:
          if (depth >= MAX_JSON_DEPTH) this.fail(`nested deeper than ${MAX_JSON_DEPTH} levels`);
          open[depth++] = byte + 2; // each closing bracket stands two after its opening one
          break;
        case CLOSE_OBJECT:
        case CLOSE_ARRAY:
          if (open[--depth] !== byte) this.fail('mismatched bracket');
          if (depth === 0) {
            this.pos++;
            return;
          }
          break;
      }
      this.pos++;
    }
  }
}

/** Closing brackets still awaited; used only within one call of `skipNested`. */
const open = new Uint8Array(MAX_JSON_DEPTH);

/** A string with its quotes, by the engine's own parser: escapes, and no raw control characters. */
function parseText(bytes: Uint8Array, start: number, end: number): string {
  try {
    return (JSON.parse(decodeUtf8(bytes, start, end)) as string).toWellFormed();
  } catch {
    throw new OtlpDecodeError('malformed string', start);
  }
}
