/**
 * A span over protobuf bytes. The constructor records the position of each field, which also checks the framing;
 * fields are decoded on demand.
 *
 * Field numbers: opentelemetry/proto/trace/v1/trace.proto.
 */
import { decodeUtf8 } from '../input.ts';
import type { Input } from '../input.ts';
import { attributesAt, idAt, int32At, nameAt, peekAt, timeAt } from './fields.ts';
import { BYTES, FIXED64, VARINT, Wire } from './wire.ts';
import { OtlpDecodeError } from '../../../schemas/otlp/record.ts';
import type { Attributes, Resource, Scope, SpanEvent, SpanRecord } from '../../../schemas/otlp/record.ts';

const TRACE_ID_BYTES = 16;

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
    if (this.startTimeAt < 0 && this.endTimeAt < 0 && looksLikeMetric(this.input, this.traceAt, end))
      throw new OtlpDecodeError('no span but a metric, or something else', this.start);
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

/** Status: message 2, code 3; the cursor is on its length. */
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

/**
 * A metric that was sent to the address of spans would pass for a span: protobuf names nothing, and what both contain is
 * its name, in the place of the trace id, and its data, in that of the attributes or the name. It has no time, which a span must have, and
 * its id is a text or has another length than an id.
 */
function looksLikeMetric(input: Input, traceAt: number, end: number): boolean {
  if (traceAt < 0) return false;
  const wire = new Wire(input, traceAt);
  const stop = wire.length(end);
  const id = input.bytes.subarray(wire.pos, stop);
  return id.length > 0 && (id.length !== TRACE_ID_BYTES || id.every((byte) => byte >= 0x20 && byte < 0x7f));
}
