/**
 * Walks an OTLP export request in JSON and passes on one record at a time.
 *
 * Wire format: OTLP 1.x, "JSON Protobuf Encoding". Members may be in any order: the shared parts of a list (its
 * resource, its scope, its metric's name) are searched ahead if they are not first.
 */
import { Input, decodeUtf8 } from '../input.ts';
import { AttributeWalker } from './attributes.ts';
import { JsonLogRecord } from './log-record.ts';
import { JsonMetricRecord } from './metric-record.ts';
import { JsonResource, readScope } from './resource.ts';
import { JsonSpanRecord } from './span-record.ts';
import type { MetricFacts } from '../metric-facts.ts';
import { Names } from './names.ts';
import { END, JsonCursor } from './scan.ts';
import { readEnum, readString } from './values.ts';
import { OtlpDecodeError } from '../../../schemas/otlp/record.ts';
import type { FlatRecord, MetricRecord, OnMalformed, OnRecord, Resource, Scope } from '../../../schemas/otlp/record.ts';
import type { Signal } from '../protobuf/read-protobuf.ts';

interface Layout {
  readonly resourceGroup: Names;
  readonly scopeGroup: Names;
}

interface Walk extends Layout {
  readonly signal: Signal;
  readonly walker: AttributeWalker;
  readonly onRecord: OnRecord;
  readonly onMalformed: OnMalformed | undefined;
}

/** Position of a shared part: not searched yet, or absent. */
const NOT_SEEN = -2;
const ABSENT = -1;

/** The only member of a request, by its signal's index plus one. The members of other signals are distinct from unknown members. */
const SIGNALS: readonly Signal[] = ['logs', 'traces', 'metrics'];
const REQUEST = new Names(
  ['resourceLogs', 'resource_logs'],
  ['resourceSpans', 'resource_spans'],
  ['resourceMetrics', 'resource_metrics'],
);

/** In each list of names, 1 is the shared part and 2 is the list below it. */
const LAYOUTS: Readonly<Record<Signal, Layout>> = {
  logs: {
    resourceGroup: new Names(['resource'], ['scopeLogs', 'scope_logs']),
    scopeGroup: new Names(['scope'], ['logRecords', 'log_records']),
  },
  traces: {
    resourceGroup: new Names(['resource'], ['scopeSpans', 'scope_spans']),
    scopeGroup: new Names(['scope'], ['spans']),
  },
  metrics: {
    resourceGroup: new Names(['resource'], ['scopeMetrics', 'scope_metrics']),
    scopeGroup: new Names(['scope'], ['metrics']),
  },
};
const METRIC = new Names(
  ['name'],
  ['unit'],
  ['gauge'],
  ['sum'],
  ['histogram'],
  ['exponentialHistogram', 'exponential_histogram'],
  ['summary'],
);
const METRIC_TYPES: readonly MetricRecord['type'][] = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'];
const METRIC_DATA = new Names(['aggregationTemporality', 'aggregation_temporality'], ['dataPoints', 'data_points']);
const TEMPORALITIES = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'];
const NO_SCOPE: Scope = { name: '', version: '' };

/**
 * @returns records seen, malformed ones included (data points, for metrics; a metric that is malformed as a whole is one)
 * @throws OtlpDecodeError if the body is not such a request; some records may have been passed on before
 */
export function readJson(signal: Signal, body: Uint8Array, onRecord: OnRecord, onMalformed?: OnMalformed): number {
  const walker = new AttributeWalker(new Input(body));
  const walk: Walk = { ...LAYOUTS[signal], signal, walker, onRecord, onMalformed };
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  const cursor = new JsonCursor(walk.walker.input, hasMark ? 3 : 0);
  let count = 0;
  cursor.enterObject();
  for (let id = cursor.member(REQUEST); id !== END; id = cursor.member(REQUEST)) {
    const own = SIGNALS[id - 1];
    if (own === undefined) cursor.skip();
    else if (!cursor.takeNull()) {
      if (own !== signal) cursor.fail(`this is a request of ${own}, not of ${signal}: send it to /v1/${own}`);
      cursor.enterArray();
      while (cursor.element()) count += readResourceGroup(walk, cursor);
    }
  }
  if (cursor.look() !== -1) cursor.fail('unexpected text after the request');
  return count;
}

function readResourceGroup(walk: Walk, cursor: JsonCursor): number {
  let at = NOT_SEEN;
  let resource: Resource = new JsonResource(walk.walker, 0, 0);
  let count = 0;
  cursor.enterObject();
  for (let id = cursor.member(walk.resourceGroup); id !== END; id = cursor.member(walk.resourceGroup)) {
    if (id === 0 || (id === 2 && cursor.takeNull())) {
      if (id === 0) cursor.skip();
      continue;
    }
    const found =
      id === 1 ? once(cursor, at, 'resource') : at === NOT_SEEN ? findAhead(cursor, walk.resourceGroup) : at;
    if (found !== at) {
      at = found;
      if (at >= 0) resource = new JsonResource(walk.walker, at, new JsonCursor(cursor.input, at).skip());
    }
    if (id === 1) cursor.skip();
    else {
      cursor.enterArray();
      while (cursor.element()) count += readScopeGroup(walk, cursor, resource);
    }
  }
  return count;
}

function readScopeGroup(walk: Walk, cursor: JsonCursor, resource: Resource): number {
  let at = NOT_SEEN;
  let scope: ScopeOrError = NO_SCOPE;
  let count = 0;
  cursor.enterObject();
  for (let id = cursor.member(walk.scopeGroup); id !== END; id = cursor.member(walk.scopeGroup)) {
    if (id === 0 || (id === 2 && cursor.takeNull())) {
      if (id === 0) cursor.skip();
      continue;
    }
    const found = id === 1 ? once(cursor, at, 'scope') : at === NOT_SEEN ? findAhead(cursor, walk.scopeGroup) : at;
    if (found !== at) {
      at = found;
      if (at >= 0) scope = scopeAt(walk, cursor, at);
    }
    if (id === 1) cursor.skip();
    else {
      cursor.enterArray();
      while (cursor.element()) count += readRecord(walk, cursor, resource, scope);
    }
  }
  return count;
}

/** An unreadable scope makes each record below it malformed, and no others. */
type ScopeOrError = Scope | OtlpDecodeError;

/** @throws the error itself if malformed records have no consumer, or if the scope, and thus the body, is not JSON */
function scopeAt(walk: Walk, { input }: JsonCursor, at: number): ScopeOrError {
  try {
    return readScope(new JsonCursor(input, at));
  } catch (error) {
    if (walk.onMalformed === undefined || !(error instanceof OtlpDecodeError)) throw error;
    assertJson(input.bytes, at, new JsonCursor(input, at).skip(), error);
    return error;
  }
}

function readRecord(walk: Walk, cursor: JsonCursor, resource: Resource, scope: ScopeOrError): number {
  const start = cursor.pos;
  if (scope instanceof OtlpDecodeError) {
    passOver(walk, cursor, start, scope);
    return 1;
  }
  if (walk.signal === 'metrics') return readMetricOrPassOver(walk, cursor, resource, scope);
  let record: FlatRecord;
  try {
    record =
      walk.signal === 'logs'
        ? new JsonLogRecord(resource, scope, walk.walker, cursor)
        : new JsonSpanRecord(resource, scope, walk.walker, cursor);
  } catch (error) {
    passOver(walk, cursor, start, error);
    return 1;
  }
  walk.onRecord(record);
  return 1;
}

const RECORD_SIGNALS = { logs: 'log', traces: 'span', metrics: 'metric' } as const satisfies Record<Signal, string>;

/**
 * Skips the unreadable element at `start`, and passes it on as malformed.
 *
 * @throws the error itself if malformed records have no consumer, or if the element, and thus the body, is not JSON
 */
function passOver(walk: Walk, cursor: JsonCursor, start: number, error: unknown): void {
  if (walk.onMalformed === undefined || !(error instanceof OtlpDecodeError)) throw error;
  const end = cursor.skipElementAt(start);
  const { bytes } = cursor.input;
  assertJson(bytes, start, end, error);
  walk.onMalformed({ signal: RECORD_SIGNALS[walk.signal], bytes: bytes.subarray(start, end), error });
}

/** @throws the original error if the element is not JSON */
function assertJson(bytes: Uint8Array, start: number, end: number, error: OtlpDecodeError): void {
  try {
    JSON.parse(decodeUtf8(bytes, start, end));
  } catch {
    throw error;
  }
}

/** A second resource or scope in one object would make the owner of the records ambiguous. */
function once(cursor: JsonCursor, at: number, what: string): number {
  if (at !== NOT_SEEN && at !== cursor.pos) cursor.fail(`second ${what} in one object`);
  return cursor.pos;
}

/** Position of member 1 after the list at the cursor; ABSENT if there is none. Leaves the cursor in place. */
function findAhead(cursor: JsonCursor, names: Names): number {
  const ahead = new JsonCursor(cursor.input, cursor.pos);
  ahead.skip();
  for (let id = ahead.member(names); id !== END; id = ahead.member(names)) {
    if (id === 1) return ahead.pos;
    ahead.skip();
  }
  return ABSENT;
}

/** Points that were passed on before the metric was found to be malformed still count. */
function readMetricOrPassOver(walk: Walk, cursor: JsonCursor, resource: Resource, scope: Scope): number {
  const start = cursor.pos;
  const counted = { points: 0 };
  try {
    readMetric(walk, cursor, { resource, scope }, counted);
  } catch (error) {
    passOver(walk, cursor, start, error);
    return counted.points + 1;
  }
  return counted.points;
}

function readMetric(
  walk: Walk,
  cursor: JsonCursor,
  shared: Pick<MetricFacts, 'resource' | 'scope'>,
  counted: { points: number },
): void {
  const data: { type: MetricRecord['type']; at: number }[] = [];
  let name = '';
  let unit = '';
  cursor.enterObject();
  for (let id = cursor.member(METRIC); id !== END; id = cursor.member(METRIC)) {
    if (id === 1) name = readString(cursor);
    else if (id === 2) unit = readString(cursor);
    else if (id === 0) cursor.skip();
    else {
      data.push({ type: METRIC_TYPES[id - 3] as MetricRecord['type'], at: cursor.pos });
      cursor.skip();
    }
  }
  for (const { type, at } of data) {
    const own = new JsonCursor(cursor.input, at);
    if (own.takeNull()) continue;
    const temporality = type === 'gauge' || type === 'summary' ? 0 : findTemporality(own);
    readPoints(walk, own, { ...shared, name, unit, type, temporality }, counted);
  }
  if (name === '' && counted.points === 0) cursor.fail('metric without a name');
}

function findTemporality(cursor: JsonCursor): number {
  const start = cursor.pos;
  let temporality = 0;
  cursor.enterObject();
  for (let id = cursor.member(METRIC_DATA); id !== END; id = cursor.member(METRIC_DATA)) {
    if (id === 1) temporality = readEnum(cursor, TEMPORALITIES, 'AGGREGATION_TEMPORALITY_');
    else cursor.skip();
  }
  cursor.pos = start;
  return temporality;
}

function readPoints(walk: Walk, cursor: JsonCursor, metric: MetricFacts, counted: { points: number }): void {
  cursor.enterObject();
  for (let id = cursor.member(METRIC_DATA); id !== END; id = cursor.member(METRIC_DATA)) {
    if (id !== 2) cursor.skip();
    else if (!cursor.takeNull()) {
      cursor.enterArray();
      while (cursor.element()) {
        const start = cursor.pos;
        let record: FlatRecord | undefined;
        try {
          record = new JsonMetricRecord(metric, walk.walker, cursor);
        } catch (error) {
          passOver(walk, cursor, start, error);
        }
        counted.points++;
        if (record !== undefined) walk.onRecord(record);
      }
    }
  }
}
