/**
 * A log record over protobuf bytes. The constructor records the position of each field, which also checks the framing;
 * fields are decoded on demand.
 *
 * Field numbers: opentelemetry/proto/logs/v1/logs.proto.
 */
import type { Input } from '../input.ts';
import { attributesAt, idAt, int32At, nameAt, peekAt, timeAt } from './fields.ts';
import { readValue } from './values.ts';
import { BYTES, FIXED64, VARINT, Wire } from './wire.ts';
import type { AnyValue, Attributes, LogRecord, Resource, Scope } from '../../../schemas/otlp/record.ts';

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
