/**
 * Small requests out of large ones, each with its resource and scope: a change to one record then meets that record's mapping, and the
 * time goes into many inputs. OTLP nests alike in all signals: resource (1), scope (2), record (2); JSON calls them by name.
 */
import type { OtlpSignal } from '../../schemas/otlp/request.ts';

export interface Input {
  readonly signal: OtlpSignal;
  readonly encoding: 'json' | 'protobuf';
  readonly body: Buffer;
}

/** Records of one small request. */
const RECORDS = 2;
const NAMES = {
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
} as const;

type Json = Readonly<Record<string, unknown>>;

export function split(input: Input): readonly Input[] {
  const bodies = input.encoding === 'json' ? splitJson(input) : splitProtobuf(input.body, [1, 2, 2]);
  return bodies.map((body) => ({ ...input, body }));
}

function splitJson({ signal, body }: Input): readonly Buffer[] {
  const [resources, scopes, records] = NAMES[signal];
  const small: Buffer[] = [];
  const listIn = (from: Json, name: string): readonly Json[] => (from[name] ?? []) as readonly Json[];
  const request = JSON.parse(body.toString()) as Json;
  for (const resource of listIn(request, resources))
    for (const scope of listIn(resource, scopes))
      for (const group of groupsOf(listIn(scope, records)))
        small.push(
          Buffer.from(JSON.stringify({ [resources]: [{ ...resource, [scopes]: [{ ...scope, [records]: group }] }] })),
        );
  return small;
}

/** @param path fields that lead to the records; the others stay with each part */
function splitProtobuf(message: Buffer, [field, ...rest]: readonly number[]): readonly Buffer[] {
  const parts = fieldsOf(message);
  const inner = parts.filter(({ number }) => number === field);
  const others = parts.filter(({ number }) => number !== field).map(({ raw }) => raw);
  const groups =
    rest.length === 0
      ? groupsOf(inner.map(({ raw }) => raw))
      : inner.flatMap(({ value }) => splitProtobuf(value, rest).map((part) => [lengthDelimited(field ?? 0, part)]));
  return groups.map((group) => Buffer.concat([...others, ...group]));
}

function groupsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / RECORDS) }, (_, n) =>
    items.slice(n * RECORDS, (n + 1) * RECORDS),
  );
}

/** Captures hold no groups: varints, fixed and length-delimited fields. */
function fieldsOf(
  message: Buffer,
): readonly { readonly number: number; readonly raw: Buffer; readonly value: Buffer }[] {
  const fields: { number: number; raw: Buffer; value: Buffer }[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const start = at;
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) varint();
    const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : 0;
    const value = message.subarray(at, at + length);
    at += length;
    fields.push({ number: tag >>> 3, raw: message.subarray(start, at), value });
  }
  return fields;
}

function lengthDelimited(number: number, value: Buffer): Buffer {
  return Buffer.concat([varintOf((number << 3) | 2), varintOf(value.length), value]);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) return Buffer.from([...bytes, left]);
    bytes.push((left & 0x7f) | 0x80);
  }
}
