/**
 * A log record over the bytes of OTLP/JSON. The constructor records the position of each member, which also finds the record's end;
 * members are decoded on demand.
 */
import { attributesAt, idAt, peekAt, textAt, timeAt } from './fields.ts';
import type { AttributeWalker } from './attributes.ts';
import { Names } from './names.ts';
import { END, JsonCursor } from './scan.ts';
import { readEnum, readValue, skipAttributes } from './values.ts';
import type { AnyValue, Attributes, LogRecord, Resource, Scope } from '../../../schemas/otlp/record.ts';

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

const SEVERITIES = [
  'UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) => ['', '2', '3', '4'].map((n) => name + n)),
];

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
