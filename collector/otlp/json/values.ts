/** Decodes attributes, values and scalars from OTLP/JSON (protobuf's JSON mapping, with the deviations of agents). */
import { MAX_VALUE_DEPTH, objectOf } from '../../../schemas/otlp/any-value.ts';
import { normalizeBase64 } from '../ids.ts';
import { BOOLEAN, DOUBLE, INTEGER, OTHER, STRING } from './attributes.ts';
import type { AttributeWalker } from './attributes.ts';
import { Names } from './names.ts';
import { END, JsonCursor, QUOTE, decodeJsonText } from './scan.ts';
import { OtlpDecodeError } from '../../../schemas/otlp/record.ts';
import type { AnyValue, Attributes } from '../../../schemas/otlp/record.ts';

type Pair = readonly [key: string, value: AnyValue];

const KEY_VALUE = new Names(['key'], ['value']);
const VALUES = new Names(['values']);
const ANY_VALUE = new Names(
  ['stringValue', 'string_value'],
  ['boolValue', 'bool_value'],
  ['intValue', 'int_value'],
  ['doubleValue', 'double_value'],
  ['arrayValue', 'array_value'],
  ['kvlistValue', 'kvlist_value'],
  ['bytesValue', 'bytes_value'],
);

/** The array of attributes at the cursor, or null. */
export function readAttributes(walker: AttributeWalker, cursor: JsonCursor): Attributes {
  if (cursor.takeNull()) return [];
  const pairs: Pair[] = [];
  cursor.enterArray();
  while (cursor.element()) {
    const end = walker.read(cursor.pos);
    pairs.push([walker.key(), currentValue(walker)]);
    cursor.pos = end;
  }
  return pairs;
}

/** Skips the array of attributes at the cursor, or null. */
export function skipAttributes(walker: AttributeWalker, cursor: JsonCursor): void {
  if (cursor.takeNull()) return;
  cursor.enterArray();
  while (cursor.element()) cursor.pos = walker.read(cursor.pos);
}

/** The string value of the first attribute named `key`. */
export function peekAttribute(walker: AttributeWalker, cursor: JsonCursor, key: string): string | undefined {
  if (cursor.takeNull()) return undefined;
  cursor.enterArray();
  while (cursor.element()) {
    cursor.pos = walker.read(cursor.pos);
    if (!walker.keyIs(key)) continue;
    if (walker.kind === OTHER) {
      return walker.valueStart < 0 ? undefined : readText(new JsonCursor(walker.input, walker.valueStart));
    }
    return walker.kind === STRING ? decodeJsonText(walker.input, walker.valueStart, walker.valueEnd) : undefined;
  }
  return undefined;
}

/** The value's text if it is a string, without decoding other fields of the message. */
function readText(cursor: JsonCursor): string | undefined {
  if (cursor.takeNull()) return undefined;
  let text: string | undefined = undefined;
  cursor.enterObject();
  for (let id = cursor.member(ANY_VALUE); id !== END; id = cursor.member(ANY_VALUE)) {
    if (id === 0) cursor.skip();
    else if (!cursor.takeNull()) {
      if (id === 1) text = cursor.string();
      else {
        text = undefined;
        cursor.skip();
      }
    }
  }
  return text;
}

/** Decodes the value of the attribute that the walker has just read. */
function currentValue(walker: AttributeWalker): AnyValue {
  const { input, kind, valueStart, valueEnd } = walker;
  if (kind === STRING) return decodeJsonText(input, valueStart, valueEnd);
  if (kind === OTHER) return valueStart < 0 ? null : readValue(new JsonCursor(input, valueStart), 0);
  const isQuoted = input.bytes[valueStart - 1] === QUOTE;
  const cursor = new JsonCursor(input, isQuoted ? valueStart - 1 : valueStart);
  return cursor.takeNull() ? null : readScalar(cursor, kind);
}

/** One `AnyValue`; the last field set wins, and a field that is null is not set. */
export function readValue(cursor: JsonCursor, depth: number): AnyValue {
  if (cursor.takeNull()) return null;
  let value: AnyValue = null;
  cursor.enterObject();
  for (let id = cursor.member(ANY_VALUE); id !== END; id = cursor.member(ANY_VALUE)) {
    if (id === 0) cursor.skip();
    else if (!cursor.takeNull()) value = readField(cursor, id, depth);
  }
  return value;
}

function readField(cursor: JsonCursor, id: number, depth: number): AnyValue {
  switch (id) {
    case 5:
      return readList(cursor, deeper(cursor, depth));
    case 6:
      return readObject(cursor, deeper(cursor, depth));
    case 7:
      return readBase64(cursor);
    default:
      return readScalar(cursor, id);
  }
}

function readScalar(cursor: JsonCursor, kind: number): AnyValue {
  if (kind === INTEGER) return readInteger(cursor);
  if (kind === BOOLEAN) return readBoolean(cursor);
  return kind === DOUBLE ? readDouble(cursor) : cursor.string();
}

/** The array of pairs within a value. */
function readPairs(cursor: JsonCursor, depth: number): Pair[] {
  if (cursor.takeNull()) return [];
  const pairs: Pair[] = [];
  cursor.enterArray();
  while (cursor.element()) pairs.push(readPair(cursor, depth));
  return pairs;
}

function readPair(cursor: JsonCursor, depth: number): Pair {
  let key = '';
  let value: AnyValue = null;
  cursor.enterObject();
  for (let id = cursor.member(KEY_VALUE); id !== END; id = cursor.member(KEY_VALUE)) {
    if (id === 1) key = readString(cursor);
    else if (id === 2) value = readValue(cursor, depth);
    else cursor.skip();
  }
  return [key, value];
}

function readList(cursor: JsonCursor, depth: number): AnyValue[] {
  let values: AnyValue[] = [];
  cursor.enterObject();
  for (let id = cursor.member(VALUES); id !== END; id = cursor.member(VALUES)) {
    if (id === 0) cursor.skip();
    else if (!cursor.takeNull()) {
      values = [];
      cursor.enterArray();
      while (cursor.element()) values.push(readValue(cursor, depth));
    }
  }
  return values;
}

function readObject(cursor: JsonCursor, depth: number): Record<string, AnyValue> {
  let pairs: readonly Pair[] = [];
  cursor.enterObject();
  for (let id = cursor.member(VALUES); id !== END; id = cursor.member(VALUES)) {
    if (id === 0) cursor.skip();
    else pairs = readPairs(cursor, depth);
  }
  return objectOf(pairs);
}

function deeper(cursor: JsonCursor, depth: number): number {
  if (depth >= MAX_VALUE_DEPTH) cursor.fail(`value nested deeper than ${MAX_VALUE_DEPTH} levels`);
  return depth + 1;
}

/** A string; null is the empty one. */
export function readString(cursor: JsonCursor): string {
  return cursor.takeNull() ? '' : cursor.string();
}

function readBoolean(cursor: JsonCursor): boolean {
  const isTrue = cursor.look() === 0x74;
  cursor.literal(isTrue ? 'true' : 'false');
  return isTrue;
}

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
/** Matches nearly every integer: 1 to 19 digits, no leading zero. */
const CANONICAL = /^[1-9][0-9]{0,18}$/;
const PLAIN_INTEGER = /^-?[0-9]+$/;

/** A number or a string that holds one. */
function numberText(cursor: JsonCursor): string {
  return cursor.look() === QUOTE ? cursor.string() : cursor.scalar();
}

/** A double: a number, its text, or one of the words for values that JSON cannot represent. Null is 0. */
export function readDouble(cursor: JsonCursor): number {
  if (cursor.takeNull()) return 0;
  const at = cursor.pos;
  const quoted = cursor.look() === QUOTE;
  const text = numberText(cursor);
  if (NUMBER.test(text)) return Number(text);
  if (quoted) {
    if (text === 'NaN') return NaN;
    if (text === 'Infinity' || text === '+Infinity') return Infinity;
    if (text === '-Infinity') return -Infinity;
  }
  return fail('malformed number', at);
}

/** A 64-bit integer, signed or not, as exact decimal text without leading zeros; null is '0'. */
function integerText(cursor: JsonCursor): string {
  if (cursor.takeNull()) return '0';
  const at = cursor.pos;
  const text = numberText(cursor);
  if (CANONICAL.test(text)) return text;
  if (PLAIN_INTEGER.test(text) && text.length <= 20) {
    if (text.length < 16) return String(Number(text) + 0);
    return BigInt(text).toString();
  }
  const value = NUMBER.test(text) ? Number(text) : NaN;
  if (!Number.isInteger(value) || Math.abs(value) > 2 ** 64) fail('malformed integer', at);
  return BigInt(value).toString();
}

/** An int64: as a number if that is exact, else as decimal text. */
export function readInteger(cursor: JsonCursor): number | string {
  const at = cursor.pos;
  const text = integerText(cursor);
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) fail('integer exceeds 64 bits', at);
  return text;
}

/** An integer of up to 64 bits as the nearest number. */
export function readCount(cursor: JsonCursor): number {
  return Number(integerText(cursor));
}

/** Nanoseconds since the epoch as decimal text; undefined for 0. */
export function readTime(cursor: JsonCursor): string | undefined {
  const at = cursor.pos;
  const text = integerText(cursor);
  if (text.startsWith('-') || (text.length > 19 && BigInt(text) > 0xffff_ffff_ffff_ffffn)) fail('malformed time', at);
  return text === '0' ? undefined : text;
}

/** An enum: its number, that number as text, or one of its protobuf names. */
export function readEnum(cursor: JsonCursor, names: readonly string[], prefix: string): number {
  if (cursor.look() === QUOTE) {
    const at = cursor.pos;
    const name = cursor.string();
    const known = name.startsWith(prefix) ? names.indexOf(name.slice(prefix.length)) : -1;
    if (known >= 0) return known;
    cursor.pos = at;
  }
  return readCount(cursor);
}

function readBase64(cursor: JsonCursor): string {
  const at = cursor.pos;
  return normalizeBase64(cursor.string()) ?? fail('malformed base64', at);
}

function fail(message: string, at: number): never {
  throw new OtlpDecodeError(message, at);
}
