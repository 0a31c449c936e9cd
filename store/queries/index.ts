/** All queries that the audit API runs on the store, by name. */
import type { SessionDetail, SessionSummary } from '../../schemas/api/sessions.ts';
import type { AlertDetail } from '../../schemas/api/alerts.ts';
import type { Warehouse } from '../../platform/warehouse/index.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Alert } from '../../schemas/records/alert.ts';
import type { PipelineLedger, SeenAgent } from '../../schemas/api/pipeline.ts';
import { seenAgents } from './agents.ts';
import { type AlertFilter, alertsOfSession, findAlert, listAlerts } from './alerts.ts';
import { type Cursor, type CursorFilter, type CursorKind, decodeCursor, encodeCursor } from './reading/cursor.ts';
import { type EventFilter, findEvents, listNewest, listStory } from './events.ts';
import { latestAccounts, storedEvents } from './ledger.ts';
import type { Page } from './reading/page.ts';
import { sessionTelemetry } from './session-telemetry.ts';
import { type SessionFilter, listSessions, summarise } from './sessions.ts';
import { withParents } from './sub-agents.ts';

/**
 * The cursor was not created by this list with this filter. That is the caller's mistake, so it is a value and not an
 * exception.
 */
export interface BadCursor {
  readonly kind: 'bad_cursor';
}
export interface Listing<T> {
  readonly kind: 'page';
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
export type Listed<T> = Listing<T> | BadCursor;

/** Each throws ShellError WAREHOUSE_UNAVAILABLE, WAREHOUSE_TOO_EXPENSIVE or WAREHOUSE_FAILED. */
export interface Queries {
  listAlerts(filter: AlertFilter, cursor?: string): Promise<Listed<Alert>>;
  findAlert(tenant: string, alertId: string): Promise<AlertDetail | undefined>;
  /** With `sessionId` in the order in which they happened, otherwise newest first. */
  listEvents(filter: EventFilter, cursor?: string): Promise<Listed<AgentEvent>>;
  listSessions(filter: SessionFilter, cursor?: string): Promise<Listed<SessionSummary>>;
  findSession(tenant: string, sessionId: string): Promise<SessionDetail | undefined>;
  /** @param countStored whether to count the events in the warehouse too */
  ledger(tenant: string, countStored: boolean): Promise<PipelineLedger>;
  /** @param from ms since epoch */
  agents(tenant: string, from: number): Promise<readonly SeenAgent[]>;
  /** Resolves when the warehouse answers and its tables exist. */
  ping(): Promise<void>;
}

/** How many events and alerts are returned with a session; `nextCursor` leads to the rest. */
const SESSION_EVENTS = 1_000;
const SESSION_ALERTS = 200;

export function createQueries(warehouse: Warehouse): Queries {
  return {
    listAlerts: (filter, cursor) => listed('alerts', filter, cursor, (after) => listAlerts(warehouse, filter, after)),
    findAlert: async (tenant, alertId) => {
      const alert = await findAlert(warehouse, tenant, alertId);
      if (alert === undefined) return undefined;
      const evidence = await findEvents(warehouse, tenant, alert.evidence);
      const events = await withParents(warehouse, tenant, evidence, sessionsOf(evidence));
      const found = new Set(events.map(({ eventId }) => eventId));
      const missing = new Set(alert.evidence.map(({ eventId }) => eventId).filter((id) => !found.has(id)));
      return { alert, events: [...events], missingEventIds: [...missing] };
    },
    listEvents: (filter, cursor) => {
      const { tenant, sessionId } = filter;
      const joined = async <C>(page: Promise<Page<AgentEvent, C>>): Promise<Page<AgentEvent, C>> => {
        const found = await page;
        // The newest events belong to many sessions, some of them long, so only sessions with sub-agents are read.
        const wanted =
          sessionId === undefined ? found.items.filter(({ agentId }) => agentId !== undefined) : found.items;
        return { ...found, items: await withParents(warehouse, tenant, found.items, sessionsOf(wanted)) };
      };
      return sessionId === undefined
        ? listed('newest', filter, cursor, (after) => joined(listNewest(warehouse, filter, after)))
        : listed('story', filter, cursor, (after) => joined(listStory(warehouse, { ...filter, sessionId }, after)));
    },
    listSessions: (filter, cursor) =>
      listed('sessions', filter, cursor, (after) => listSessions(warehouse, filter, after)),
    findSession: async (tenant, sessionId) => {
      const session = (await summarise(warehouse, tenant, [sessionId])).get(sessionId);
      if (session === undefined) return undefined;
      const filter = { tenant, sessionId, limit: SESSION_EVENTS };
      const [story, telemetry, alerts] = await Promise.all([
        listStory(warehouse, filter, undefined),
        sessionTelemetry(warehouse, tenant, sessionId, session),
        alertsOfSession(warehouse, tenant, sessionId, SESSION_ALERTS),
      ]);
      const events = await withParents(warehouse, tenant, story.items, [sessionId]);
      return {
        session,
        telemetry,
        events: [...events],
        nextCursor: nextCursor(filter, story.end),
        alerts: [...alerts],
      };
    },
    ledger: async (tenant, countStored) => {
      const accounts = [...(await latestAccounts(warehouse, tenant))];
      return { accounts, ...(countStored ? { stored: await storedEvents(warehouse, tenant) } : {}) };
    },
    agents: (tenant, from) => seenAgents(warehouse, tenant, from),
    ping: async () => {
      await warehouse.ping();
      await listAlerts(warehouse, { tenant: '-', limit: 1 }, undefined);
    },
  };
}

const sessionsOf = (events: readonly AgentEvent[]): readonly string[] => [
  ...new Set(events.map(({ sessionId }) => sessionId)),
];

async function listed<T, K extends CursorKind>(
  kind: K,
  filter: CursorFilter,
  cursor: string | undefined,
  list: (after: Cursor<K> | undefined) => Promise<Page<T, Cursor<K>>>,
): Promise<Listed<T>> {
  const after = cursor === undefined ? undefined : decodeCursor(kind, filter, cursor);
  if (cursor !== undefined && after === undefined) return { kind: 'bad_cursor' };
  const { items, end } = await list(after);
  return { kind: 'page', items, nextCursor: nextCursor(filter, end) };
}

function nextCursor(filter: CursorFilter, end: Cursor<CursorKind> | undefined): string | null {
  return end === undefined ? null : encodeCursor(filter, end);
}
