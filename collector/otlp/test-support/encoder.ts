/** For tests: a model of an export request, which is encoded as protobuf and as JSON in the styles that agents use. */
import type { Signal } from '../protobuf/read-protobuf.ts';

export type Value =
  | { readonly string: string }
  | { readonly bool: boolean }
  | { readonly int: bigint }
  | { readonly double: number }
  | { readonly list: readonly Value[] }
  | { readonly object: readonly Pair[] }
  | { readonly bytes: Uint8Array }
  | { readonly empty: true };
export type Pair = readonly [key: string, value: Value];

export interface LogModel {
  readonly time?: bigint;
  readonly observed?: bigint;
  readonly severity?: number;
  readonly eventName?: string;
  readonly body?: Value;
  readonly attributes?: readonly Pair[];
  /** Hex. */
  readonly traceId?: string;
  readonly spanId?: string;
}
export interface SpanModel {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly start?: bigint;
  readonly end?: bigint;
  readonly attributes?: readonly Pair[];
  readonly events?: readonly { readonly time: bigint; readonly name: string; readonly attributes: readonly Pair[] }[];
  readonly status?: { readonly code: number; readonly message: string };
}
export interface PointModel {
  readonly attributes?: readonly Pair[];
  readonly start?: bigint;
  readonly time?: bigint;
  readonly int?: bigint;
  readonly double?: number;
  readonly count?: bigint;
  readonly sum?: number;
}
export interface MetricModel {
  readonly name: string;
  readonly unit?: string;
  readonly type: 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary';
  readonly temporality?: number;
  readonly points: readonly PointModel[];
}
export interface RequestModel<R> {
  readonly groups: readonly {
    readonly resource?: readonly Pair[];
    readonly scopes: readonly {
      readonly scope?: { readonly name: string; readonly version: string };
      readonly records: readonly R[];
    }[];
  }[];
}
export type AnyRequest =
  | (RequestModel<LogModel> & { readonly signal: 'logs' })
  | (RequestModel<SpanModel> & { readonly signal: 'traces' })
  | (RequestModel<MetricModel> & { readonly signal: 'metrics' });

// ---------------------------------------------------------------------------------------------------------- protobuf

const utf8 = new TextEncoder();

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function varint(value: bigint | number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const tag = (field: number, type: number): Uint8Array => varint((field << 3) | type);

export function bytesField(field: number, bytes: Uint8Array | string): Uint8Array {
  const raw = typeof bytes === 'string' ? utf8.encode(bytes) : bytes;
  return concat(tag(field, 2), varint(raw.length), raw);
}
export const varintField = (field: number, value: bigint | number): Uint8Array => concat(tag(field, 0), varint(value));
export function fixed64Field(field: number, value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return concat(tag(field, 1), bytes);
}
export function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return concat(tag(field, 1), bytes);
}
const hexBytes = (hex: string): Uint8Array =>
  Uint8Array.from((hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));

/** Writes nothing if the value is absent. */
const given = <T>(value: T | undefined, field: (value: T) => Uint8Array): Uint8Array =>
  value === undefined ? new Uint8Array(0) : field(value);

export function anyValue(value: Value): Uint8Array {
  if ('string' in value) return bytesField(1, value.string);
  if ('bool' in value) return varintField(2, value.bool ? 1 : 0);
  if ('int' in value) return varintField(3, value.int);
  if ('double' in value) return doubleField(4, value.double);
  if ('list' in value) return bytesField(5, concat(...value.list.map((item) => bytesField(1, anyValue(item)))));
  if ('object' in value) return bytesField(6, pairs(1, value.object));
  if ('bytes' in value) return bytesField(7, value.bytes);
  return new Uint8Array(0);
}

export const pairs = (field: number, list: readonly Pair[]): Uint8Array =>
  concat(...list.map(([key, value]) => bytesField(field, concat(bytesField(1, key), bytesField(2, anyValue(value))))));

export function logRecord(log: LogModel): Uint8Array {
  return concat(
    given(log.time, (time) => fixed64Field(1, time)),
    given(log.severity, (severity) => varintField(2, severity)),
    given(log.body, (body) => bytesField(5, anyValue(body))),
    pairs(6, log.attributes ?? []),
    given(log.traceId, (id) => bytesField(9, hexBytes(id))),
    given(log.spanId, (id) => bytesField(10, hexBytes(id))),
    given(log.observed, (time) => fixed64Field(11, time)),
    given(log.eventName, (name) => bytesField(12, name)),
  );
}

export function span(model: SpanModel): Uint8Array {
  return concat(
    given(model.traceId, (id) => bytesField(1, hexBytes(id))),
    given(model.spanId, (id) => bytesField(2, hexBytes(id))),
    given(model.parentSpanId, (id) => bytesField(4, hexBytes(id))),
    given(model.name, (name) => bytesField(5, name)),
    given(model.kind, (kind) => varintField(6, kind)),
    given(model.start, (time) => fixed64Field(7, time)),
    given(model.end, (time) => fixed64Field(8, time)),
    pairs(9, model.attributes ?? []),
    ...(model.events ?? []).map((event) =>
      bytesField(11, concat(fixed64Field(1, event.time), bytesField(2, event.name), pairs(3, event.attributes))),
    ),
    given(model.status, (status) => bytesField(15, concat(bytesField(2, status.message), varintField(3, status.code)))),
  );
}

const METRIC_FIELD = { gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 } as const;
const ATTRIBUTES_FIELD = { gauge: 7, sum: 7, histogram: 9, exponentialHistogram: 1, summary: 7 } as const;

function metric(model: MetricModel): Uint8Array {
  const isNumber = model.type === 'gauge' || model.type === 'sum';
  const points = model.points.map((point) =>
    bytesField(
      1,
      concat(
        pairs(ATTRIBUTES_FIELD[model.type], point.attributes ?? []),
        given(point.start, (time) => fixed64Field(2, time)),
        given(point.time, (time) => fixed64Field(3, time)),
        given(point.count, (count) => fixed64Field(4, count)),
        given(point.sum, (sum) => doubleField(5, sum)),
        isNumber ? given(point.double, (double) => doubleField(4, double)) : new Uint8Array(0),
        given(point.int, (int) => fixed64Field(6, int)),
      ),
    ),
  );
  return concat(
    bytesField(1, model.name),
    given(model.unit, (unit) => bytesField(3, unit)),
    bytesField(
      METRIC_FIELD[model.type],
      concat(
        ...points,
        given(model.temporality, (temporality) => varintField(2, temporality)),
      ),
    ),
  );
}

function encodeRecords(request: AnyRequest): readonly (readonly (readonly Uint8Array[])[])[] {
  switch (request.signal) {
    case 'logs':
      return request.groups.map((group) => group.scopes.map((scope) => scope.records.map(logRecord)));
    case 'traces':
      return request.groups.map((group) => group.scopes.map((scope) => scope.records.map(span)));
    case 'metrics':
      return request.groups.map((group) => group.scopes.map((scope) => scope.records.map(metric)));
  }
}

/** An export request in protobuf. */
export function toProtobuf(request: AnyRequest): Uint8Array {
  const records = encodeRecords(request);
  return concat(
    ...request.groups.map((group, g) =>
      bytesField(
        1,
        concat(
          given(group.resource, (attributes) => bytesField(1, pairs(1, attributes))),
          ...group.scopes.map((scope, s) =>
            bytesField(
              2,
              concat(
                given(scope.scope, ({ name, version }) =>
                  bytesField(1, concat(bytesField(1, name), bytesField(2, version))),
                ),
                ...(records[g]?.[s] ?? []).map((record) => bytesField(2, record)),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

// -------------------------------------------------------------------------------------------------------------- JSON

/** How a program writes OTLP/JSON. */
export interface JsonStyle {
  readonly pretty: boolean;
  readonly snakeCase: boolean;
  /** int64 as a JSON number instead of text. */
  readonly intsAsNumbers: boolean;
  /** Members in the opposite order: lists before their resource or scope. */
  readonly reversed: boolean;
  readonly upperCaseIds: boolean;
  /** Adds unknown members to every object. */
  readonly unknownMembers: boolean;
}
export const PLAIN: JsonStyle = {
  pretty: false,
  snakeCase: false,
  intsAsNumbers: false,
  reversed: false,
  upperCaseIds: false,
  unknownMembers: false,
};

/** JSON.stringify cannot write 64-bit integers. */
type Json =
  string | number | boolean | null | bigint | readonly Json[] | { readonly members: readonly [string, Json][] };

const GROUP_NAMES = {
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
} as const satisfies Record<Signal, readonly [string, string, string]>;

/** An export request in OTLP/JSON. */
export function toJson(request: AnyRequest, style: JsonStyle = PLAIN): Uint8Array {
  const [groups, scopes, list] = GROUP_NAMES[request.signal];
  const writer = new JsonWriter(style);
  const records = (g: number, s: number): Json[] => {
    switch (request.signal) {
      case 'logs':
        return request.groups[g]?.scopes[s]?.records.map((record) => writer.log(record)) ?? [];
      case 'traces':
        return request.groups[g]?.scopes[s]?.records.map((record) => writer.span(record)) ?? [];
      case 'metrics':
        return request.groups[g]?.scopes[s]?.records.map((record) => writer.metric(record)) ?? [];
    }
  };
  const tree = writer.object([
    [
      groups,
      request.groups.map((group, g) =>
        writer.object([
          ['resource', group.resource && writer.object([['attributes', writer.pairs(group.resource)]])],
          [
            scopes,
            group.scopes.map((scope, s) =>
              writer.object([
                ['scope', scope.scope && writer.object(Object.entries(scope.scope))],
                [list, records(g, s)],
              ]),
            ),
          ],
        ]),
      ),
    ],
  ]);
  return utf8.encode(writer.text(tree, ''));
}

class JsonWriter {
  private readonly style: JsonStyle;

  constructor(style: JsonStyle) {
    this.style = style;
  }

  object(members: readonly (readonly [string, Json | undefined])[]): Json {
    const named = members.flatMap(([name, value]): [string, Json][] =>
      value === undefined ? [] : [[this.style.snakeCase ? snake(name) : name, value]],
    );
    if (this.style.reversed) named.reverse();
    if (this.style.unknownMembers) {
      const nested = { members: [['resource', ['}"]', null]] as [string, Json], ['a\\"b', 'é{'] as [string, Json]] };
      named.unshift(['unheardOf', [1, nested]]);
      named.push(['', { members: [] }]);
    }
    return { members: named };
  }

  int(value: bigint | undefined): Json | undefined {
    return value === undefined || this.style.intsAsNumbers ? value : String(value);
  }

  double(value: number | undefined): Json | undefined {
    return value === undefined || Number.isFinite(value) ? value : String(value);
  }

  id(hex: string | undefined): Json | undefined {
    return this.style.upperCaseIds ? hex?.toUpperCase() : hex;
  }

  pairs(list: readonly Pair[]): Json {
    return list.map(([key, value]) =>
      this.object([
        ['key', key],
        ['value', this.value(value)],
      ]),
    );
  }

  value(value: Value): Json {
    if ('string' in value) return this.object([['stringValue', value.string]]);
    if ('bool' in value) return this.object([['boolValue', value.bool]]);
    if ('int' in value) return this.object([['intValue', this.int(value.int)]]);
    if ('double' in value) return this.object([['doubleValue', this.double(value.double)]]);
    if ('list' in value) {
      return this.object([['arrayValue', this.object([['values', value.list.map((item) => this.value(item))]])]]);
    }
    if ('object' in value) return this.object([['kvlistValue', this.object([['values', this.pairs(value.object)]])]]);
    if ('bytes' in value) return this.object([['bytesValue', btoa(String.fromCharCode(...value.bytes))]]);
    return this.object([]);
  }

  log(log: LogModel): Json {
    return this.object([
      ['timeUnixNano', this.int(log.time)],
      ['observedTimeUnixNano', this.int(log.observed)],
      ['severityNumber', log.severity],
      ['eventName', log.eventName],
      ['body', log.body && this.value(log.body)],
      ['attributes', log.attributes && this.pairs(log.attributes)],
      ['traceId', this.id(log.traceId)],
      ['spanId', this.id(log.spanId)],
    ]);
  }

  span(span: SpanModel): Json {
    return this.object([
      ['traceId', this.id(span.traceId)],
      ['spanId', this.id(span.spanId)],
      ['parentSpanId', this.id(span.parentSpanId)],
      ['name', span.name],
      ['kind', span.kind],
      ['startTimeUnixNano', this.int(span.start)],
      ['endTimeUnixNano', this.int(span.end)],
      ['attributes', span.attributes && this.pairs(span.attributes)],
      [
        'events',
        span.events?.map((event) =>
          this.object([
            ['timeUnixNano', this.int(event.time)],
            ['name', event.name],
            ['attributes', this.pairs(event.attributes)],
          ]),
        ),
      ],
      ['status', span.status && this.object(Object.entries(span.status))],
    ]);
  }

  metric(metric: MetricModel): Json {
    const points = metric.points.map((point) =>
      this.object([
        ['attributes', point.attributes && this.pairs(point.attributes)],
        ['startTimeUnixNano', this.int(point.start)],
        ['timeUnixNano', this.int(point.time)],
        ['asInt', this.int(point.int)],
        ['asDouble', this.double(point.double)],
        ['count', this.int(point.count)],
        ['sum', this.double(point.sum)],
      ]),
    );
    return this.object([
      ['name', metric.name],
      ['unit', metric.unit],
      [
        metric.type,
        this.object([
          ['dataPoints', points],
          ['aggregationTemporality', metric.temporality],
        ]),
      ],
    ]);
  }

  text(value: Json, indent: string): string {
    if (typeof value === 'bigint') return String(value);
    if (value === null || typeof value !== 'object') return JSON.stringify(value);
    const deeper = indent + '  ';
    const [open, close, parts] =
      'members' in value
        ? [
            '{',
            '}',
            value.members.map(([name, item]) => `${JSON.stringify(name)}:${this.space()}${this.text(item, deeper)}`),
          ]
        : ['[', ']', value.map((item) => this.text(item, deeper))];
    if (parts.length === 0) return open + close;
    if (!this.style.pretty) return open + parts.join(',') + close;
    return `${open}\n${deeper}${parts.join(`,\n${deeper}`)}\n${indent}${close}`;
  }

  private space(): string {
    return this.style.pretty ? ' ' : '';
  }
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => '_' + letter.toLowerCase());
