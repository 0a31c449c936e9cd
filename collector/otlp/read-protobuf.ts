/**
 * Walks an OTLP export request in protobuf and hands over one record at a time.
 *
 * Wire format: opentelemetry/proto/collector/{logs,trace,metrics}/v1 of opentelemetry-proto 1.x. The three requests
 * have one shape: field 1 holds what one resource sent; in it 1 is the resource and 2 what one scope sent; in that 1 is
 * the scope and 2 a record (or a metric with its data points).
 */
import { Input } from './input.ts';
import type { MetricFacts } from './metric-facts.ts';
import { ProtobufLogRecord } from './protobuf-log-record.ts';
import { ProtobufMetricRecord } from './protobuf-metric-record.ts';
import { ProtobufResource, readScope } from './protobuf-resource.ts';
import { ProtobufSpanRecord } from './protobuf-span-record.ts';
import { BYTES, VARINT, Wire } from './protobuf-wire.ts';
import { OtlpDecodeError } from './record.ts';
import type { MetricRecord, OnRecord, Resource, Scope } from './record.ts';
import { decodeName } from './text.ts';

export type Signal = 'logs' | 'traces' | 'metrics';

const FIRST = (1 << 3) | BYTES;
const SECOND = (2 << 3) | BYTES;
const NO_SCOPE: Scope = { name: '', version: '' };

/**
 * @returns records seen (data points, for metrics)
 * @throws OtlpDecodeError for anything that is no such request; records may have been handed over before
 */
export function readProtobuf(signal: Signal, body: Uint8Array, onRecord: OnRecord): number {
  const wire = new Wire(new Input(body), 0);
  const end = body.length;
  let count = 0;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === FIRST) {
      const stop = wire.length(end);
      count += readResourceGroup(signal, wire, stop, onRecord);
    } else passOther(wire, tag, end, 1);
  }
  return count;
}

function readResourceGroup(signal: Signal, wire: Wire, end: number, onRecord: OnRecord): number {
  const at = findFirst(wire, end, 'resource');
  let resource: Resource = new ProtobufResource(wire.input, end, end);
  if (at >= 0) {
    const own = new Wire(wire.input, at);
    const stop = own.length(end);
    resource = new ProtobufResource(wire.input, own.pos, stop);
  }
  let count = 0;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === SECOND) {
      const stop = wire.length(end);
      count += readScopeGroup(signal, wire, stop, resource, onRecord);
    } else passOther(wire, tag, end, 2);
  }
  return count;
}

function readScopeGroup(signal: Signal, wire: Wire, end: number, resource: Resource, onRecord: OnRecord): number {
  const at = findFirst(wire, end, 'scope');
  let scope = NO_SCOPE;
  if (at >= 0) {
    const own = new Wire(wire.input, at);
    const stop = own.length(end);
    scope = readScope(own, stop);
  }
  let count = 0;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag !== SECOND) {
      passOther(wire, tag, end, 2);
      continue;
    }
    const stop = wire.length(end);
    if (signal === 'metrics') count += readMetric(wire, stop, resource, scope, onRecord);
    else {
      onRecord(
        signal === 'logs'
          ? new ProtobufLogRecord(resource, scope, wire, stop)
          : new ProtobufSpanRecord(resource, scope, wire, stop),
      );
      count++;
    }
  }
  return count;
}

const METRIC_TYPES: Readonly<Record<number, MetricRecord['type']>> = {
  5: 'gauge',
  7: 'sum',
  9: 'histogram',
  10: 'exponentialHistogram',
  11: 'summary',
};

/** Metric: name 1, unit 3, and one of the data fields above. */
function readMetric(wire: Wire, end: number, resource: Resource, scope: Scope, onRecord: OnRecord): number {
  const start = wire.pos;
  let name = '';
  let unit = '';
  while (wire.pos < end) {
    const tag = wire.tag(end);
    const field = tag >>> 3;
    if (field === 1 || field === 3) {
      wire.expect(tag, BYTES);
      const stop = wire.length(end);
      const text = decodeName(wire.input, wire.pos, stop);
      if (field === 1) name = text;
      else unit = text;
      wire.pos = stop;
    } else wire.skip(tag & 7, end);
  }
  wire.pos = start;
  let count = 0;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    const type = METRIC_TYPES[tag >>> 3];
    if (type === undefined) wire.skip(tag & 7, end);
    else {
      wire.expect(tag, BYTES);
      const stop = wire.length(end);
      const temporality = type === 'gauge' || type === 'summary' ? 0 : findTemporality(wire, stop);
      count += readPoints(wire, stop, { resource, scope, name, unit, type, temporality }, onRecord);
    }
  }
  return count;
}

function readPoints(wire: Wire, end: number, metric: MetricFacts, onRecord: OnRecord): number {
  let count = 0;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === FIRST) {
      const stop = wire.length(end);
      onRecord(new ProtobufMetricRecord(metric, wire, stop));
      count++;
    } else passOther(wire, tag, end, 1);
  }
  return count;
}

/** Sum, Histogram and ExponentialHistogram: aggregation_temporality 2, wherever it stands. Leaves the cursor in place. */
function findTemporality(wire: Wire, end: number): number {
  const start = wire.pos;
  let temporality = 0;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag >>> 3 === 2) {
      wire.expect(tag, VARINT);
      wire.varint(end);
      temporality = wire.low;
    } else wire.skip(tag & 7, end);
  }
  wire.pos = start;
  return temporality;
}

/** Position of the length of field 1, wherever in the message it stands; -1 where there is none. Leaves the cursor in place. */
function findFirst(wire: Wire, end: number, what: string): number {
  const start = wire.pos;
  let at = -1;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag >>> 3 === 1) {
      wire.expect(tag, BYTES);
      // Two of them would leave open whose records these are.
      if (at >= 0) throw new OtlpDecodeError(`second ${what} in one message`, wire.pos);
      at = wire.pos;
    }
    wire.skip(tag & 7, end);
  }
  wire.pos = start;
  return at;
}

/** Passes over a field; one of the first `known` numbers must be length-delimited, as all of ours are. */
function passOther(wire: Wire, tag: number, end: number, known: number): void {
  if (tag >>> 3 <= known) wire.expect(tag, BYTES);
  wire.skip(tag & 7, end);
}
