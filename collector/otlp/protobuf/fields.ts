/** Reads one field of a protobuf record, given the position of its value (-1 if absent; the record's framing is checked). */
import { idFromBytes } from '../ids.ts';
import type { Input } from '../input.ts';
import { peekAttribute, readAttributes } from './values.ts';
import { Wire } from './wire.ts';
import type { Attributes } from '../../../schemas/otlp/record.ts';
import { decodeName } from '../text.ts';
import { unsignedText } from '../../../schemas/otlp/wire-time.ts';

const NONE: Attributes = [];

export function timeAt(input: Input, at: number): string | undefined {
  if (at < 0) return undefined;
  const low = input.view.getInt32(at, true);
  const high = input.view.getInt32(at + 4, true);
  return (low | high) === 0 ? undefined : unsignedText(low, high);
}

export function int32At(input: Input, at: number): number {
  if (at < 0) return 0;
  const wire = new Wire(input, at);
  wire.varint(input.bytes.length);
  return wire.low;
}

/** Reads a length-delimited field, given the position of its length. */
export function nameAt(input: Input, at: number): string {
  if (at < 0) return '';
  const wire = new Wire(input, at);
  const end = wire.length(input.bytes.length);
  return decodeName(input, wire.pos, end);
}

export function idAt(input: Input, at: number, size: number): string | undefined {
  if (at < 0) return undefined;
  const wire = new Wire(input, at);
  const end = wire.length(input.bytes.length);
  return idFromBytes(input.bytes, wire.pos, end, size);
}

export function attributesAt(input: Input, at: number, end: number, field: number): Attributes {
  return at < 0 ? NONE : readAttributes(new Wire(input, at), end, field);
}

export function peekAt(input: Input, at: number, end: number, field: number, key: string): string | undefined {
  return at < 0 ? undefined : peekAttribute(new Wire(input, at), end, field, key);
}
