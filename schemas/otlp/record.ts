/** One OTLP record (log record, span or metric data point) as the wire readers hand it to a mapping. */

/** `AnyValue` decoded: 64-bit integers that a number cannot hold are decimal text, bytes are base64 text, an empty AnyValue is null. */
export type AnyValue = string | number | boolean | null | readonly AnyValue[] | { readonly [key: string]: AnyValue };

/** In wire order, duplicates kept: Codex writes `thread.id` twice on a span, with two meanings. */
export type Attributes = readonly (readonly [key: string, value: AnyValue])[];

/** Shared by all records below one `Resource`; decoded once. */
export interface Resource {
  readonly attributes: Attributes;
  /** Exact bytes of the Resource message or JSON value: part of an event's identity. */
  readonly bytes: Uint8Array;
}

export interface Scope {
  readonly name: string;
  readonly version: string;
}

interface Common {
  readonly resource: Resource;
  readonly scope: Scope;
  /** Span name, metric name, or a log record's `eventName` field ('' where absent). Known without decoding the record. */
  readonly name: string;
  /** Exact bytes of the record in the request. */
  readonly bytes: Uint8Array;
  /**
   * The string value of the first attribute with this key, or undefined; reads no more of the record than it must.
   * Meant for deciding whether a record is wanted at all.
   */
  peek(key: string): string | undefined;
  /** Decoded on first use. @throws OtlpDecodeError */
  readonly attributes: Attributes;
}

export interface LogRecord extends Common {
  readonly signal: 'log';
  /** Nanoseconds since the epoch as decimal text; undefined where 0 or absent. */
  readonly timeUnixNano: string | undefined;
  readonly observedTimeUnixNano: string | undefined;
  readonly severityNumber: number;
  readonly body: AnyValue;
  /** Lower-case hex; undefined where empty, of the wrong length or all zeros. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
}

export interface SpanEvent {
  readonly name: string;
  readonly timeUnixNano: string | undefined;
  readonly attributes: Attributes;
}

export interface SpanRecord extends Common {
  readonly signal: 'span';
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly parentSpanId: string | undefined;
  /** SpanKind as a number: 1 INTERNAL, 2 SERVER, 3 CLIENT, … */
  readonly kind: number;
  readonly startTimeUnixNano: string | undefined;
  readonly endTimeUnixNano: string | undefined;
  /** 0 UNSET, 1 OK, 2 ERROR. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly events: readonly SpanEvent[];
}

/** One data point of a metric. */
export interface MetricRecord extends Common {
  readonly signal: 'metric';
  readonly unit: string;
  readonly type: 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary';
  /** 0 unspecified, 1 DELTA, 2 CUMULATIVE. */
  readonly temporality: number;
  readonly timeUnixNano: string | undefined;
  readonly startTimeUnixNano: string | undefined;
  /** Value of a gauge or sum; sum of a histogram or summary. */
  readonly value: number;
  /** Count of a histogram or summary; 1 otherwise. */
  readonly count: number;
}

export type FlatRecord = LogRecord | SpanRecord | MetricRecord;

/** Called once per record, in wire order. Returning nothing is the same as not wanting the record: the reader never decodes for its own sake. */
export type OnRecord = (record: FlatRecord) => void;

/** A record whose own bytes are malformed while those around it are sound: it alone is rejected. */
export interface MalformedRecord {
  readonly signal: FlatRecord['signal'];
  /** Exact bytes of the record in the request; of a metric, all of its data points. */
  readonly bytes: Uint8Array;
  readonly error: OtlpDecodeError;
}

/** Called in place of `OnRecord`. A reader that is given none throws the error. */
export type OnMalformed = (record: MalformedRecord) => void;

/**
 * Malformed bytes, wrong types, limits exceeded. Thrown by a reader: the request is not OTLP, the collector answers 400 and
 * accepts nothing of it. Thrown by a record that is asked for a value: this record is malformed, the others are not.
 */
export class OtlpDecodeError extends Error {
  override readonly name = 'OtlpDecodeError';
  /** Byte offset in the (decompressed) body. */
  readonly offset: number;
  constructor(message: string, offset: number) {
    // A request may hold millions of malformed records; where in the reader it was is what costs most of one, and nobody asks.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${message} at byte ${offset}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.offset = offset;
  }
}
