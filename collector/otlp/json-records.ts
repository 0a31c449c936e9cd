/**
 * Log records, spans and data points over the bytes of OTLP/JSON. A constructor notes where each member stands, which
 * also finds the record's end; nothing is decoded before it is asked for.
 */
import { idFromHex } from './ids.ts';
import type { Input } from './input.ts';
import type { AttributeWalker } from './json-attributes.ts';
import { Names } from './json-names.ts';
import { END, JsonCursor } from './json-scan.ts';
import {
  peekAttribute,
  readAttributes,
  readCount,
  readDouble,
  readEnum,
  readString,
  readTime,
  readValue,
  skipAttributes,
} from './json-values.ts';
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

const NONE: Attributes = [];
const RESOURCE = new Names(['attributes']);
const SCOPE = new Names(['name'], ['version']);
const LOG = new Names(
  ['timeUnixNano', 'time_unix_nano'],
  ['observedTimeUnixNano', 'observed_time_unix_nano'],
  ['severityNumber', 'severity_number'],
  ['eventName', 'event_name'],
  ['body'],
  ['attributes'],
  ['traceId', 'trace_id'],
  ['spanId', 'span_id'],
);
const SPAN = new Names(
  ['traceId', 'trace_id'],
  ['spanId', 'span_id'],
  ['parentSpanId', 'parent_span_id'],
  ['name'],
  ['kind'],
  ['startTimeUnixNano', 'start_time_unix_nano'],
  ['endTimeUnixNano', 'end_time_unix_nano'],
  ['attributes'],
  ['events'],
  ['status'],
);
const STATUS = new Names(['message'], ['code']);
const EVENT = new Names(['timeUnixNano', 'time_unix_nano'], ['name'], ['attributes']);
const POINT = new Names(
  ['attributes'],
  ['startTimeUnixNano', 'start_time_unix_nano'],
  ['timeUnixNano', 'time_unix_nano'],
  ['asDouble', 'as_double'],
  ['asInt', 'as_int'],
  ['sum'],
  ['count'],
);

const SEVERITIES = [
  'UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) => ['', '2', '3', '4'].map((n) => name + n)),
];
const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

const timeAt = (input: Input, at: number): string | undefined =>
  at < 0 ? undefined : readTime(new JsonCursor(input, at));
const textAt = (input: Input, at: number): string => (at < 0 ? '' : readString(new JsonCursor(input, at)));
const idAt = (input: Input, at: number, size: number): string | undefined =>
  at < 0 ? undefined : idFromHex(readString(new JsonCursor(input, at)), size);
const attributesAt = (walker: AttributeWalker, at: number): Attributes =>
  at < 0 ? NONE : readAttributes(walker, new JsonCursor(walker.input, at));
const peekAt = (walker: AttributeWalker, at: number, key: string): string | undefined =>
  at < 0 ? undefined : peekAttribute(walker, new JsonCursor(walker.input, at), key);

export class JsonResource implements Resource {
  private readonly walker: AttributeWalker;
  private readonly start: number;
  private readonly end: number;
  private decoded: Attributes | undefined = undefined;
  private slice: Uint8Array | undefined = undefined;

  constructor(walker: AttributeWalker, start: number, end: number) {
    this.walker = walker;
    this.start = start;
    this.end = end;
  }

  get attributes(): Attributes {
    return (this.decoded ??= this.decode());
  }

  get bytes(): Uint8Array {
    return (this.slice ??= this.walker.input.bytes.subarray(this.start, this.end));
  }

  private decode(): Attributes {
    if (this.start === this.end) return NONE;
    const cursor = new JsonCursor(this.walker.input, this.start);
    let attributes = NONE;
    if (cursor.takeNull()) return attributes;
    cursor.enterObject();
    for (let id = cursor.member(RESOURCE); id !== END; id = cursor.member(RESOURCE)) {
      if (id === 1) attributes = readAttributes(this.walker, cursor);
      else cursor.skip();
    }
    return attributes;
  }
}

export function readScope(cursor: JsonCursor): Scope {
  let name = '';
  let version = '';
  if (!cursor.takeNull()) {
    cursor.enterObject();
    for (let id = cursor.member(SCOPE); id !== END; id = cursor.member(SCOPE)) {
      if (id === 1) name = readString(cursor);
      else if (id === 2) version = readString(cursor);
      else cursor.skip();
    }
  }
  return { name, version };
}

export class JsonLogRecord implements LogRecord {
  readonly signal = 'log';
  readonly resource: Resource;
  readonly scope: Scope;
  private readonly walker: AttributeWalker;
  private readonly start: number;
  private readonly end: number;
  private timeAt = -1;
  private observedAt = -1;
  private severityAt = -1;
  private nameAt = -1;
  private bodyAt = -1;
  private attributesAt = -1;
  private traceAt = -1;
  private spanAt = -1;
  private decodedName: string | undefined = undefined;
  private decodedBody: AnyValue | undefined = undefined;
  private decoded: Attributes | undefined = undefined;

  constructor(resource: Resource, scope: Scope, walker: AttributeWalker, cursor: JsonCursor) {
    this.resource = resource;
    this.scope = scope;
    this.walker = walker;
    cursor.enterObject();
    this.start = cursor.pos - 1;
    for (let id = cursor.member(LOG); id !== END; id = cursor.member(LOG)) {
      const at = cursor.pos;
      if (id === 6) skipAttributes(walker, cursor);
      else cursor.skip();
      if (id === 1) this.timeAt = at;
      else if (id === 2) this.observedAt = at;
      else if (id === 3) this.severityAt = at;
      else if (id === 4) this.nameAt = at;
      else if (id === 5) this.bodyAt = at;
      else if (id === 6) this.attributesAt = at;
      else if (id === 7) this.traceAt = at;
      else if (id === 8) this.spanAt = at;
    }
    this.end = cursor.pos;
  }

  get name(): string {
    return (this.decodedName ??= textAt(this.walker.input, this.nameAt));
  }
  get bytes(): Uint8Array {
    return this.walker.input.bytes.subarray(this.start, this.end);
  }
  get timeUnixNano(): string | undefined {
    return timeAt(this.walker.input, this.timeAt);
  }
  get observedTimeUnixNano(): string | undefined {
    return timeAt(this.walker.input, this.observedAt);
  }
  get severityNumber(): number {
    return this.severityAt < 0
      ? 0
      : readEnum(new JsonCursor(this.walker.input, this.severityAt), SEVERITIES, 'SEVERITY_NUMBER_');
  }
  get traceId(): string | undefined {
    return idAt(this.walker.input, this.traceAt, 16);
  }
  get spanId(): string | undefined {
    return idAt(this.walker.input, this.spanAt, 8);
  }
  get body(): AnyValue {
    if (this.decodedBody === undefined) {
      this.decodedBody = this.bodyAt < 0 ? null : readValue(new JsonCursor(this.walker.input, this.bodyAt), 0);
    }
    return this.decodedBody;
  }
  get attributes(): Attributes {
    return (this.decoded ??= attributesAt(this.walker, this.attributesAt));
  }
  peek(key: string): string | undefined {
    return peekAt(this.walker, this.attributesAt, key);
  }
}

export class JsonSpanRecord implements SpanRecord {
  readonly signal = 'span';
  readonly resource: Resource;
  readonly scope: Scope;
  private readonly walker: AttributeWalker;
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

  constructor(resource: Resource, scope: Scope, walker: AttributeWalker, cursor: JsonCursor) {
    this.resource = resource;
    this.scope = scope;
    this.walker = walker;
    cursor.enterObject();
    this.start = cursor.pos - 1;
    for (let id = cursor.member(SPAN); id !== END; id = cursor.member(SPAN)) {
      const at = cursor.pos;
      if (id === 8) skipAttributes(walker, cursor);
      else cursor.skip();
      if (id === 1) this.traceAt = at;
      else if (id === 2) this.spanAt = at;
      else if (id === 3) this.parentAt = at;
      else if (id === 4) this.nameAt = at;
      else if (id === 5) this.kindAt = at;
      else if (id === 6) this.startTimeAt = at;
      else if (id === 7) this.endTimeAt = at;
      else if (id === 8) this.attributesAt = at;
      else if (id === 9) this.eventsAt = at;
      else if (id === 10) this.statusAt = at;
    }
    this.end = cursor.pos;
  }

  get name(): string {
    return (this.decodedName ??= textAt(this.walker.input, this.nameAt));
  }
  get bytes(): Uint8Array {
    return this.walker.input.bytes.subarray(this.start, this.end);
  }
  get traceId(): string | undefined {
    return idAt(this.walker.input, this.traceAt, 16);
  }
  get spanId(): string | undefined {
    return idAt(this.walker.input, this.spanAt, 8);
  }
  get parentSpanId(): string | undefined {
    return idAt(this.walker.input, this.parentAt, 8);
  }
  get kind(): number {
    return this.kindAt < 0 ? 0 : readEnum(new JsonCursor(this.walker.input, this.kindAt), SPAN_KINDS, 'SPAN_KIND_');
  }
  get startTimeUnixNano(): string | undefined {
    return timeAt(this.walker.input, this.startTimeAt);
  }
  get endTimeUnixNano(): string | undefined {
    return timeAt(this.walker.input, this.endTimeAt);
  }
  get statusCode(): number {
    return this.status().code;
  }
  get statusMessage(): string {
    return this.status().message;
  }
  get events(): readonly SpanEvent[] {
    return (this.decodedEvents ??=
      this.eventsAt < 0 ? [] : readEvents(this.walker, new JsonCursor(this.walker.input, this.eventsAt)));
  }
  get attributes(): Attributes {
    return (this.decoded ??= attributesAt(this.walker, this.attributesAt));
  }
  peek(key: string): string | undefined {
    return peekAt(this.walker, this.attributesAt, key);
  }
  private status(): SpanStatus {
    return (this.decodedStatus ??=
      this.statusAt < 0 ? UNSET : readStatus(new JsonCursor(this.walker.input, this.statusAt)));
  }
}

interface SpanStatus {
  readonly code: number;
  readonly message: string;
}
const UNSET: SpanStatus = { code: 0, message: '' };

function readStatus(cursor: JsonCursor): SpanStatus {
  if (cursor.takeNull()) return UNSET;
  let code = 0;
  let message = '';
  cursor.enterObject();
  for (let id = cursor.member(STATUS); id !== END; id = cursor.member(STATUS)) {
    if (id === 1) message = readString(cursor);
    else if (id === 2) code = readEnum(cursor, STATUS_CODES, 'STATUS_CODE_');
    else cursor.skip();
  }
  return { code, message };
}

function readEvents(walker: AttributeWalker, cursor: JsonCursor): SpanEvent[] {
  const events: SpanEvent[] = [];
  if (cursor.takeNull()) return events;
  cursor.enterArray();
  while (cursor.element()) events.push(readEvent(walker, cursor));
  return events;
}

function readEvent(walker: AttributeWalker, cursor: JsonCursor): SpanEvent {
  let name = '';
  let timeUnixNano: string | undefined = undefined;
  let attributes = NONE;
  cursor.enterObject();
  for (let id = cursor.member(EVENT); id !== END; id = cursor.member(EVENT)) {
    if (id === 1) timeUnixNano = readTime(cursor);
    else if (id === 2) name = readString(cursor);
    else if (id === 3) attributes = readAttributes(walker, cursor);
    else cursor.skip();
  }
  return { name, timeUnixNano, attributes };
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
