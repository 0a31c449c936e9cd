/**
 * A data point of a metric over the bytes of OTLP/JSON. The constructor records the position of each member, which also finds the end;
 * nothing is decoded before it is asked for.
 */
import { attributesAt, peekAt, timeAt } from './fields.ts';
import type { AttributeWalker } from './attributes.ts';
import { Names } from './names.ts';
import { END, JsonCursor } from './scan.ts';
import { readCount, readDouble, skipAttributes } from './values.ts';
import type { MetricFacts } from '../metric-facts.ts';
import type { Attributes, MetricRecord, Resource, Scope } from '../../../schemas/otlp/record.ts';

const POINT = new Names(
  ['attributes'],
  ['startTimeUnixNano', 'start_time_unix_nano'],
  ['timeUnixNano', 'time_unix_nano'],
  ['asDouble', 'as_double'],
  ['asInt', 'as_int'],
  ['sum'],
  ['count'],
);

export class JsonMetricRecord implements MetricRecord {
  readonly signal = 'metric';
  private readonly metric: MetricFacts;
  private readonly walker: AttributeWalker;
  private readonly start: number;
  private readonly end: number;
  private attributesAt = -1;
  private timeAt = -1;
  private startTimeAt = -1;
  private doubleAt = -1;
  private intAt = -1;
  private sumAt = -1;
  private countAt = -1;
  private decoded: Attributes | undefined = undefined;

  constructor(metric: MetricFacts, walker: AttributeWalker, cursor: JsonCursor) {
    this.metric = metric;
    this.walker = walker;
    cursor.enterObject();
    this.start = cursor.pos - 1;
    for (let id = cursor.member(POINT); id !== END; id = cursor.member(POINT)) {
      const at = cursor.pos;
      const isNull = cursor.look() === 0x6e;
      if (id === 1) skipAttributes(walker, cursor);
      else cursor.skip();
      if (id === 1) this.attributesAt = at;
      else if (id === 2) this.startTimeAt = at;
      else if (id === 3) this.timeAt = at;
      else if (id === 4 && !isNull) {
        this.doubleAt = at;
        this.intAt = -1;
      } else if (id === 5 && !isNull) {
        this.intAt = at;
        this.doubleAt = -1;
      } else if (id === 6) this.sumAt = at;
      else if (id === 7) this.countAt = at;
    }
    this.end = cursor.pos;
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
    return this.walker.input.bytes.subarray(this.start, this.end);
  }
  get timeUnixNano(): string | undefined {
    return timeAt(this.walker.input, this.timeAt);
  }
  get startTimeUnixNano(): string | undefined {
    return timeAt(this.walker.input, this.startTimeAt);
  }
  get value(): number {
    const isNumber = this.metric.type === 'gauge' || this.metric.type === 'sum';
    if (isNumber && this.intAt >= 0) return readCount(new JsonCursor(this.walker.input, this.intAt));
    const at = isNumber ? this.doubleAt : this.sumAt;
    return at < 0 ? 0 : readDouble(new JsonCursor(this.walker.input, at));
  }
  get count(): number {
    if (this.metric.type === 'gauge' || this.metric.type === 'sum') return 1;
    return this.countAt < 0 ? 0 : readCount(new JsonCursor(this.walker.input, this.countAt));
  }
  get attributes(): Attributes {
    return (this.decoded ??= attributesAt(this.walker, this.attributesAt));
  }
  peek(key: string): string | undefined {
    return peekAt(this.walker, this.attributesAt, key);
  }
}
