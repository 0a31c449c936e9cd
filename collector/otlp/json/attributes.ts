/**
 * Walks the attributes of a record.
 *
 * A program writes every attribute with the same bytes around its key and its value, for example `{"key":"`, perhaps with
 * line breaks and indentation. So the walker parses one attribute, remembers where those bytes are, and skips
 * later ones by comparing eight bytes at a time. Attributes that differ are parsed again. Equal bytes mean equal grammar, so
 * the result is the same.
 */
import type { Input } from '../input.ts';
import { Names } from './names.ts';
import { END, JsonCursor, QUOTE, decodeJsonName, decodeJsonText, scalarEnd, stringEnd } from './scan.ts';

/** How to decode the value of the attribute just read. */
export const OTHER = 0;
export const STRING = 1;
export const BOOLEAN = 2;
export const INTEGER = 3;
export const DOUBLE = 4;

const KEY_VALUE = new Names(['key'], ['value']);
/** Only the numbers above. */
const SCALARS = new Names(
  ['stringValue', 'string_value'],
  ['boolValue', 'bool_value'],
  ['intValue', 'int_value'],
  ['doubleValue', 'double_value'],
);

/** Each new layout costs some bookkeeping, so the walker stops learning in a request whose layout keeps changing. */
const MAX_LESSONS = 64;
const BACKSLASH = 0x5c;

export class AttributeWalker {
  readonly input: Input;
  /** The attribute just read: text of its key (-1 if it has none), and of its value or, for OTHER, the value itself. */
  keyStart = -1;
  keyEnd = -1;
  kind = OTHER;
  valueStart = -1;
  valueEnd = -1;

  /** Positions of the known bytes: before the key's text, from there to the value's type, from there to its text, after it. */
  private headAt = 0;
  private headSize = 0;
  private middleAt = 0;
  private middleSize = 0;
  private readonly typeAt = new Int32Array(5);
  private readonly typeSize = new Int32Array(5);
  private tailAt = 0;
  private tailSize = 0;
  private lessons = 0;

  constructor(input: Input) {
    this.input = input;
  }

  /** Reads the attribute that opens at `start`; returns its end. */
  read(start: number): number {
    if (this.headSize !== 0 && this.matches(start, this.headAt, this.headSize)) {
      const { bytes } = this.input;
      const keyStart = start + this.headSize;
      const keyEnd = stringEnd(bytes, keyStart);
      if (this.matches(keyEnd, this.middleAt, this.middleSize)) {
        const type = keyEnd + this.middleSize;
        const kind = kindOf(bytes[type]);
        const size = this.typeSize[kind] as number;
        if (size !== 0 && this.matches(type, this.typeAt[kind] as number, size)) {
          const valueStart = type + size;
          const isQuoted = bytes[valueStart - 1] === QUOTE;
          const valueEnd = isQuoted ? stringEnd(bytes, valueStart) : scalarEnd(bytes, valueStart);
          const tail = isQuoted ? valueEnd + 1 : valueEnd;
          if ((isQuoted || valueEnd !== valueStart) && this.matches(tail, this.tailAt, this.tailSize)) {
            this.keyStart = keyStart;
            this.keyEnd = keyEnd;
            this.kind = kind;
            this.valueStart = valueStart;
            this.valueEnd = valueEnd;
            return tail + this.tailSize;
          }
        }
      }
    }
    return this.parse(start);
  }

  key(): string {
    return this.keyStart < 0 ? '' : decodeJsonName(this.input, this.keyStart, this.keyEnd);
  }

  keyIs(key: string): boolean {
    const { bytes } = this.input;
    const start = this.keyStart;
    const end = this.keyEnd;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      if (byte >= 0x80 || byte === BACKSLASH) return decodeJsonText(this.input, start, end) === key;
      if (byte !== key.charCodeAt(i - start)) return false;
    }
    return end - start === key.length;
  }

  private matches(at: number, known: number, size: number): boolean {
    const { bytes, view } = this.input;
    const end = at + size;
    if (end > bytes.length) return false;
    let i = at;
    let j = known;
    // The known bytes are ASCII and none is 0, so as doubles they are equal exactly if their bits are equal.
    for (; i + 8 <= end; i += 8, j += 8) if (view.getFloat64(i, true) !== view.getFloat64(j, true)) return false;
    for (; i < end; i++, j++) if (bytes[i] !== bytes[j]) return false;
    return true;
  }

  private parse(start: number): number {
    const cursor = new JsonCursor(this.input, start);
    let members = 0;
    let keys = 0;
    this.keyStart = -1;
    this.keyEnd = -1;
    this.kind = OTHER;
    this.valueStart = -1;
    this.valueEnd = -1;
    cursor.enterObject();
    for (let id = cursor.member(KEY_VALUE); id !== END; id = cursor.member(KEY_VALUE)) {
      members++;
      const at = cursor.pos;
      if (id === 1) {
        const isString = cursor.look() === QUOTE;
        if (!isString && !cursor.takeNull()) cursor.fail('expected a string');
        if (isString) cursor.skip();
        this.keyStart = isString ? at + 1 : -1;
        this.keyEnd = isString ? cursor.pos - 1 : -1;
        if (isString && members === 1) keys = 1;
      } else {
        if (id === 2) this.valueStart = at;
        cursor.skip();
      }
    }
    if (keys === 1 && members === 2 && this.valueStart >= 0) this.learn(start, cursor.pos);
    return cursor.pos;
  }

  /** Records the value of an attribute that is a key followed by one scalar, and remembers its layout. */
  private learn(start: number, end: number): void {
    const { bytes } = this.input;
    const cursor = new JsonCursor(this.input, this.valueStart);
    if (cursor.look() !== 0x7b) return;
    cursor.enterObject();
    if (cursor.look() !== QUOTE) return;
    const type = cursor.pos + 1;
    const kind = cursor.member(SCALARS);
    if (kind <= 0 || kind !== kindOf(bytes[type])) return;
    const isQuoted = cursor.look() === QUOTE;
    if (!isQuoted && (kind === STRING || scalarEnd(bytes, cursor.pos) === cursor.pos)) return;
    const valueAt = isQuoted ? cursor.pos + 1 : cursor.pos;
    const tail = cursor.skip();
    if (cursor.look() !== 0x7d) return;
    this.kind = kind;
    this.valueStart = valueAt;
    this.valueEnd = isQuoted ? tail - 1 : tail;
    if (this.lessons === MAX_LESSONS) return;
    this.lessons++;
    this.headAt = start;
    this.headSize = this.keyStart - start;
    this.middleAt = this.keyEnd;
    this.middleSize = type - this.keyEnd;
    this.typeAt[kind] = type;
    this.typeSize[kind] = valueAt - type;
    this.tailAt = tail;
    this.tailSize = end - tail;
  }
}

/** From the first letter of stringValue, boolValue, intValue, doubleValue. */
function kindOf(letter: number | undefined): number {
  if (letter === 0x73) return STRING;
  if (letter === 0x69) return INTEGER;
  if (letter === 0x62) return BOOLEAN; // also bytesValue, which differs in its other letters
  return letter === 0x64 ? DOUBLE : OTHER;
}
