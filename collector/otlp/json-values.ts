/** Decodes attributes, values and scalars from OTLP/JSON (protobuf's JSON mapping, with the liberties that agents take). */
import { MAX_VALUE_DEPTH, objectOf } from './any-value.ts';
import { END, Names } from './json-scan.ts';
import type { JsonCursor } from './json-scan.ts';
import type { AnyValue, Attributes } from './record.ts';

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

/** An array of `KeyValue`, or null. */
export function readAttributes(cursor: JsonCursor, depth: number): Attributes {
  if (cursor.takeNull()) return [];
  const pairs: Pair[] = [];
  cursor.enterArray();
  while (cursor.element()) pairs.push(readPair(cursor, depth));
  return pairs;
}

/** The string value of the first attribute called `key`. */
export function peekAttribute(cursor: JsonCursor, key: string): string | undefined {
  if (cursor.takeNull()) return undefined;
  cursor.enterArray();
  while (cursor.element()) {
    let name = '';
    let valueAt = -1;
    cursor.enterObject();
    for (let id = cursor.member(KEY_VALUE); id !== END; id = cursor.member(KEY_VALUE)) {
      if (id === 1) name = readString(cursor);
      else {
        if (id === 2) valueAt = cursor.pos;
        cursor.skip();
      }
    }
    if (name !== key) continue;
    if (valueAt < 0) return undefined;
    cursor.pos = valueAt;
    const value = readValue(cursor, 0);
    return typeof value === 'string' ? value : undefined;
  }
  return undefined;
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
    case 1:
      return cursor.string();
    case 2:
      return readBoolean(cursor);
    case 3:
      return readInteger(cursor);
    case 4:
      return readDouble(cursor);
    case 5:
      return readList(cursor, deeper(cursor, depth));
    case 6:
      return readObject(cursor, deeper(cursor, depth));
    default:
      return readBase64(cursor);
  }
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
  let pairs: Attributes = [];
  cursor.enterObject();
  for (let id = cursor.member(VALUES); id !== END; id = cursor.member(VALUES)) {
    if (id === 0) cursor.skip();
    else pairs = readAttributes(cursor, depth);
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
const PLAIN_INTEGER = /^-?[0-9]+$/;

/** A number or a string that holds one. */
function numberText(cursor: JsonCursor): string {
  return cursor.look() === 0x22 ? cursor.string() : cursor.scalar();
}

/** A double: a number, its text, or one of the words for what JSON cannot say. Null is 0. */
export function readDouble(cursor: JsonCursor): number {
  if (cursor.takeNull()) return 0;
  const at = cursor.pos;
  const quoted = cursor.look() === 0x22;
  const text = numberText(cursor);
  if (NUMBER.test(text)) return Number(text);
  if (quoted) {
    if (text === 'NaN') return NaN;
    if (text === 'Infinity' || text === '+Infinity') return Infinity;
    if (text === '-Infinity') return -Infinity;
  }
  return cursor.failAt('malformed number', at);
}

/** A 64-bit integer, signed or not, as exact decimal text without leading zeros; null is '0'. */
function integerText(cursor: JsonCursor): string {
  if (cursor.takeNull()) return '0';
  const at = cursor.pos;
  const text = numberText(cursor);
  if (PLAIN_INTEGER.test(text) && text.length <= 20) {
    if (text.length < 16) return String(Number(text) + 0);
    return BigInt(text).toString();
  }
  const value = NUMBER.test(text) ? Number(text) : NaN;
  if (!Number.isInteger(value) || Math.abs(value) > 2 ** 64) cursor.failAt('malformed integer', at);
  return BigInt(value).toString();
}

/** An int64: as a number where that is exact, else as decimal text. */
export function readInteger(cursor: JsonCursor): number | string {
  const at = cursor.pos;
  const text = integerText(cursor);
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) cursor.failAt('integer exceeds 64 bits', at);
  return text;
}

/** An integer of up to 64 bits as the nearest number. */
export function readCount(cursor: JsonCursor): number {
  return Number(integerText(cursor));
}

/** Nanoseconds since the epoch as decimal text; undefined where 0. */
export function readTime(cursor: JsonCursor): string | undefined {
  const at = cursor.pos;
  const text = integerText(cursor);
  if (text.startsWith('-') || (text.length > 19 && BigInt(text) > 0xffff_ffff_ffff_ffffn))
    cursor.failAt('malformed time', at);
  return text === '0' ? undefined : text;
}

/** An enum: its number, that number as text, or one of the names protobuf gives it. */
export function readEnum(cursor: JsonCursor, names: readonly string[], prefix: string): number {
  if (cursor.look() === 0x22) {
    const at = cursor.pos;
    const name = cursor.string();
    const known = name.startsWith(prefix) ? names.indexOf(name.slice(prefix.length)) : -1;
    if (known >= 0) return known;
    cursor.pos = at;
  }
  return readCount(cursor);
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Base64, standard or for URLs, as standard base64 with padding. */
function readBase64(cursor: JsonCursor): string {
  const at = cursor.pos;
  const text = cursor.string();
  if (!BASE64.test(text)) cursor.failAt('malformed base64', at);
  const bare = text.replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', '');
  if (bare.length % 4 === 1) cursor.failAt('malformed base64', at);
  return bare + '='.repeat((4 - (bare.length % 4)) % 4);
}
