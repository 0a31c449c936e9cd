/** Turns what a mapping read into event drafts that the schema accepts. A cut field is marked `vigil.cut.<field>`. */
import { z } from 'zod';
import { AgentEvent, blankEvent } from '../../schemas/records/agent-event.ts';
import type { FlatRecord } from '../../schemas/otlp/record.ts';
import { nanosToMs } from '../../schemas/otlp/wire-time.ts';
import { CUT, cutText } from './attribute-text.ts';
import type { EventDraft, Identity, Mapped } from './mapping.ts';
import type { RecordFields } from './record-fields.ts';
import type { Activity } from './vocabulary.ts';

/** Fields as a mapping has them: any may be missing, empty or out of bounds. */
export type DraftFields = {
  readonly [
    F in Exclude<
      keyof EventDraft,
      'attributes' | 'category' | 'action' | 'signal' | 'scope' | 'mapping' | 'traceId' | 'spanId' | 'content'
    >
  ]?: EventDraft[F] | undefined;
};

/** One event of a record. */
export type DraftPart = Activity &
  DraftFields & {
    readonly outcome: AgentEvent['outcome'];
    /** Attributes of this event alone. */
    readonly notes?: Readonly<Record<string, string>> | undefined;
    /** Text of a prompt or an answer, of any length. */
    readonly contentText?: string | undefined;
  };

/** Fields shared by all events of one record. */
export interface DraftBase extends DraftFields {
  readonly agentName: string;
  /** A record without one is rejected. */
  readonly sessionId: string | undefined;
}

/** The actor of the record. */
export interface Owner {
  readonly identity: Identity;
  readonly claimed: DraftFields;
}

interface Bounds {
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
}

/** The schema's own bounds, so that the two cannot drift apart. */
const BOUNDS: ReadonlyMap<string, Bounds> = new Map(
  Object.entries(AgentEvent.shape).map(([field, schema]) => [field, boundsOf(schema)]),
);

/** Maximum length of a text field (UTF-16 units). */
export function maxLengthOf(field: string): number | undefined {
  return BOUNDS.get(field)?.maxLength;
}

function boundsOf(schema: z.ZodType): Bounds {
  const inner: unknown = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (inner instanceof z.ZodString) return inner.maxLength === null ? {} : { maxLength: inner.maxLength };
  if (inner instanceof z.ZodNumber) return { min: inner.minValue ?? -Infinity, max: inner.maxValue ?? Infinity };
  return {};
}

const FRACTIONAL: ReadonlySet<string> = new Set(['costUsd']);

/** Members of a part that are not fields of its event. */
const NOT_FIELDS: ReadonlySet<string> = new Set(['notes', 'contentText']);

/** Ids. A cut id would name something else, so the record is rejected instead. */
const IDS = ['sessionId', 'parentSessionId'].map((field) => ({ field, mark: `${CUT}${field}` }));

/** Creates the events of one record; everything else in the record becomes their attributes. */
export function eventsOf(
  mapping: string,
  record: FlatRecord,
  fields: RecordFields,
  base: DraftBase,
  owner: Owner,
  parts: readonly DraftPart[],
): Mapped {
  if (base.sessionId === undefined) {
    return { kind: 'reject', reason: 'missing_session', detail: `${describe(record, fields)} names no session` };
  }
  const rest = fields.rest();
  const events: EventDraft[] = [];
  for (const part of parts) {
    const attributes = parts.length === 1 && part.notes === undefined ? rest : { ...rest, ...part.notes };
    const draft: Record<string, unknown> = blankEvent();
    // An event's own attributes take precedence over those of its record.
    for (const source of [owner.claimed, base, part]) putAll(draft, attributes, source);
    putOrigin(draft, attributes, record);
    for (const { field, mark } of IDS) {
      if (attributes[mark] === undefined) continue;
      return { kind: 'reject', reason: 'invalid_event', detail: `${field} is longer than an id may be` };
    }
    draft['mapping'] = mapping;
    if (part.contentText !== undefined) draft['content'] = part.contentText;
    // Built field by field from typed parts; the collector validates each line against the schema.
    events.push(draft as unknown as EventDraft);
  }
  return { kind: 'events', events, identity: owner.identity };
}

function putAll(
  draft: Record<string, unknown>,
  attributes: Record<string, string>,
  source: Readonly<Record<string, unknown>>,
): void {
  // These are plain objects created here, so nothing is inherited.
  for (const field in source) if (!NOT_FIELDS.has(field)) put(draft, attributes, field, source[field]);
}

function putOrigin(draft: Record<string, unknown>, attributes: Record<string, string>, record: FlatRecord): void {
  if (record.signal !== 'metric') {
    if (record.traceId !== undefined) draft['traceId'] = record.traceId;
    if (record.spanId !== undefined) draft['spanId'] = record.spanId;
  }
  put(draft, attributes, 'scope', record.scope.name);
  draft['signal'] = record.signal;
  draft['attributes'] = attributes;
}

function put(draft: Record<string, unknown>, attributes: Record<string, string>, field: string, value: unknown): void {
  if (value === undefined || value === '') return;
  const bounds = BOUNDS.get(field);
  if (typeof value === 'string') {
    const text = value.toWellFormed();
    const max = bounds?.maxLength;
    if (max !== undefined && text.length > max) attributes[`${CUT}${field}`] = String(text.length);
    draft[field] = max === undefined ? text : cutText(text, max);
    return;
  }
  if (typeof value === 'number') {
    const { min = -Infinity, max = Infinity } = bounds ?? {};
    const fits = value >= min && value <= max && (FRACTIONAL.has(field) || Number.isSafeInteger(value));
    if (fits) draft[field] = value;
    else attributes[`${CUT}${field}`] = String(value);
    return;
  }
  draft[field] = value;
}

/** The name of a record in a reject's detail; bounded, since it comes from the record. */
function describe(record: FlatRecord, fields: RecordFields): string {
  return `${record.signal} ${cutText(fields.seeText('event.name') ?? record.name, 128)}`;
}

const ISO_TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,18}(?:Z|[+-][0-9]{2}:?[0-9]{2})$/;

/**
 * When it happened, in ms: a log record's time, else its attribute `event.timestamp`, else when it was observed; the start
 * of a span; the time of a data point. `event.timestamp` is dropped if it repeats this time.
 */
export function timeOf(record: FlatRecord, fields: RecordFields): number | undefined {
  switch (record.signal) {
    case 'span':
      return nanosToMs(record.startTimeUnixNano) ?? nanosToMs(record.endTimeUnixNano);
    case 'metric':
      return nanosToMs(record.timeUnixNano);
    case 'log': {
      const stamp = fields.seeText('event.timestamp');
      const parsed = stamp !== undefined && ISO_TIME.test(stamp) ? Date.parse(stamp) : NaN;
      const stated = Number.isNaN(parsed) ? undefined : parsed;
      const time = nanosToMs(record.timeUnixNano) ?? stated ?? nanosToMs(record.observedTimeUnixNano);
      if (stated !== undefined && stated === time) fields.drop('event.timestamp');
      return time;
    }
    default:
      return record satisfies never;
  }
}

/** How long a span took, in ms. */
export function spanDurationMs(record: FlatRecord): number | undefined {
  if (record.signal !== 'span') return undefined;
  const start = nanosToMs(record.startTimeUnixNano);
  const end = nanosToMs(record.endTimeUnixNano);
  return start === undefined || end === undefined || end < start ? undefined : end - start;
}
