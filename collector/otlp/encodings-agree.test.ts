/** Any export produces the same records in protobuf and in every style of JSON. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readJson } from './json/read-json.ts';
import { readProtobuf } from './protobuf/read-protobuf.ts';
import type { AnyValue, Attributes, FlatRecord, OnRecord } from '../../schemas/otlp/record.ts';
import { logRecord, pairs, toJson, toProtobuf } from './test-support/encoder.ts';
import type {
  AnyRequest,
  RequestModel,
  JsonStyle,
  LogModel,
  MetricModel,
  Pair,
  PointModel,
  SpanModel,
  Value,
} from './test-support/encoder.ts';
import { runs } from '../../test/support/runs.ts';

// ------------------------------------------------------------------------------------------------------- arbitraries

const aString = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 90 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '\\', '"', '\\"', '\n\t\0', '\uFEFFx', '__proto__', 'é'.repeat(40), 'x'.repeat(200)),
  },
);
const anInt = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 99_999n }));
const aTime = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
// JSON.stringify writes -0 as 0.
const aDouble = fc.double().map((double) => (double === 0 ? 0 : double));
const { value: aValue } = fc.letrec<{ value: Value; pair: Pair }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 6, arbitrary: fc.record({ string: aString }) },
    fc.record({ bool: fc.boolean() }),
    fc.record({ int: anInt }),
    fc.record({ double: aDouble }),
    fc.record({ bytes: fc.uint8Array({ maxLength: 9 }) }),
    fc.constant<Value>({ empty: true }),
    fc.record({ list: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({ object: fc.array(tie('pair'), { maxLength: 3 }) }),
  ),
  pair: fc.tuple(aString, tie('value')),
}));
const someAttributes = fc.array(fc.tuple(aString, aValue), { maxLength: 6 });
const anId = (bytes: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.uint8Array({ minLength: bytes, maxLength: bytes }),
      fc.constantFrom(new Uint8Array(bytes), new Uint8Array(0), new Uint8Array(3).fill(7)),
    )
    .map((raw) => Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join(''));
const partly = { requiredKeys: [] as [] };

const aLog: fc.Arbitrary<LogModel> = fc.record(
  {
    time: aTime,
    observed: aTime,
    severity: fc.integer({ min: 0, max: 24 }),
    eventName: aString,
    body: aValue,
    attributes: someAttributes,
    traceId: anId(16),
    spanId: anId(8),
  },
  partly,
);
const aSpan: fc.Arbitrary<SpanModel> = fc
  .record(
    {
      traceId: anId(16),
      spanId: anId(8),
      parentSpanId: anId(8),
      name: aString,
      kind: fc.integer({ min: 0, max: 5 }),
      start: aTime,
      end: aTime,
      attributes: someAttributes,
      events: fc.array(fc.record({ time: aTime, name: aString, attributes: someAttributes }), { maxLength: 2 }),
      status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: aString }),
    },
    partly,
  )
  // A span without any time and with an invalid id looks like a metric if nothing has a name.
  .map((span) =>
    [0, 32].includes(span.traceId?.length ?? 0) || (span.start ?? 0n) > 0n ? span : { ...span, start: 1n },
  );
const someTimes = { attributes: someAttributes, start: aTime, time: aTime };
const aNumberPoint: fc.Arbitrary<PointModel> = fc.oneof(
  fc.record({ ...someTimes, int: anInt }, partly),
  fc.record({ ...someTimes, double: aDouble }, partly),
);
const aHistogramPoint: fc.Arbitrary<PointModel> = fc.record({ ...someTimes, count: aTime, sum: aDouble }, partly);
/** A metric that has neither a name nor a point is refused. */
const aName = aString.map((text) => `m${text}`);
const aMetric: fc.Arbitrary<MetricModel> = fc.oneof(
  fc.record({
    name: aName,
    unit: aString,
    type: fc.constantFrom('gauge' as const, 'sum' as const),
    temporality: fc.integer({ min: 0, max: 2 }),
    points: fc.array(aNumberPoint, { maxLength: 3 }),
  }),
  fc.record({
    name: aName,
    type: fc.constantFrom('histogram' as const, 'exponentialHistogram' as const),
    temporality: fc.integer({ min: 0, max: 2 }),
    points: fc.array(aHistogramPoint, { maxLength: 3 }),
  }),
  fc.record({
    name: aName,
    type: fc.constant('summary' as const),
    points: fc.array(aHistogramPoint, { maxLength: 2 }),
  }),
);
const groupsOf = <R>(
  record: fc.Arbitrary<R>,
): fc.Arbitrary<
  {
    resource?: Pair[];
    scopes: { scope?: { name: string; version: string }; records: R[] }[];
  }[]
> =>
  fc.array(
    fc.record(
      {
        resource: someAttributes,
        scopes: fc.array(
          fc.record(
            { scope: fc.record({ name: aString, version: aString }), records: fc.array(record, { maxLength: 4 }) },
            { requiredKeys: ['records'] },
          ),
          { maxLength: 3 },
        ),
      },
      { requiredKeys: ['scopes'] },
    ),
    { maxLength: 2 },
  );
const aRequest: fc.Arbitrary<AnyRequest> = fc.oneof(
  fc.record({ signal: fc.constant('logs' as const), groups: groupsOf(aLog) }),
  fc.record({ signal: fc.constant('traces' as const), groups: groupsOf(aSpan) }),
  fc.record({ signal: fc.constant('metrics' as const), groups: groupsOf(aMetric) }),
);
const aStyle: fc.Arbitrary<JsonStyle> = fc.record({
  pretty: fc.boolean(),
  snakeCase: fc.boolean(),
  intsAsNumbers: fc.boolean(),
  reversed: fc.boolean(),
  upperCaseIds: fc.boolean(),
  unknownMembers: fc.boolean(),
});

// ------------------------------------------------------------------------------------------------------ what it means

const time = (nanos: bigint | undefined): string | undefined =>
  nanos === undefined || nanos === 0n ? undefined : String(nanos);
const id = (hex: string | undefined, bytes: number): string | undefined =>
  hex?.length !== bytes * 2 || /^0*$/.test(hex) ? undefined : hex;

function valueOf(value: Value): AnyValue {
  if ('string' in value) return value.string.toWellFormed();
  if ('bool' in value) return value.bool;
  if ('int' in value) return Number.isSafeInteger(Number(value.int)) ? Number(value.int) : String(value.int);
  if ('double' in value) return value.double;
  if ('list' in value) return value.list.map(valueOf);
  if ('bytes' in value) return btoa(String.fromCharCode(...value.bytes));
  if ('empty' in value) return null;
  const members = new Map<string, AnyValue>();
  for (const [key, item] of value.object) {
    let name = key;
    for (let n = 2; members.has(name); n++) name = `${key}#${n}`;
    members.set(name, valueOf(item));
  }
  return Object.fromEntries(members);
}

const attributesOf = (list: readonly Pair[] | undefined): Attributes =>
  (list ?? []).map(([key, value]) => [key, valueOf(value)]);

function meaningOf(request: AnyRequest): unknown[] {
  switch (request.signal) {
    case 'logs':
      return inContext(request.groups, (log) => [logOf(log)]);
    case 'traces':
      return inContext(request.groups, (span) => [spanOf(span)]);
    case 'metrics':
      return inContext(request.groups, pointsOf);
  }
}

function inContext<R>(groups: RequestModel<R>['groups'], recordsOf: (model: R) => readonly object[]): object[] {
  return groups.flatMap((group) =>
    group.scopes.flatMap(({ scope, records }) =>
      records.flatMap(recordsOf).map((record) => ({
        resource: attributesOf(group.resource),
        scope: scope ?? { name: '', version: '' },
        ...record,
      })),
    ),
  );
}

const pointsOf = (metric: MetricModel): object[] => {
  const isNumber = metric.type === 'gauge' || metric.type === 'sum';
  return metric.points.map((point) => ({
    signal: 'metric',
    name: metric.name,
    unit: metric.unit ?? '',
    type: metric.type,
    temporality: metric.type === 'gauge' || metric.type === 'summary' ? 0 : (metric.temporality ?? 0),
    attributes: attributesOf(point.attributes),
    timeUnixNano: time(point.time),
    startTimeUnixNano: time(point.start),
    value: isNumber ? Number(point.int ?? point.double ?? 0) : (point.sum ?? 0),
    count: isNumber ? 1 : Number(point.count ?? 0n),
  }));
};
const spanOf = (span: SpanModel): object => ({
  signal: 'span',
  name: span.name ?? '',
  traceId: id(span.traceId, 16),
  spanId: id(span.spanId, 8),
  parentSpanId: id(span.parentSpanId, 8),
  kind: span.kind ?? 0,
  startTimeUnixNano: time(span.start),
  endTimeUnixNano: time(span.end),
  statusCode: span.status?.code ?? 0,
  statusMessage: span.status?.message ?? '',
  attributes: attributesOf(span.attributes),
  events: (span.events ?? []).map((event) => ({
    name: event.name,
    timeUnixNano: time(event.time),
    attributes: attributesOf(event.attributes),
  })),
});
const logOf = (log: LogModel): object => ({
  signal: 'log',
  name: log.eventName ?? '',
  timeUnixNano: time(log.time),
  observedTimeUnixNano: time(log.observed),
  severityNumber: log.severity ?? 0,
  body: log.body === undefined ? null : valueOf(log.body),
  attributes: attributesOf(log.attributes),
  traceId: id(log.traceId, 16),
  spanId: id(log.spanId, 8),
});

// -------------------------------------------------------------------------------------------------------- what we read

function everythingOf(record: FlatRecord): object {
  const { signal, name, scope, attributes } = record;
  const common = { signal, name, scope, attributes, resource: record.resource.attributes };
  switch (record.signal) {
    case 'log': {
      const { timeUnixNano, observedTimeUnixNano, severityNumber, body, traceId, spanId } = record;
      return { ...common, timeUnixNano, observedTimeUnixNano, severityNumber, body, traceId, spanId };
    }
    case 'span': {
      const { traceId, spanId, parentSpanId, kind, startTimeUnixNano, endTimeUnixNano } = record;
      const { statusCode, statusMessage, events } = record;
      const times = { startTimeUnixNano, endTimeUnixNano };
      return { ...common, ...times, traceId, spanId, parentSpanId, kind, statusCode, statusMessage, events };
    }
    case 'metric': {
      const { unit, type, temporality, timeUnixNano, startTimeUnixNano, value, count } = record;
      return { ...common, unit, type, temporality, timeUnixNano, startTimeUnixNano, value, count };
    }
  }
}

function collect(read: (onRecord: OnRecord) => number): { count: number; records: object[]; peeked: unknown[] } {
  const records: object[] = [];
  const peeked: unknown[] = [];
  const count = read((record) => {
    // This peek runs before anything is decoded.
    peeked.push(record.peek('first'));
    const own = everythingOf(record);
    records.push(own);
    for (const [key] of record.attributes) peeked.push([key, record.peek(key)]);
  });
  return { count, records, peeked };
}

describe('reading an export request', () => {
  it('returns what was sent, in every encoding and style', () => {
    fc.assert(
      fc.property(aRequest, aStyle, (request, style) => {
        const meaning = meaningOf(request);
        const protobuf = collect((onRecord) => readProtobuf(request.signal, toProtobuf(request), onRecord));
        const json = collect((onRecord) => readJson(request.signal, toJson(request, style), onRecord));
        expect(protobuf.records).toEqual(meaning);
        expect(json.records).toEqual(meaning);
        expect(protobuf.count).toBe(meaning.length);
        expect(json.count).toBe(meaning.length);
        expect(json.peeked).toEqual(protobuf.peeked);
      }),
      runs(80),
    );
  });

  it('peeks at the string of the first attribute with a name', () => {
    fc.assert(
      fc.property(fc.array(aLog, { minLength: 1, maxLength: 4 }), aStyle, (records, style) => {
        const request: AnyRequest = { signal: 'logs', groups: [{ scopes: [{ records }] }] };
        const expected = records.flatMap((log) =>
          (log.attributes ?? []).map(([key]) => {
            const value = log.attributes?.find(([name]) => name === key)?.[1];
            return value !== undefined && 'string' in value ? value.string : undefined;
          }),
        );
        const peekAll = (read: (onRecord: OnRecord) => number): unknown[] => {
          const found: unknown[] = [];
          let at = 0;
          read((record) => {
            for (const [key] of records[at++]?.attributes ?? []) found.push(record.peek(key));
          });
          return found;
        };
        expect(peekAll((onRecord) => readProtobuf('logs', toProtobuf(request), onRecord))).toEqual(expected);
        expect(peekAll((onRecord) => readJson('logs', toJson(request, style), onRecord))).toEqual(expected);
      }),
      runs(60),
    );
  });

  it('slices out exactly the bytes of a record and of its resource', () => {
    fc.assert(
      fc.property(aLog, someAttributes, aStyle, (log, resource, style) => {
        const request: AnyRequest = { signal: 'logs', groups: [{ resource, scopes: [{ records: [log] }] }] };
        readProtobuf('logs', toProtobuf(request), (record) => {
          expect(record.bytes).toEqual(logRecord(log));
          expect(record.resource.bytes).toEqual(pairs(1, resource));
        });
        readJson('logs', toJson(request, { ...style, snakeCase: false }), (record) => {
          const text = new TextDecoder().decode(record.bytes);
          const whole = JSON.parse(new TextDecoder().decode(toJson(request, { ...style, snakeCase: false }))) as {
            resourceLogs: { resource: unknown; scopeLogs: { logRecords: unknown[] }[] }[];
          };
          expect(text).toMatch(/^\{[^]*\}$/);
          expect(JSON.parse(text)).toEqual(whole.resourceLogs[0]?.scopeLogs[0]?.logRecords[0]);
          expect(JSON.parse(new TextDecoder().decode(record.resource.bytes))).toEqual(whole.resourceLogs[0]?.resource);
        });
      }),
      runs(30),
    );
  });
});
