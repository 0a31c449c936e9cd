/**
 * A data point of a metric over protobuf bytes. The constructor records the position of each field, which also checks the framing;
 * fields are decoded on demand.
 *
 * Field numbers: opentelemetry/proto/metrics/v1/metrics.proto.
 */
import type { Input } from '../input.ts';
import type { MetricFacts } from '../metric-facts.ts';
import { attributesAt, peekAt, timeAt } from './fields.ts';
import { BYTES, FIXED64, Wire } from './wire.ts';
import type { Attributes, MetricRecord, Resource, Scope } from '../../../schemas/otlp/record.ts';

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
