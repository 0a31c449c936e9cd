/**
 * Finds which session or call started a sub-agent. No agent says this on every event, and an event is made from one
 * record only, so the information is joined when events are read:
 *
 * - Within a session (Claude Code): one log record of the sub-agent has the `spanId` of the span in which the `Agent`
 *   call ran, and a `tool/describe` event names the call of that span.
 * - With a session of its own (Codex): the sub-agent's `session/spawn` event names the parent session. If Codex exports
 *   traces, it also has the `spanId` of the call that started it, which is also on that call's result in the parent
 *   session.
 */
import type { Warehouse } from '../../platform/warehouse/index.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { TABLES } from '../tables.ts';
import { type Condition, allOf, instant, read, when } from './reading/read.ts';
import { sessionSpans } from './session-spans.ts';

/** What is known about a session's parent and about its sub-agents. */
interface Origin {
  readonly parentSessionId?: string;
  readonly parentCallId?: string;
  /** Call that started a sub-agent, by `agentId`. */
  readonly callOfAgent: ReadonlyMap<string, string>;
}

/**
 * Adds `parentSessionId` and `parentCallId` to the events of sub-agents where the stored events contain them.
 *
 * @param sessionIds sessions to search; all of their stored events are read, so these should be few
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

/** Sessions without a known origin are left out. */
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

/** Condition for the events of these sessions; undefined when there are none. */
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

/** Maps session to sub-agent to call. The first of several calls is used: a sub-agent is started once. */
async function callsOfAgents(
  warehouse: Warehouse,
  { sql, parameters }: Condition,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const log = logOf(warehouse);
  // The sub-agent's spans are its own calls; its log records show what happened within its parent's call.
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
  /** Empty if the agent exports no traces. */
  readonly spanId: string;
}

/** Maps a session to its first spawn event; a session is not its own parent. */
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

/** Maps `sessionId\0spanId` to the call that the span belongs to. */
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
