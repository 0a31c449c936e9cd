/** Decodes attributes and values (opentelemetry/proto/common/v1/common.proto) from protobuf. */
import { MAX_VALUE_DEPTH, objectOf } from '../../../schemas/otlp/any-value.ts';
import { OtlpDecodeError } from '../../../schemas/otlp/record.ts';
import type { AnyValue, Attributes } from '../../../schemas/otlp/record.ts';
import { BYTES, FIXED64, VARINT } from './wire.ts';
import type { Wire } from './wire.ts';
import { base64FromBytes } from '../ids.ts';
import { bytesEqualText, decodeName, decodeText } from '../text.ts';
import { signedValue } from '../../../schemas/otlp/wire-time.ts';

/** AnyValue's fields: string 1, bool 2, int 3, double 4, array 5, kvlist 6, bytes 7. */
const LAST_VALUE_FIELD = 7;

type Pair = readonly [key: string, value: AnyValue];

/** All `KeyValue`s in field `field` of the message ending at `end`; the cursor is at any tag of it. */
export function readAttributes(wire: Wire, end: number, field: number): Attributes {
  const wanted = (field << 3) | BYTES;
  const pairs: Pair[] = [];
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === wanted) pairs.push(readPair(wire, wire.length(end), 0));
    else if (tag >>> 3 === field) wire.expect(tag, BYTES);
    else wire.skip(tag & 7, end);
  }
  return pairs;
}

/** The string value of the first attribute named `key`. */
export function peekAttribute(wire: Wire, end: number, field: number, key: string): string | undefined {
  const wanted = (field << 3) | BYTES;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag !== wanted) {
      wire.skip(tag & 7, end);
      continue;
    }
    const stop = wire.length(end);
    let found = false;
    let valueStart = -1;
    let valueEnd = -1;
    while (wire.pos < stop) {
      const inner = wire.tag(stop);
      if (inner === ((1 << 3) | BYTES)) {
        const keyEnd = wire.length(stop);
        found = bytesEqualText(wire.bytes, wire.pos, keyEnd, key);
        wire.pos = keyEnd;
        if (!found && valueStart < 0) break; // keys come first in practice, so the value can be skipped
      } else if (inner === ((2 << 3) | BYTES)) {
        valueEnd = wire.length(stop);
        valueStart = wire.pos;
        wire.pos = valueEnd;
      } else wire.skip(inner & 7, stop);
    }
    wire.pos = stop;
    if (!found) continue;
    if (valueStart < 0) return undefined;
    wire.pos = valueStart;
    return readText(wire, valueEnd);
  }
  return undefined;
}

/** The value's text if it is a string; its other fields are not decoded. */
function readText(wire: Wire, end: number): string | undefined {
  let text: string | undefined = undefined;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === ((1 << 3) | BYTES)) {
      const stop = wire.length(end);
      text = decodeText(wire.input, wire.pos, stop);
      wire.pos = stop;
    } else {
      if (tag >>> 3 <= LAST_VALUE_FIELD) text = undefined;
      wire.skip(tag & 7, end);
    }
  }
  return text;
}

/** One `AnyValue`; the last field set wins, as for any oneof. */
export function readValue(wire: Wire, end: number, depth: number): AnyValue {
  let value: AnyValue = null;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    switch (tag) {
      case (1 << 3) | BYTES: {
        const stop = wire.length(end);
        value = decodeText(wire.input, wire.pos, stop);
        wire.pos = stop;
        break;
      }
      case (2 << 3) | VARINT:
        wire.varint(end);
        value = (wire.low | wire.high) !== 0;
        break;
      case (3 << 3) | VARINT:
        wire.varint(end);
        value = signedValue(wire.low, wire.high);
        break;
      case (4 << 3) | FIXED64:
        value = wire.double(end);
        break;
      case (5 << 3) | BYTES:
        value = readList(wire, wire.length(end), deeper(depth, wire.pos));
        break;
      case (6 << 3) | BYTES:
        value = readObject(wire, wire.length(end), deeper(depth, wire.pos));
        break;
      case (7 << 3) | BYTES: {
        const stop = wire.length(end);
        value = base64FromBytes(wire.bytes, wire.pos, stop);
        wire.pos = stop;
        break;
      }
      default:
        if (tag >>> 3 <= LAST_VALUE_FIELD)
          throw new OtlpDecodeError(`value field ${tag >>> 3} has wire type ${tag & 7}`, wire.pos);
        wire.skip(tag & 7, end);
    }
  }
  return value;
}

function readPair(wire: Wire, end: number, depth: number): Pair {
  let key = '';
  let value: AnyValue = null;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === ((1 << 3) | BYTES)) {
      const stop = wire.length(end);
      key = decodeName(wire.input, wire.pos, stop);
      wire.pos = stop;
    } else if (tag === ((2 << 3) | BYTES)) value = readValue(wire, wire.length(end), depth);
    else if (tag >>> 3 <= 2)
      throw new OtlpDecodeError(`attribute field ${tag >>> 3} has wire type ${tag & 7}`, wire.pos);
    else wire.skip(tag & 7, end);
  }
  return [key, value];
}

function readList(wire: Wire, end: number, depth: number): AnyValue[] {
  const values: AnyValue[] = [];
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === ((1 << 3) | BYTES)) values.push(readValue(wire, wire.length(end), depth));
    else wire.skip(tag & 7, end);
  }
  return values;
}

function readObject(wire: Wire, end: number, depth: number): Record<string, AnyValue> {
  const pairs: Pair[] = [];
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === ((1 << 3) | BYTES)) pairs.push(readPair(wire, wire.length(end), depth));
    else wire.skip(tag & 7, end);
  }
  return objectOf(pairs);
}

function deeper(depth: number, at: number): number {
  if (depth >= MAX_VALUE_DEPTH) throw new OtlpDecodeError(`value nested deeper than ${MAX_VALUE_DEPTH} levels`, at);
  return depth + 1;
}
