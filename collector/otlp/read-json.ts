/**
 * Walks an OTLP export request in JSON and hands over one record at a time.
 *
 * Wire format: OTLP 1.x, "JSON Protobuf Encoding". Members may come in any order: what a list needs to know (its
 * resource, its scope, its metric's name) is looked for ahead where it does not come first.
 */
import { JsonLogRecord, JsonMetricRecord, JsonResource, JsonSpanRecord, readScope } from './json-records.ts';
import type { MetricFacts } from './json-records.ts';
import { END, JsonCursor, Names } from './json-scan.ts';
import { readEnum, readString } from './json-values.ts';
import type { MetricRecord, OnRecord, Resource, Scope } from './record.ts';
import type { Signal } from './read-protobuf.ts';

interface Layout {
  readonly request: Names;
  readonly resourceGroup: Names;
  readonly scopeGroup: Names;
}

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
  const layout = LAYOUTS[signal];
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  const cursor = new JsonCursor(body, hasMark ? 3 : 0);
  let count = 0;
  cursor.enterObject();
  for (let id = cursor.member(layout.request); id !== END; id = cursor.member(layout.request)) {
    if (id === 0) cursor.skip();
    else if (!cursor.takeNull()) {
      cursor.enterArray();
      while (cursor.element()) count += readResourceGroup(signal, layout, cursor, onRecord);
    }
  }
  if (cursor.look() !== -1) cursor.fail('unexpected text after the request');
  return count;
}

function readResourceGroup(signal: Signal, layout: Layout, cursor: JsonCursor, onRecord: OnRecord): number {
  const { bytes } = cursor;
  const at = findShared(cursor, layout.resourceGroup, 'resource');
  let resource: Resource = new JsonResource(bytes, 0, 0);
  if (at >= 0) resource = new JsonResource(bytes, at, new JsonCursor(bytes, at).skip());
  let count = 0;
  cursor.enterObject();
  for (let id = cursor.member(layout.resourceGroup); id !== END; id = cursor.member(layout.resourceGroup)) {
    if (id !== 2) cursor.skip();
    else if (!cursor.takeNull()) {
      cursor.enterArray();
      while (cursor.element()) count += readScopeGroup(signal, layout, cursor, resource, onRecord);
    }
  }
  return count;
}

function readScopeGroup(
  signal: Signal,
  layout: Layout,
  cursor: JsonCursor,
  resource: Resource,
  onRecord: OnRecord,
): number {
  const at = findShared(cursor, layout.scopeGroup, 'scope');
  const scope = at < 0 ? NO_SCOPE : readScope(new JsonCursor(cursor.bytes, at));
  let count = 0;
  cursor.enterObject();
  for (let id = cursor.member(layout.scopeGroup); id !== END; id = cursor.member(layout.scopeGroup)) {
    if (id !== 2) cursor.skip();
    else if (!cursor.takeNull()) {
      cursor.enterArray();
      while (cursor.element()) {
        if (signal === 'metrics') {
          count += readMetric(cursor, resource, scope, onRecord);
          continue;
        }
        onRecord(
          signal === 'logs' ? new JsonLogRecord(resource, scope, cursor) : new JsonSpanRecord(resource, scope, cursor),
        );
        count++;
      }
    }
  }
  return count;
}

/**
 * Position of member 1 of the object ahead, -1 where there is none. It may stand behind the list it is for; a second
 * one is refused, for it would leave open whose records these are. Leaves the cursor in place.
 */
function findShared(cursor: JsonCursor, names: Names, what: string): number {
  const start = cursor.pos;
  let at = -1;
  cursor.enterObject();
  for (let id = cursor.member(names); id !== END; id = cursor.member(names)) {
    if (id === 1) {
      if (at >= 0) cursor.fail(`second ${what} in one object`);
      at = cursor.pos;
    }
    cursor.skip();
  }
  cursor.pos = start;
  return at;
}

function readMetric(cursor: JsonCursor, resource: Resource, scope: Scope, onRecord: OnRecord): number {
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
    const own = new JsonCursor(cursor.bytes, at);
    if (own.takeNull()) continue;
    const temporality = findTemporality(own);
    count += readPoints(own, { resource, scope, name, unit, type, temporality }, onRecord);
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

function readPoints(cursor: JsonCursor, metric: MetricFacts, onRecord: OnRecord): number {
  let count = 0;
  cursor.enterObject();
  for (let id = cursor.member(METRIC_DATA); id !== END; id = cursor.member(METRIC_DATA)) {
    if (id !== 2) cursor.skip();
    else if (!cursor.takeNull()) {
      cursor.enterArray();
      while (cursor.element()) {
        onRecord(new JsonMetricRecord(metric, cursor));
        count++;
      }
    }
  }
  return count;
}
