/** Every captured request decodes in full; JSON captures agree with walking the same request after JSON.parse. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { anyValueToText } from '../../schemas/otlp/attributes.ts';
import { CAPTURED_AGENTS } from '../../test/support/telemetry/captures.ts';
import { readJson } from './json/read-json.ts';
import { readProtobuf } from './protobuf/read-protobuf.ts';
import type { Signal } from './protobuf/read-protobuf.ts';
import type { AnyValue, FlatRecord } from '../../schemas/otlp/record.ts';
import { nanosToMs } from '../../schemas/otlp/wire-time.ts';

const ROOT = new URL('../../agents/', import.meta.url);
const captures = CAPTURED_AGENTS.flatMap((agent) =>
  readdirSync(new URL(`${agent}/captures/`, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|\/)[0-9][^/]*\.(json|json\.gz|pb|grpc)$/.test(file))
    .map((file) => `${agent}/captures/${file}`)
    .sort(),
);

const isJson = (file: string): boolean => /\.json(?:\.gz)?$/.test(file);

/** Parsed JSON of which we only assume what OTLP says. */
type Json = Record<string, unknown>;
const listOf = (value: unknown): Json[] => (value ?? []) as Json[];

const signalOf = (file: string): Signal => {
  const signal = /\.(logs|traces|metrics)\./.exec(file)?.[1];
  if (signal === undefined) throw new Error(`no signal in ${file}`);
  return signal as Signal;
};

function load(file: string): { signal: Signal; body: Uint8Array; isJson: boolean } {
  const sent = readFileSync(new URL(file, ROOT));
  const raw = new Uint8Array(file.endsWith('.gz') ? gunzipSync(sent) : sent);
  if (!file.endsWith('.grpc')) return { signal: signalOf(file), body: raw, isJson: isJson(file) };
  // A gRPC message: one byte for compression, four for its length.
  const length = new DataView(raw.buffer, raw.byteOffset).getUint32(1);
  expect(raw[0]).toBe(0);
  expect(raw.length).toBe(5 + length);
  return { signal: signalOf(file), body: raw.subarray(5), isJson: false };
}

function valueOf(value: unknown): AnyValue {
  const any = (value ?? {}) as Json;
  if ('stringValue' in any) return any['stringValue'] as string;
  if ('boolValue' in any) return any['boolValue'] as boolean;
  if ('intValue' in any) return Number(any['intValue']);
  if ('doubleValue' in any) return Number(any['doubleValue']);
  if ('arrayValue' in any) return listOf((any['arrayValue'] as Json)['values']).map(valueOf);
  if ('kvlistValue' in any) return Object.fromEntries(attributesOf((any['kvlistValue'] as Json)['values']));
  expect(any).toEqual({});
  return null;
}
const attributesOf = (list: unknown): [string, AnyValue][] =>
  listOf(list).map((pair) => [pair['key'] as string, valueOf(pair['value'])]);
/** Codex writes zeros where a log record has no span. */
const idOf = (id: unknown): unknown => (id === '' || /^0+$/.test(String(id)) ? undefined : id);
const timeOf = (time: unknown): string | undefined =>
  time === undefined || time === '0' ? undefined : (time as string);

function expected(signal: Signal, body: Uint8Array): object[] {
  const request = JSON.parse(new TextDecoder().decode(body)) as Json;
  const all: object[] = [];
  for (const group of listOf(request['resourceLogs'] ?? request['resourceSpans'] ?? request['resourceMetrics'])) {
    const resource = attributesOf((group['resource'] as Json)['attributes']);
    for (const part of listOf(group['scopeLogs'] ?? group['scopeSpans'] ?? group['scopeMetrics'])) {
      const { name = '', version = '' } = part['scope'] as Json;
      const shared = { resource, scope: { name, version } };
      const ofSignal = { logs: logOf, traces: spanOf, metrics: pointsOf }[signal];
      for (const record of listOf(part['logRecords'] ?? part['spans'] ?? part['metrics'])) {
        all.push(...ofSignal(record).map((own) => ({ ...shared, ...own })));
      }
    }
  }
  return all;
}

const logOf = (log: Json): object[] => [
  {
    name: log['eventName'] ?? '',
    timeUnixNano: timeOf(log['timeUnixNano']),
    observedTimeUnixNano: timeOf(log['observedTimeUnixNano']),
    severityNumber: log['severityNumber'] ?? 0,
    body: valueOf(log['body']),
    attributes: attributesOf(log['attributes']),
    traceId: idOf(log['traceId']),
    spanId: idOf(log['spanId']),
  },
];
const spanOf = (span: Json): object[] => [
  {
    name: span['name'],
    traceId: span['traceId'],
    spanId: span['spanId'],
    parentSpanId: idOf(span['parentSpanId']),
    kind: span['kind'],
    startTimeUnixNano: timeOf(span['startTimeUnixNano']),
    endTimeUnixNano: timeOf(span['endTimeUnixNano']),
    statusCode: (span['status'] as Json)['code'] ?? 0,
    statusMessage: (span['status'] as Json)['message'] ?? '',
    events: listOf(span['events']).map((event) => ({
      name: event['name'],
      timeUnixNano: timeOf(event['timeUnixNano']),
      attributes: attributesOf(event['attributes']),
    })),
    attributes: attributesOf(span['attributes']),
  },
];
const pointsOf = (metric: Json): object[] =>
  (['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const).flatMap((type) => {
    const data = metric[type] as Json | undefined;
    return listOf(data?.['dataPoints']).map((point) => ({
      name: metric['name'],
      unit: metric['unit'] ?? '',
      type,
      temporality: data?.['aggregationTemporality'] ?? 0,
      attributes: attributesOf(point['attributes']),
      timeUnixNano: timeOf(point['timeUnixNano']),
      startTimeUnixNano: timeOf(point['startTimeUnixNano']),
      value: Number(point['asInt'] ?? point['asDouble'] ?? point['sum'] ?? 0),
      count: 'count' in point ? Number(point['count']) : 1,
    }));
  });

/** The same fields as the record has them. */
function read(record: FlatRecord): object {
  const { name, scope, attributes } = record;
  const common = { name, scope, attributes, resource: record.resource.attributes };
  switch (record.signal) {
    case 'log': {
      const { timeUnixNano, observedTimeUnixNano, severityNumber, body, traceId, spanId } = record;
      return { ...common, timeUnixNano, observedTimeUnixNano, severityNumber, body, traceId, spanId };
    }
    case 'span': {
      const { traceId, spanId, parentSpanId, kind, startTimeUnixNano, endTimeUnixNano } = record;
      const { statusCode, statusMessage, events } = record;
      const ids = { traceId, spanId, parentSpanId };
      return { ...common, ...ids, kind, startTimeUnixNano, endTimeUnixNano, statusCode, statusMessage, events };
    }
    case 'metric': {
      const { unit, type, temporality, timeUnixNano, startTimeUnixNano, value, count } = record;
      return { ...common, unit, type, temporality, timeUnixNano, startTimeUnixNano, value, count };
    }
  }
}

describe('captured requests', () => {
  it('are there, in every encoding', () => {
    for (const ending of ['json', 'pb', 'grpc']) {
      expect(captures.filter((file) => file.endsWith(ending)).length).toBeGreaterThan(2);
    }
  });

  it.each(captures.filter(isJson))('%s reads as JSON.parse would read it', (file) => {
    const { signal, body } = load(file);
    const records: object[] = [];
    const count = readJson(signal, body, (record) => records.push(read(record)));
    expect(records).toEqual(expected(signal, body));
    expect(count).toBe(records.length);
    expect(count).toBeGreaterThan(0);
  });

  it.each(captures.filter((file) => !isJson(file)))('%s reads in full', (file) => {
    const { signal, body } = load(file);
    const names = new Set<string>();
    let withTime = 0;
    const count = readProtobuf(signal, body, (record) => {
      read(record);
      names.add(record.signal === 'log' ? String(record.peek('event.name')) : record.name);
      for (const [key, value] of record.attributes) {
        expect(key).not.toBe('');
        expect(anyValueToText(value)).not.toContain('\uFFFD');
      }
      expect(record.resource.attributes.map(([key]) => key)).toContain('service.name');
      expect(record.scope.name).not.toBe('');
      const time =
        record.signal === 'span'
          ? record.startTimeUnixNano
          : record.signal === 'log'
            ? record.observedTimeUnixNano
            : record.timeUnixNano;
      const timeMs = nanosToMs(time) ?? 0;
      if (timeMs > Date.UTC(2026, 9) && timeMs < Date.UTC(2027, 0)) withTime++; // when all were captured
    });
    expect(withTime).toBe(count);
    expect(count).toBeGreaterThan(0);
    expect(names).not.toContain('');
  });

  it('give the same events for the same session in JSON and in protobuf', () => {
    const eventNames = (folder: string): string[] =>
      captures
        .filter((file) => file.startsWith(`codex/captures/${folder}/`) && file.includes('.logs.'))
        .flatMap((file) => {
          const { signal, body, isJson } = load(file);
          const found: string[] = [];
          (isJson ? readJson : readProtobuf)(signal, body, (record) => {
            const name = record.peek('event.name');
            // How a reply streams in, and what the client measures of itself, differs from run to run.
            if (name !== undefined && !/sse|websocket|startup|api_request/.test(name)) found.push(name);
          });
          return found;
        })
        .sort();
    expect(eventNames('basic-binary')).toEqual(eventNames('basic-json'));
    expect(eventNames('basic-json')).toContain('codex.tool_result');
  });
});
