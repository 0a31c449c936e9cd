/**
 * Walks an OTLP export request in protobuf and passes on one record at a time.
 *
 * Wire format: opentelemetry/proto/collector/{logs,trace,metrics}/v1 of opentelemetry-proto 1.x. The three requests
 * have one shape: field 1 holds what one resource sent; in it 1 is the resource and 2 what one scope sent; in that 1 is
 * the scope and 2 a record (or a metric with its data points).
 */
import { Input } from '../input.ts';
import type { MetricFacts } from '../metric-facts.ts';
import { ProtobufLogRecord } from './log-record.ts';
import { ProtobufMetricRecord } from './metric-record.ts';
import { ProtobufResource, readScope } from './resource.ts';
import { ProtobufSpanRecord } from './span-record.ts';
import { BYTES, VARINT, Wire } from './wire.ts';
import { OtlpDecodeError } from '../../../schemas/otlp/record.ts';
import type { FlatRecord, MetricRecord, OnMalformed, OnRecord, Resource, Scope } from '../../../schemas/otlp/record.ts';
import { decodeName } from '../text.ts';

export type Signal = 'logs' | 'traces' | 'metrics';

const FIRST = (1 << 3) | BYTES;
const SECOND = (2 << 3) | BYTES;
const NO_SCOPE: Scope = { name: '', version: '' };

interface Walk {
  readonly signal: Signal;
  readonly onRecord: OnRecord;
  readonly onMalformed: OnMalformed | undefined;
}

/**
 * @returns records seen, malformed ones included (data points, for metrics; a metric that is malformed as a whole is one)
 * @throws OtlpDecodeError if the body is not such a request; some records may have been passed on before
 */
export function readProtobuf(signal: Signal, body: Uint8Array, onRecord: OnRecord, onMalformed?: OnMalformed): number {
  const walk: Walk = { signal, onRecord, onMalformed };
  const wire = new Wire(new Input(body), 0);
  const end = body.length;
  let count = 0;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === FIRST) {
      const stop = wire.length(end);
      count += readResourceGroup(walk, wire, stop);
    } else passOther(wire, tag, end, 1);
  }
  return count;
}

function readResourceGroup(walk: Walk, wire: Wire, end: number): number {
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
      count += readScopeGroup(walk, wire, stop, resource);
    } else passOther(wire, tag, end, 2);
  }
  return count;
}

function readScopeGroup(walk: Walk, wire: Wire, end: number, resource: Resource): number {
  const at = findFirst(wire, end, 'scope');
  let scope: ScopeOrError = NO_SCOPE;
  if (at >= 0) {
    const own = new Wire(wire.input, at);
    const stop = own.length(end);
    scope = scopeAt(walk, own, stop);
  }
  let count = 0;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag !== SECOND) {
      passOther(wire, tag, end, 2);
      continue;
    }
    const stop = wire.length(end);
    if (scope instanceof OtlpDecodeError) {
      passOver(walk, wire, wire.pos, stop, scope);
      count++;
    } else if (walk.signal === 'metrics') count += readMetricOrPassOver(walk, wire, stop, resource, scope);
    else {
      readRecord(walk, wire, stop, resource, scope);
      count++;
    }
  }
  return count;
}

/** An unreadable scope makes each record below it malformed, and no others. */
type ScopeOrError = Scope | OtlpDecodeError;

/** @throws the error itself if malformed records have no consumer */
function scopeAt(walk: Walk, wire: Wire, end: number): ScopeOrError {
  try {
    return readScope(wire, end);
  } catch (error) {
    if (walk.onMalformed === undefined || !(error instanceof OtlpDecodeError)) throw error;
    return error;
  }
}

function readRecord(walk: Walk, wire: Wire, end: number, resource: Resource, scope: Scope): void {
  const start = wire.pos;
  let record: FlatRecord;
  try {
    record =
      walk.signal === 'logs'
        ? new ProtobufLogRecord(resource, scope, wire, end)
        : new ProtobufSpanRecord(resource, scope, wire, end);
  } catch (error) {
    passOver(walk, wire, start, end, error);
    return;
  }
  walk.onRecord(record);
}

const RECORD_SIGNALS = { logs: 'log', traces: 'span', metrics: 'metric' } as const satisfies Record<Signal, string>;

/**
 * Skips to the end of an unreadable message, which is known from its length, and passes it on as malformed.
 *
 * @throws the error itself if malformed records have no consumer
 */
function passOver(walk: Walk, wire: Wire, start: number, end: number, error: unknown): void {
  if (walk.onMalformed === undefined || !(error instanceof OtlpDecodeError)) throw error;
  wire.pos = end;
  walk.onMalformed({ signal: RECORD_SIGNALS[walk.signal], bytes: wire.bytes.subarray(start, end), error });
}

const METRIC_TYPES: Readonly<Record<number, MetricRecord['type']>> = {
  5: 'gauge',
  7: 'sum',
  9: 'histogram',
  10: 'exponentialHistogram',
  11: 'summary',
};

/** Points that were passed on before the metric was found to be malformed still count. */
function readMetricOrPassOver(walk: Walk, wire: Wire, end: number, resource: Resource, scope: Scope): number {
  const start = wire.pos;
  const counted = { points: 0 };
  try {
    readMetric(walk, wire, end, { resource, scope }, counted);
  } catch (error) {
    passOver(walk, wire, start, end, error);
    return counted.points + 1;
  }
  return counted.points;
}

/** Metric: name 1, unit 3, and one of the data fields above. */
function readMetric(
  walk: Walk,
  wire: Wire,
  end: number,
  shared: Pick<MetricFacts, 'resource' | 'scope'>,
  counted: { points: number },
): void {
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
  while (wire.pos < end) {
    const tag = wire.tag(end);
    const type = METRIC_TYPES[tag >>> 3];
    if (type === undefined) wire.skip(tag & 7, end);
    else {
      wire.expect(tag, BYTES);
      const stop = wire.length(end);
      const temporality = type === 'gauge' || type === 'summary' ? 0 : findTemporality(wire, stop);
      readPoints(walk, wire, stop, { ...shared, name, unit, type, temporality }, counted);
    }
  }
  // Log records and spans that were sent to the wrong address look like this.
  if (name === '' && counted.points === 0) throw new OtlpDecodeError('metric without a name', start);
}

function readPoints(walk: Walk, wire: Wire, end: number, metric: MetricFacts, counted: { points: number }): void {
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag !== FIRST) {
      passOther(wire, tag, end, 1);
      continue;
    }
    const stop = wire.length(end);
    const start = wire.pos;
    let record: FlatRecord | undefined;
    try {
      record = new ProtobufMetricRecord(metric, wire, stop);
    } catch (error) {
      passOver(walk, wire, start, stop, error);
    }
    counted.points++;
    if (record !== undefined) walk.onRecord(record);
  }
}

/** Sum, Histogram and ExponentialHistogram: aggregation_temporality 2, at any position. Leaves the cursor in place. */
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

/** Position of the length of field 1, anywhere in the message; -1 if there is none. Leaves the cursor in place. */
function findFirst(wire: Wire, end: number, what: string): number {
  const start = wire.pos;
  let at = -1;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag >>> 3 === 1) {
      wire.expect(tag, BYTES);
      // Two of them would make the owner of the records ambiguous.
      if (at >= 0) throw new OtlpDecodeError(`second ${what} in one message`, wire.pos);
      at = wire.pos;
    }
    wire.skip(tag & 7, end);
  }
  wire.pos = start;
  return at;
}

/** Skips a field. Its number, if it is one of the first `known`, requires a length-delimited value. */
function passOther(wire: Wire, tag: number, end: number, known: number): void {
  if (tag >>> 3 <= known) wire.expect(tag, BYTES);
  wire.skip(tag & 7, end);
}
