/** Turns a session's events into the rows of its story: turns, calls, derived events, and pauses. Pure. */
import type { AgentEvent, Category } from '../../../../schemas/records/agent-event.ts';
import type { Alert } from '../../../../schemas/records/alert.ts';
import { isFailed, isStopped } from '../event/describe.ts';
import type { Focus } from '../search.ts';

export interface TurnRow {
  readonly kind: 'turn';
  readonly key: string;
  /** 1 for the first turn; 0 for what happened before any prompt. */
  readonly number: number;
  readonly time: number;
  readonly durationMs: number;
  readonly events: number;
  readonly calls: number;
  readonly stops: number;
  readonly failures: number;
}
export interface EventRow {
  readonly kind: 'event';
  readonly key: string;
  readonly event: AgentEvent;
  /** 1 for a derived event. */
  readonly depth: number;
  /** 1, 2, … for each sub-agent in order of appearance. */
  readonly subAgent?: number;
  readonly alerts: readonly Alert[];
  /** Decision on the same call, shown with the command that it allowed. */
  readonly approval?: AgentEvent;
}
export interface PauseRow {
  readonly kind: 'pause';
  readonly key: string;
  readonly durationMs: number;
}
export type StoryRow = TurnRow | EventRow | PauseRow;

export interface StoryFilter {
  readonly show?: readonly Category[] | undefined;
  readonly only?: Focus | undefined;
}

/** Events derived from a failed command failed with it: they count as one failure. */
const failedItself = (event: AgentEvent): boolean => event.derivedFrom === undefined && isFailed(event);

/** Shorter silences mean that the agent is thinking. */
const PAUSE_MS = 5 * 60_000;

export interface Story {
  readonly rows: readonly StoryRow[];
  /** The row of each event. */
  readonly indexOf: ReadonlyMap<string, number>;
  readonly counts: ReadonlyMap<Category, number>;
  readonly stops: number;
  readonly failures: number;
  readonly alerted: number;
  readonly shown: number;
}

/** @param events ordered by time, then sequence, as the API returns them; a repeated event is shown once */
export function tellStory(events: readonly AgentEvent[], alerts: readonly Alert[], filter: StoryFilter = {}): Story {
  const unique = [...new Map(events.map((event) => [event.eventId, event])).values()];
  const alertsOf = alertsByEvent(alerts);
  const children = childrenBySource(unique);
  const approvals = new Map<string, AgentEvent>();
  const counts = new Map<Category, number>();
  const subAgents = new Map<string, number>();
  for (const event of unique) {
    counts.set(event.category, (counts.get(event.category) ?? 0) + 1);
    if (event.category === 'approval' && event.callId !== undefined) approvals.set(event.callId, event);
    if (event.agentId !== undefined && !subAgents.has(event.agentId)) subAgents.set(event.agentId, subAgents.size + 1);
  }
  const passes = (event: AgentEvent): boolean =>
    (filter.show === undefined || filter.show.includes(event.category)) &&
    (filter.only === undefined ||
      (filter.only === 'stops' && isStopped(event)) ||
      (filter.only === 'failures' && failedItself(event)) ||
      (filter.only === 'alerts' && alertsOf.has(event.eventId)));

  const rows: StoryRow[] = [];
  const indexOf = new Map<string, number>();
  let shown = 0;
  const place = (event: AgentEvent, depth: number) => {
    if (passes(event)) {
      indexOf.set(event.eventId, rows.length);
      shown += 1;
      const subAgent = event.agentId === undefined ? undefined : subAgents.get(event.agentId);
      const approval =
        event.category === 'command' && event.callId !== undefined ? approvals.get(event.callId) : undefined;
      rows.push({
        kind: 'event',
        key: event.eventId,
        event,
        depth,
        alerts: alertsOf.get(event.eventId) ?? [],
        ...(subAgent !== undefined && { subAgent }),
        ...(approval !== undefined && { approval }),
      });
    }
    // One level is enough: events derived from a derived event are listed with it.
    for (const child of children.get(event.eventId) ?? []) place(child, 1);
  };
  const nested = new Set([...children.values()].flat().map(({ eventId }) => eventId));

  let before: AgentEvent | undefined;
  for (const turn of turnsOf(unique)) {
    const first = turn.events[0];
    if (first === undefined) continue;
    if (before !== undefined && first.time - before.time >= PAUSE_MS)
      rows.push({ kind: 'pause', key: `pause ${first.eventId}`, durationMs: first.time - before.time });
    const header = rows.length;
    rows.push(turnRow(turn));
    const bare = rows.length;
    let last = first;
    for (const event of turn.events) {
      if (nested.has(event.eventId)) continue;
      if (event.time - last.time >= PAUSE_MS)
        rows.push({ kind: 'pause', key: `pause ${event.eventId}`, durationMs: event.time - last.time });
      place(event, 0);
      if (event.time > last.time) last = event;
    }
    // With a filter on, turns and pauses without rows would only be noise.
    const empty = rows.slice(bare).every(({ kind }) => kind !== 'event');
    if (empty) rows.length = header;
    before = last;
  }
  trimPauses(rows, indexOf);
  return {
    rows,
    indexOf,
    counts,
    stops: unique.filter(isStopped).length,
    failures: unique.filter(failedItself).length,
    alerted: unique.filter(({ eventId }) => alertsOf.has(eventId)).length,
    shown,
  };
}

interface Turn {
  readonly id: string;
  readonly number: number;
  readonly events: AgentEvent[];
}

/**
 * Events with a turn id belong to that turn wherever they are; those without one belong to the current turn. A prompt
 * without a turn id starts a turn. A turn that another interrupts stays one turn, at the place where it started.
 */
export function turnsOf(events: readonly AgentEvent[]): Turn[] {
  const turns: Turn[] = [];
  const byId = new Map<string, Turn>();
  let current: Turn | undefined;
  let number = 0;
  for (const event of events) {
    const { turnId } = event;
    const known: Turn | undefined = turnId === undefined ? undefined : byId.get(turnId);
    if (known !== undefined) current = known;
    else if (turnId !== undefined || event.category === 'prompt' || current === undefined) {
      const opening = turnId !== undefined || event.category === 'prompt';
      if (opening) number += 1;
      current = { id: turnId ?? event.eventId, number: opening ? number : 0, events: [] };
      turns.push(current);
      if (turnId !== undefined) byId.set(turnId, current);
    }
    current.events.push(event);
  }
  return turns;
}

function turnRow(turn: Turn): TurnRow {
  const times = turn.events.map(({ time }) => time);
  const time = times.reduce((a, b) => Math.min(a, b));
  const calls = turn.events.filter(
    ({ category, action, derivedFrom }) =>
      derivedFrom === undefined &&
      // What a span reports about a call is not another call.
      action !== 'describe' &&
      (category === 'command' || category === 'file' || category === 'tool' || category === 'mcp'),
  );
  return {
    kind: 'turn',
    key: `turn ${turn.id}`,
    number: turn.number,
    time,
    durationMs: times.reduce((a, b) => Math.max(a, b)) - time,
    events: turn.events.length,
    calls: calls.length,
    stops: turn.events.filter(isStopped).length,
    failures: turn.events.filter(failedItself).length,
  };
}

function alertsByEvent(alerts: readonly Alert[]): ReadonlyMap<string, readonly Alert[]> {
  const byEvent = new Map<string, Alert[]>();
  for (const alert of alerts)
    for (const { eventId } of alert.evidence) {
      const known = byEvent.get(eventId);
      if (known === undefined) byEvent.set(eventId, [alert]);
      else if (!known.includes(alert)) known.push(alert);
    }
  return byEvent;
}

/** Events derived from another event in the list. Chains and loops are flattened rather than followed. */
function childrenBySource(events: readonly AgentEvent[]): ReadonlyMap<string, readonly AgentEvent[]> {
  const sources = new Set(events.filter(({ derivedFrom }) => derivedFrom === undefined).map(({ eventId }) => eventId));
  const children = new Map<string, AgentEvent[]>();
  for (const event of events) {
    if (event.derivedFrom === undefined || !sources.has(event.derivedFrom)) continue;
    const known = children.get(event.derivedFrom);
    if (known === undefined) children.set(event.derivedFrom, [event]);
    else known.push(event);
  }
  return children;
}

/** A filter that hides rows leaves two pauses in a row, or a pause at either end. */
function trimPauses(rows: StoryRow[], indexOf: Map<string, number>): void {
  const kept = rows.filter((row, at) => {
    if (row.kind !== 'pause') return true;
    const next = rows[at + 1];
    return at > 0 && next !== undefined && next.kind !== 'pause';
  });
  if (kept.length === rows.length) return;
  rows.length = 0;
  rows.push(...kept);
  rows.forEach((row, at) => {
    if (row.kind === 'event') indexOf.set(row.key, at);
  });
}
