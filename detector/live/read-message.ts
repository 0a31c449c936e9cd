/** Parses a message of the events topic for the fold. Unreadable lines are counted and skipped. */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { HEADERS } from '../../schemas/topics.ts';
import type { Message } from '../../platform/bus/bus.ts';
import type { EngineInput } from '../model/engine-input.ts';

/** Values of the `control` header. */
export const CONTROL = { tick: 'tick', rules: 'rules', forget: 'forget' } as const;

export interface ReadMessage {
  /** Undefined for a control message of a kind that this version does not know. */
  readonly record: EngineInput | undefined;
  /** Number of lines that are not events, or 1 for an invalid control message. */
  readonly malformed: number;
}

type Incoming = Pick<Message, 'value' | 'headers'>;

export function readMessage({ value, headers }: Incoming): ReadMessage {
  const control = headers[HEADERS.control];
  return control === undefined ? readEvents(value, headers) : readControl(control, value);
}

function readEvents(value: Buffer, headers: Incoming['headers']): ReadMessage {
  const events: AgentEvent[] = [];
  let malformed = 0;
  for (const line of value.toString('utf8').split('\n')) {
    if (line === '') continue;
    const parsed = parsedJson(line);
    if (isEvent(parsed)) events.push(parsed);
    else malformed += 1;
  }
  const spool = headers[HEADERS.spool];
  const sequence = Number(headers[HEADERS.sequence]);
  const origin = spool === undefined || !Number.isSafeInteger(sequence) ? {} : { origin: { spool, sequence } };
  return { record: { kind: 'events', ...origin, events }, malformed };
}

function readControl(control: string, value: Buffer): ReadMessage {
  const content = parsedJson(value.toString('utf8'));
  if (control === CONTROL.tick && hasField(content, 'time') && isInstant(content.time))
    return { record: { kind: 'tick', time: content.time }, malformed: 0 };
  if (control === CONTROL.rules && hasField(content, 'hash') && typeof content.hash === 'string')
    return { record: { kind: 'rules', hash: content.hash }, malformed: 0 };
  if (control === CONTROL.forget && hasField(content, 'tenant') && typeof content.tenant === 'string')
    return { record: { kind: 'forget', tenant: content.tenant }, malformed: 0 };
  return { record: undefined, malformed: Object.values<string>(CONTROL).includes(control) ? 1 : 0 };
}

const ID = /^[0-9a-f]{32}$/;

/**
 * The collector has checked every field against the schema, and a newer collector may send fields that this version
 * does not know. So only the fields that the fold itself relies on are checked again.
 */
function isEvent(value: unknown): value is AgentEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { eventId, tenant, actor, sessionId, agentName, category, action, time, attributes } = value as Readonly<
    Record<string, unknown>
  >;
  return (
    typeof eventId === 'string' &&
    ID.test(eventId) &&
    typeof tenant === 'string' &&
    typeof actor === 'string' &&
    typeof sessionId === 'string' &&
    typeof agentName === 'string' &&
    typeof category === 'string' &&
    typeof action === 'string' &&
    isInstant(time) &&
    typeof attributes === 'object' &&
    attributes !== null
  );
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function hasField<K extends string>(value: unknown, field: K): value is Record<K, unknown> {
  return typeof value === 'object' && value !== null && field in value;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
