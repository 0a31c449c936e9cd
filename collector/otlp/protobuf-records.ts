/**
 * Log records, spans and data points over protobuf bytes. A constructor notes where each field stands, which also
 * checks the record's framing; nothing is decoded before it is asked for.
 *
 * Field numbers: opentelemetry/proto/{logs,trace,metrics,resource,common}/v1/*.proto.
 */
import { OtlpDecodeError } from './record.ts';
import type {
  AnyValue,
  Attributes,
  LogRecord,
  MetricRecord,
  Resource,
  Scope,
  SpanEvent,
  SpanRecord,
} from './record.ts';
import { BYTES, FIXED64, VARINT, Wire } from './protobuf-wire.ts';
import { peekAttribute, readAttributes, readValue } from './protobuf-values.ts';
import { idFromBytes } from './ids.ts';
import { decodeUtf8 } from './input.ts';
import type { Input } from './input.ts';
import { decodeName } from './text.ts';
import { unsignedText } from './wire-time.ts';

const NONE: Attributes = [];

function timeAt(input: Input, at: number): string | undefined {
  if (at < 0) return undefined;
  const low = input.view.getInt32(at, true);
  const high = input.view.getInt32(at + 4, true);
  return (low | high) === 0 ? undefined : unsignedText(low, high);
}

function int32At(input: Input, at: number): number {
  if (at < 0) return 0;
  const wire = new Wire(input, at);
  wire.varint(input.bytes.length);
  return wire.low;
}

/** Of a length-delimited field, given the position of its length. */
function nameAt(input: Input, at: number): string {
  if (at < 0) return '';
  const wire = new Wire(input, at);
  const end = wire.length(input.bytes.length);
  return decodeName(input, wire.pos, end);
}

function idAt(input: Input, at: number, size: number): string | undefined {
  if (at < 0) return undefined;
  const wire = new Wire(input, at);
  const end = wire.length(input.bytes.length);
  return idFromBytes(input.bytes, wire.pos, end, size);
}

function attributesAt(input: Input, at: number, end: number, field: number): Attributes {
  return at < 0 ? NONE : readAttributes(new Wire(input, at), end, field);
}

function peekAt(input: Input, at: number, end: number, field: number, key: string): string | undefined {
  return at < 0 ? undefined : peekAttribute(new Wire(input, at), end, field, key);
}

export class ProtobufResource implements Resource {
  private readonly input: Input;
  private readonly start: number;
  private readonly end: number;
  private decoded: Attributes | undefined = undefined;
  private slice: Uint8Array | undefined = undefined;

  constructor(input: Input, start: number, end: number) {
    this.input = input;
    this.start = start;
    this.end = end;
  }

  get attributes(): Attributes {
    return (this.decoded ??= attributesAt(this.input, this.start, this.end, 1));
  }

  get bytes(): Uint8Array {
    return (this.slice ??= this.input.bytes.subarray(this.start, this.end));
  }
}

/** InstrumentationScope: name 1, version 2. */
export function readScope(wire: Wire, end: number): Scope {
  let name = '';
  let version = '';
  while (wire.pos < end) {
    const tag = wire.tag(end);
    const field = tag >>> 3;
    if (field === 1 || field === 2) {
      wire.expect(tag, BYTES);
      const stop = wire.length(end);
      const text = decodeName(wire.input, wire.pos, stop);
      if (field === 1) name = text;
      else version = text;
      wire.pos = stop;
    } else wire.skip(tag & 7, end);
  }
  return { name, version };
}

export class ProtobufLogRecord implements LogRecord {
  readonly signal = 'log';
  readonly resource: Resource;
  readonly scope: Scope;
  private readonly input: Input;
  private readonly start: number;
  private readonly end: number;
  private timeAt = -1;
  private observedAt = -1;
  private severityAt = -1;
  private bodyAt = -1;
  private attributesAt = -1;
  private traceAt = -1;
  private spanAt = -1;
  private nameAt = -1;
  private decodedName: string | undefined = undefined;
  private decodedBody: AnyValue | undefined = undefined;
  private decoded: Attributes | undefined = undefined;

  constructor(resource: Resource, scope: Scope, wire: Wire, end: number) {
    this.resource = resource;
    this.scope = scope;
    this.input = wire.input;
    this.start = wire.pos;
    this.end = end;
    while (wire.pos < end) {
      const at = wire.pos;
      const tag = wire.tag(end);
      const pos = wire.pos;
      switch (tag >>> 3) {
        case 1:
          wire.expect(tag, FIXED64);
          this.timeAt = pos;
          break;
        case 2:
          wire.expect(tag, VARINT);
          this.severityAt = pos;
          break;
        case 5:
          wire.expect(tag, BYTES);
          this.bodyAt = pos;
          break;
        case 6:
          wire.expect(tag, BYTES);
          if (this.attributesAt < 0) this.attributesAt = at;
          break;
        case 9:
          wire.expect(tag, BYTES);
          this.traceAt = pos;
          break;
        case 10:
          wire.expect(tag, BYTES);
          this.spanAt = pos;
          break;
        case 11:
          wire.expect(tag, FIXED64);
          this.observedAt = pos;
          break;
        case 12:
          wire.expect(tag, BYTES);
          this.nameAt = pos;
          break;
      }
      wire.skip(tag & 7, end);
    }
  }

  get name(): string {
    return (this.decodedName ??= nameAt(this.input, this.nameAt));
  }
  get bytes(): Uint8Array {
    return this.input.bytes.subarray(this.start, this.end);
  }
  get timeUnixNano(): string | undefined {
    return timeAt(this.input, this.timeAt);
  }
  get observedTimeUnixNano(): string | undefined {
    return timeAt(this.input, this.observedAt);
  }
  get severityNumber(): number {
    return int32At(this.input, this.severityAt);
  }
  get traceId(): string | undefined {
    return idAt(this.input, this.traceAt, 16);
  }
  get spanId(): string | undefined {
    return idAt(this.input, this.spanAt, 8);
  }
  get body(): AnyValue {
    if (this.decodedBody === undefined) {
      this.decodedBody = null;
      if (this.bodyAt >= 0) {
        const wire = new Wire(this.input, this.bodyAt);
        const end = wire.length(this.end);
        this.decodedBody = readValue(wire, end, 0);
      }
    }
    return this.decodedBody;
  }
  get attributes(): Attributes {
    return (this.decoded ??= attributesAt(this.input, this.attributesAt, this.end, 6));
  }
  peek(key: string): string | undefined {
    return peekAt(this.input, this.attributesAt, this.end, 6, key);
  }
}

export class ProtobufSpanRecord implements SpanRecord {
  readonly signal = 'span';
  readonly resource: Resource;
  readonly scope: Scope;
  private readonly input: Input;
  private readonly start: number;
  private readonly end: number;
  private traceAt = -1;
  private spanAt = -1;
  private parentAt = -1;
  private nameAt = -1;
  private kindAt = -1;
  private startTimeAt = -1;
  private endTimeAt = -1;
  private attributesAt = -1;
  private eventsAt = -1;
  private statusAt = -1;
  private decodedName: string | undefined = undefined;
  private decodedStatus: SpanStatus | undefined = undefined;
  private decoded: Attributes | undefined = undefined;
  private decodedEvents: readonly SpanEvent[] | undefined = undefined;

  constructor(resource: Resource, scope: Scope, wire: Wire, end: number) {
    this.resource = resource;
    this.scope = scope;
    this.input = wire.input;
    this.start = wire.pos;
    this.end = end;
    while (wire.pos < end) {
      const at = wire.pos;
      const tag = wire.tag(end);
      const pos = wire.pos;
      switch (tag >>> 3) {
        case 1:
          wire.expect(tag, BYTES);
          this.traceAt = pos;
          break;
        case 2:
          wire.expect(tag, BYTES);
          this.spanAt = pos;
          break;
        case 4:
          wire.expect(tag, BYTES);
          this.parentAt = pos;
          break;
        case 5:
          wire.expect(tag, BYTES);
          this.nameAt = pos;
          break;
        case 6:
          wire.expect(tag, VARINT);
          this.kindAt = pos;
          break;
        case 7:
          wire.expect(tag, FIXED64);
          this.startTimeAt = pos;
          break;
        case 8:
          wire.expect(tag, FIXED64);
          this.endTimeAt = pos;
          break;
        case 9:
          wire.expect(tag, BYTES);
          if (this.attributesAt < 0) this.attributesAt = at;
          break;
        case 11:
          wire.expect(tag, BYTES);
          if (this.eventsAt < 0) this.eventsAt = at;
          break;
        case 15:
          wire.expect(tag, BYTES);
          this.statusAt = pos;
          break;
      }
      wire.skip(tag & 7, end);
    }
  }

  get name(): string {
    return (this.decodedName ??= nameAt(this.input, this.nameAt));
  }
  get bytes(): Uint8Array {
    return this.input.bytes.subarray(this.start, this.end);
  }
  get traceId(): string | undefined {
    return idAt(this.input, this.traceAt, 16);
  }
  get spanId(): string | undefined {
    return idAt(this.input, this.spanAt, 8);
  }
  get parentSpanId(): string | undefined {
    return idAt(this.input, this.parentAt, 8);
  }
  get kind(): number {
    return int32At(this.input, this.kindAt);
  }
  get startTimeUnixNano(): string | undefined {
    return timeAt(this.input, this.startTimeAt);
  }
  get endTimeUnixNano(): string | undefined {
    return timeAt(this.input, this.endTimeAt);
  }
  get statusCode(): number {
    return this.status().code;
  }
  get statusMessage(): string {
    return this.status().message;
  }
  get events(): readonly SpanEvent[] {
    return (this.decodedEvents ??= this.eventsAt < 0 ? [] : readEvents(new Wire(this.input, this.eventsAt), this.end));
  }
  get attributes(): Attributes {
    return (this.decoded ??= attributesAt(this.input, this.attributesAt, this.end, 9));
  }
  peek(key: string): string | undefined {
    return peekAt(this.input, this.attributesAt, this.end, 9, key);
  }
  private status(): SpanStatus {
    return (this.decodedStatus ??=
      this.statusAt < 0 ? UNSET : readStatus(new Wire(this.input, this.statusAt), this.end));
  }
}

interface SpanStatus {
  readonly code: number;
  readonly message: string;
}
const UNSET: SpanStatus = { code: 0, message: '' };

/** Status: message 2, code 3; the cursor stands on its length. */
function readStatus(wire: Wire, spanEnd: number): SpanStatus {
  const end = wire.length(spanEnd);
  let code = 0;
  let message = '';
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag >>> 3 === 2) {
      wire.expect(tag, BYTES);
      const stop = wire.length(end);
      message = decodeUtf8(wire.bytes, wire.pos, stop);
      wire.pos = stop;
    } else if (tag >>> 3 === 3) {
      wire.expect(tag, VARINT);
      wire.varint(end);
      code = wire.low;
    } else wire.skip(tag & 7, end);
  }
  return { code, message };
}

/** All events (field 11) of a span: time 1, name 2, attributes 3. */
function readEvents(wire: Wire, end: number): SpanEvent[] {
  const events: SpanEvent[] = [];
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag === ((11 << 3) | BYTES)) {
      const stop = wire.length(end);
      events.push(readEvent(wire, stop));
    } else wire.skip(tag & 7, end);
  }
  return events;
}

function readEvent(wire: Wire, end: number): SpanEvent {
  let time = -1;
  let name = -1;
  let attributes = -1;
  while (wire.pos < end) {
    const at = wire.pos;
    const tag = wire.tag(end);
    const field = tag >>> 3;
    if (field === 1) {
      wire.expect(tag, FIXED64);
      time = wire.pos;
    } else if (field === 2) {
      wire.expect(tag, BYTES);
      name = wire.pos;
    } else if (field === 3 && attributes < 0) attributes = at;
    wire.skip(tag & 7, end);
  }
  return {
    name: nameAt(wire.input, name),
    timeUnixNano: timeAt(wire.input, time),
    attributes: attributesAt(wire.input, attributes, end, 3),
  };
}

/** What all data points of one metric share. */
export interface MetricFacts {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly name: string;
  readonly unit: string;
  readonly type: MetricRecord['type'];
  readonly temporality: number;
}

/** Field of the attributes within each kind of data point. */
const POINT_ATTRIBUTES: Readonly<Record<MetricRecord['type'], number>> = {
  gauge: 7,
  sum: 7,
  histogram: 9,
  exponentialHistogram: 1,
  summary: 7,
};

export class ProtobufMetricRecord implements MetricRecord {
  readonly signal = 'metric';
  private readonly metric: MetricFacts;
  private readonly input: Input;
  private readonly start: number;
  private readonly end: number;
  private readonly attributesField: number;
  private attributesAt = -1;
  private timeAt = -1;
  private startTimeAt = -1;
  /** Position and kind of the number (as_double, as_int, or a histogram's sum), and of a histogram's count. */
  private doubleAt = -1;
  private intAt = -1;
  private countAt = -1;
  private decoded: Attributes | undefined = undefined;

  constructor(metric: MetricFacts, wire: Wire, end: number) {
    this.metric = metric;
    this.input = wire.input;
    this.start = wire.pos;
    this.end = end;
    this.attributesField = POINT_ATTRIBUTES[metric.type];
    const isNumber = metric.type === 'gauge' || metric.type === 'sum';
    const doubleField = isNumber ? 4 : 5;
    while (wire.pos < end) {
      const at = wire.pos;
      const tag = wire.tag(end);
      const pos = wire.pos;
      const field = tag >>> 3;
      if (field === this.attributesField) {
        wire.expect(tag, BYTES);
        if (this.attributesAt < 0) this.attributesAt = at;
      } else if (field === 2) {
        wire.expect(tag, FIXED64);
        this.startTimeAt = pos;
      } else if (field === 3) {
        wire.expect(tag, FIXED64);
        this.timeAt = pos;
      } else if (field === doubleField) {
        wire.expect(tag, FIXED64);
        this.doubleAt = pos;
        this.intAt = -1;
      } else if (field === 6 && isNumber) {
        wire.expect(tag, FIXED64);
        this.intAt = pos;
        this.doubleAt = -1;
      } else if (field === 4) {
        wire.expect(tag, FIXED64);
        this.countAt = pos;
      }
      wire.skip(tag & 7, end);
    }
  }

  get resource(): Resource {
    return this.metric.resource;
  }
  get scope(): Scope {
    return this.metric.scope;
  }
  get name(): string {
    return this.metric.name;
  }
  get unit(): string {
    return this.metric.unit;
  }
  get type(): MetricRecord['type'] {
    return this.metric.type;
  }
  get temporality(): number {
    return this.metric.temporality;
  }
  get bytes(): Uint8Array {
    return this.input.bytes.subarray(this.start, this.end);
  }
  get timeUnixNano(): string | undefined {
    return timeAt(this.input, this.timeAt);
  }
  get startTimeUnixNano(): string | undefined {
    return timeAt(this.input, this.startTimeAt);
  }
  get value(): number {
    if (this.intAt >= 0) {
      const wire = new Wire(this.input, this.intAt);
      wire.fixed64(this.end);
      return wire.high * 0x1_0000_0000 + (wire.low >>> 0);
    }
    return this.doubleAt < 0 ? 0 : new Wire(this.input, this.doubleAt).double(this.end);
  }
  get count(): number {
    if (this.metric.type === 'gauge' || this.metric.type === 'sum') return 1;
    if (this.countAt < 0) return 0;
    const wire = new Wire(this.input, this.countAt);
    wire.fixed64(this.end);
    return (wire.high >>> 0) * 0x1_0000_0000 + (wire.low >>> 0);
  }
  get attributes(): Attributes {
    return (this.decoded ??= attributesAt(this.input, this.attributesAt, this.end, this.attributesField));
  }
  peek(key: string): string | undefined {
    return peekAt(this.input, this.attributesAt, this.end, this.attributesField, key);
  }
}

/** A message may set a singular part once: two of them would leave open whose record it is. */
export function refuseSecond(what: string, seen: boolean, at: number): void {
  if (seen) throw new OtlpDecodeError(`second ${what} in one message`, at);
}
