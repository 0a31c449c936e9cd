/**
 * Walks an OTLP export request in JSON and hands over one record at a time.
 *
 * Wire format: OTLP 1.x, "JSON Protobuf Encoding". Members may come in any order: what a list needs to know (its
 * resource, its scope, its metric's name) is looked for ahead where it does not come first.
 */
import { Input } from './input.ts';
import { AttributeWalker } from './json-attributes.ts';
import { JsonLogRecord } from './json-log-record.ts';
import { JsonMetricRecord } from './json-metric-record.ts';
import { JsonResource, readScope } from './json-resource.ts';
import { JsonSpanRecord } from './json-span-record.ts';
import type { MetricFacts } from './metric-facts.ts';
import { Names } from './json-names.ts';
import { END, JsonCursor } from './json-scan.ts';
import { readEnum, readString } from './json-values.ts';
import type { MetricRecord, OnRecord, Resource, Scope } from './record.ts';
import type { Signal } from './read-protobuf.ts';

interface Layout {
  readonly request: Names;
  readonly resourceGroup: Names;
  readonly scopeGroup: Names;
}

interface Walk extends Layout {
  readonly signal: Signal;
  readonly walker: AttributeWalker;
  readonly onRecord: OnRecord;
}

/** Where a shared part stands: not looked for yet, or not there. */
const NOT_SEEN = -2;
const ABSENT = -1;

/** In each list of names, 1 is the part that all share and 2 the list below it. */
const LAYOUTS: Readonly<Record<Signal, Layout>> = {
  logs: {
    request: new Names(['resourceLogs', 'resource_logs']),
    resourceGroup: new Names(['resource'], ['scopeLogs', 'scope_logs']),
    scopeGroup: new Names(['scope'], ['logRecords', 'log_records']),
  },
  traces: {
    request: new Names(['resourceSpans', 'resource_spans']),
    resourceGroup: new Names(['resource'], ['scopeSpans', 'scope_spans']),
    scopeGroup: new Names(['scope'], ['spans']),
  },
  metrics: {
    request: new Names(['resourceMetrics', 'resource_metrics']),
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
 * @returns records seen (data points, for metrics)
 * @throws OtlpDecodeError for anything that is no such request; records may have been handed over before
 */
export function readJson(signal: Signal, body: Uint8Array, onRecord: OnRecord): number {
  const walk: Walk = { ...LAYOUTS[signal], signal, walker: new AttributeWalker(new Input(body)), onRecord };
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  const cursor = new JsonCursor(walk.walker.input, hasMark ? 3 : 0);
  let count = 0;
  cursor.enterObject();
  for (let id = cursor.member(walk.request); id !== END; id = cursor.member(walk.request)) {
    if (id === 0) cursor.skip();
    else if (!cursor.takeNull()) {
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
  let scope = NO_SCOPE;
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
      if (at >= 0) scope = readScope(new JsonCursor(cursor.input, at));
    }
    if (id === 1) cursor.skip();
    else {
      cursor.enterArray();
      while (cursor.element()) count += readRecord(walk, cursor, resource, scope);
    }
  }
  return count;
}

function readRecord(walk: Walk, cursor: JsonCursor, resource: Resource, scope: Scope): number {
  if (walk.signal === 'metrics') return readMetric(walk, cursor, resource, scope);
  walk.onRecord(
    walk.signal === 'logs'
      ? new JsonLogRecord(resource, scope, walk.walker, cursor)
      : new JsonSpanRecord(resource, scope, walk.walker, cursor),
  );
  return 1;
}

/** A second resource or scope in one object would leave open whose records these are. */
function once(cursor: JsonCursor, at: number, what: string): number {
  if (at !== NOT_SEEN && at !== cursor.pos) cursor.fail(`second ${what} in one object`);
  return cursor.pos;
}

/** Position of member 1 behind the list at the cursor, ABSENT where there is none. Leaves the cursor in place. */
function findAhead(cursor: JsonCursor, names: Names): number {
  const ahead = new JsonCursor(cursor.input, cursor.pos);
  ahead.skip();
  for (let id = ahead.member(names); id !== END; id = ahead.member(names)) {
    if (id === 1) return ahead.pos;
    ahead.skip();
  }
  return ABSENT;
}

function readMetric(walk: Walk, cursor: JsonCursor, resource: Resource, scope: Scope): number {
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
  let count = 0;
  for (const { type, at } of data) {
    const own = new JsonCursor(cursor.input, at);
    if (own.takeNull()) continue;
    const temporality = type === 'gauge' || type === 'summary' ? 0 : findTemporality(own);
    count += readPoints(walk, own, { resource, scope, name, unit, type, temporality });
  }
  return count;
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

function readPoints(walk: Walk, cursor: JsonCursor, metric: MetricFacts): number {
  let count = 0;
  cursor.enterObject();
  for (let id = cursor.member(METRIC_DATA); id !== END; id = cursor.member(METRIC_DATA)) {
    if (id !== 2) cursor.skip();
    else if (!cursor.takeNull()) {
      cursor.enterArray();
      while (cursor.element()) {
        walk.onRecord(new JsonMetricRecord(metric, walk.walker, cursor));
        count++;
      }
    }
  }
  return count;
}
