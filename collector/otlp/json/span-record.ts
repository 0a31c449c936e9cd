/**
 * A span over the bytes of OTLP/JSON. The constructor records the position of each member, which also finds the record's end;
 * members are decoded on demand.
 */
import { NONE, attributesAt, idAt, peekAt, textAt, timeAt } from './fields.ts';
import type { AttributeWalker } from './attributes.ts';
import { Names } from './names.ts';
import { END, JsonCursor } from './scan.ts';
import { readAttributes, readEnum, readString, readTime, skipAttributes } from './values.ts';
import type { Attributes, Resource, Scope, SpanEvent, SpanRecord } from '../../../schemas/otlp/record.ts';

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

const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

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
