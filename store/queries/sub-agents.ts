/**
 * Who started whom. No single record of an agent says it on every event, and events are made from one record each; so it is
 * joined when events are read:
 *
 * - a sub-agent within a session (Claude Code): one of its log records carries the `spanId` of the span that the `Agent` call ran
 *   in, and a `tool/describe` event names the call of that span;
 * - a session of its own (Codex): its `session/spawn` names the parent session, and where Codex exports traces carries the
 *   `spanId` of the call that started it, which that call's result in the parent session carries too.
 */
import type { Warehouse } from '../../platform/warehouse/index.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { TABLES } from '../tables.ts';
import { type Condition, allOf, instant, read, when } from './reading/read.ts';
import { sessionSpans } from './session-spans.ts';

/** What is known of a session's origin and of its sub-agents'. */
interface Origin {
  readonly parentSessionId?: string;
  readonly parentCallId?: string;
  /** Call that started a sub-agent, by `agentId`. */
  readonly callOfAgent: ReadonlyMap<string, string>;
}

/**
 * The events, those of sub-agents with `parentSessionId` and `parentCallId` where anything stored tells them.
 *
 * @param sessionIds sessions whose events are looked at; all of their stored events are, so these should be few
 */
export async function withParents(
  warehouse: Warehouse,
  tenant: string,
  events: readonly AgentEvent[],
  sessionIds: readonly string[],
): Promise<readonly AgentEvent[]> {
  const origins = await originsOf(warehouse, tenant, sessionIds);
  if (origins.size === 0) return events;
  return events.map((event) => {
    const origin = origins.get(event.sessionId);
    if (origin === undefined) return event;
    const ofAgent = event.agentId === undefined ? undefined : origin.callOfAgent.get(event.agentId);
    const parentSessionId = event.parentSessionId ?? origin.parentSessionId;
    const parentCallId = event.parentCallId ?? ofAgent ?? origin.parentCallId;
    return {
      ...event,
      ...(parentSessionId === undefined ? {} : { parentSessionId }),
      ...(parentCallId === undefined ? {} : { parentCallId }),
    };
  });
}

/** Sessions of which nothing is known are left out. */
async function originsOf(
  warehouse: Warehouse,
  tenant: string,
  sessionIds: readonly string[],
): Promise<ReadonlyMap<string, Origin>> {
  const within = await conditionOf(warehouse, tenant, sessionIds);
  if (within === undefined) return new Map();
  const [agents, spawns] = await Promise.all([callsOfAgents(warehouse, within), spawnsOf(warehouse, within)]);
  const calls = await callsOfSpans(warehouse, tenant, spawns);
  const known = new Set([...agents.keys(), ...spawns.keys()]);
  return new Map(
    [...known].map((sessionId) => {
      const spawn = spawns.get(sessionId);
      const parentCallId = spawn === undefined ? undefined : calls.get(`${spawn.parentSessionId}\0${spawn.spanId}`);
      return [
        sessionId,
        {
          ...(spawn === undefined ? {} : { parentSessionId: spawn.parentSessionId }),
          ...(parentCallId === undefined ? {} : { parentCallId }),
          callOfAgent: agents.get(sessionId) ?? new Map<string, string>(),
        },
      ];
    }),
  );
}

/** Events of these sessions; undefined where there are none. */
async function conditionOf(
  warehouse: Warehouse,
  tenant: string,
  sessionIds: readonly string[],
): Promise<Condition | undefined> {
  if (sessionIds.length === 0) return undefined;
  const spans = [...(await sessionSpans(warehouse, tenant, sessionIds)).values()];
  if (spans.length === 0) return undefined;
  return allOf([
    ...when(tenant, 'tenant', 'e.tenant = {tenant:String}'),
    ...when(Math.min(...spans.map(({ firstSeen }) => firstSeen)), 'from', `e.time >= ${instant('from')}`),
    ...when(Math.max(...spans.map(({ lastSeen }) => lastSeen)), 'to', `e.time <= ${instant('to')}`),
    ...when(sessionIds, 'ids', 'e.sessionId IN {ids:Array(String)}'),
  ]);
}

const logOf = (warehouse: Warehouse): string =>
  `${quoteName(warehouse.database)}.${quoteName(TABLES.events.log.name)} AS e`;

/** Session to sub-agent to call. Of several calls the first: a sub-agent is started once. */
async function callsOfAgents(
  warehouse: Warehouse,
  { sql, parameters }: Condition,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const log = logOf(warehouse);
  // Spans of the sub-agent are its own calls; what happened inside of its parent's call are its log records.
  const inside = `SELECT DISTINCT e.sessionId AS sessionId, e.agentId AS agentId, e.spanId AS spanId FROM ${log} WHERE ${sql} AND e.agentId != '' AND e.spanId != '' AND e.signal = 'log'`;
  const calls = `SELECT e.sessionId AS sessionId, e.spanId AS spanId, argMin(e.callId, e.time) AS callId, min(e.time) AS time FROM ${log} WHERE ${sql} AND e.category = 'tool' AND e.action = 'describe' AND e.callId != '' AND e.spanId != '' GROUP BY sessionId, spanId`;
  const query = `SELECT i.sessionId AS sessionId, i.agentId AS agentId, argMin(c.callId, c.time) AS callId FROM (${inside}) AS i INNER JOIN (${calls}) AS c ON i.sessionId = c.sessionId AND i.spanId = c.spanId GROUP BY sessionId, agentId`;
  const found = new Map<string, Map<string, string>>();
  for (const row of await read(warehouse, 'queries', query, parameters)) {
    const sessionId = String(row['sessionId']);
    const ofSession = found.get(sessionId) ?? new Map<string, string>();
    found.set(sessionId, ofSession.set(String(row['agentId']), String(row['callId'])));
  }
  return found;
}

interface Spawn {
  readonly parentSessionId: string;
  /** Empty where the agent exports no traces. */
  readonly spanId: string;
}

/** Session to what its first spawn says; a session is not its own parent. */
async function spawnsOf(warehouse: Warehouse, { sql, parameters }: Condition): Promise<ReadonlyMap<string, Spawn>> {
  const query = `SELECT e.sessionId AS sessionId, argMin(e.parentSessionId, e.time) AS parentSessionId, argMin(e.spanId, e.time) AS spanId FROM ${logOf(warehouse)} WHERE ${sql} AND e.parentSessionId != '' AND e.parentSessionId != e.sessionId GROUP BY sessionId`;
  const rows = await read(warehouse, 'queries', query, parameters);
  return new Map(
    rows.map((row) => [
      String(row['sessionId']),
      { parentSessionId: String(row['parentSessionId']), spanId: String(row['spanId']) },
    ]),
  );
}

/** Call that a span of a session belongs to, by `sessionId\0spanId`. */
async function callsOfSpans(
  warehouse: Warehouse,
  tenant: string,
  spawns: ReadonlyMap<string, Spawn>,
): Promise<ReadonlyMap<string, string>> {
  const wanted = [...spawns.values()].filter(({ spanId }) => spanId !== '');
  const within = await conditionOf(warehouse, tenant, [
    ...new Set(wanted.map(({ parentSessionId }) => parentSessionId)),
  ]);
  if (within === undefined) return new Map();
  const query = `SELECT e.sessionId AS sessionId, e.spanId AS spanId, argMin(e.callId, e.time) AS callId FROM ${logOf(warehouse)} WHERE ${within.sql} AND e.spanId IN {spans:Array(String)} AND e.category = 'tool' AND e.callId != '' GROUP BY sessionId, spanId`;
  const rows = await read(warehouse, 'queries', query, {
    ...within.parameters,
    spans: wanted.map(({ spanId }) => spanId),
  });
  return new Map(rows.map((row) => [`${String(row['sessionId'])}\0${String(row['spanId'])}`, String(row['callId'])]));
}
