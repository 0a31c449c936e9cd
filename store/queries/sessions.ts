/** Reads sessions: which there are, and what each amounts to. */
import type { z } from 'zod';
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { SessionSummary, type SessionsQuery } from '../../schemas/api.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { SESSION_DAYS, TABLES } from '../tables.ts';
import { countAlerts } from './alerts.ts';
import type { Cursor } from './cursor.ts';
import type { Page } from './page.ts';
import { allOf, instant, read, when } from './read.ts';
import { sessionSpans } from './session-spans.ts';
import { DAY_MS, lookBack } from './spans.ts';

export type SessionFilter = Omit<z.output<typeof SessionsQuery>, 'cursor' | 'tenant'> & { readonly tenant: string };

const STEPS_MS = [2 * DAY_MS, 30 * DAY_MS] as const;

const daysOf = (warehouse: Warehouse): string => `${quoteName(warehouse.database)}.${quoteName(SESSION_DAYS)} AS s`;

/** Last active first; with `from` and `to`, those that were active in between. */
export async function listSessions(
  warehouse: Warehouse,
  filter: SessionFilter,
  after: Cursor<'sessions'> | undefined,
): Promise<Page<SessionSummary, Cursor<'sessions'>>> {
  const anchor = after?.[1] ?? filter.to ?? (await newestDay(warehouse, filter.tenant));
  if (anchor === undefined) return { items: [] };
  const rows = await lookBack<Record<string, unknown>>({
    anchor,
    from: filter.from,
    stepsMs: STEPS_MS,
    enough: (found) => found.length > filter.limit,
    fetch: async (lower) => {
      const where = allOf([
        ...when(filter.tenant, 'tenant', 's.tenant = {tenant:String}'),
        // No upper bound: what came later tells which sessions were not last active here.
        ...when(lower, 'lower', `s.day >= toDate32(${instant('lower')})`),
        ...when(filter.actor, 'actor', 's.actor = {actor:String}'),
        ...when(filter.agentName, 'agentName', 's.agentName = {agentName:String}'),
      ]);
      const having = allOf([
        ...when(lower, 'lower', `last >= {lower:Int64}`),
        ...when(filter.to, 'to', 'first < {to:Int64}'),
        ...when(after?.[1], 'afterTime', 'last <= {afterTime:Int64}'),
        ...when(after?.[2], 'afterId', '(last, sessionId) < ({afterTime:Int64}, {afterId:String})'),
      ]);
      const query = `SELECT s.sessionId AS sessionId, toUnixTimestamp64Milli(min(s.firstSeen)) AS first, toUnixTimestamp64Milli(max(s.lastSeen)) AS last FROM ${daysOf(warehouse)} WHERE ${where.sql} GROUP BY sessionId HAVING ${having.sql} ORDER BY last DESC, sessionId DESC LIMIT {count:UInt32}`;
      return read(warehouse, 'queries', query, { ...where.parameters, ...having.parameters, count: filter.limit + 1 });
    },
  });
  const page = rows.slice(0, filter.limit).map((row) => ({ id: String(row['sessionId']), last: Number(row['last']) }));
  const summaries = await summarise(
    warehouse,
    filter.tenant,
    page.map(({ id }) => id),
  );
  const last = page.at(-1);
  return {
    items: page.flatMap(({ id }) => summaries.get(id) ?? []),
    ...(rows.length > filter.limit && last !== undefined ? { end: ['sessions', last.last, last.id] } : {}),
  };
}

/** The text that was last seen with the session; events without it do not count. */
const last = (column: string): string => `argMaxIf(e.${column}, e.time, e.${column} != '') AS ${column}`;
const first = (column: string): string => `argMinIf(e.${column}, e.time, e.${column} != '') AS ${column}`;

const SUMMARY = [
  'e.sessionId AS sessionId',
  'any(e.tenant) AS tenant',
  first('actor'),
  last('userEmail'),
  last('userId'),
  last('host'),
  first('agentName'),
  last('agentVersion'),
  last('repository'),
  first('cwd'),
  first('parentSessionId'),
  last('approvalMode'),
  last('sandboxMode'),
  "arraySort(groupUniqArrayIf(50)(e.model, e.model != '')) AS models",
  'toUnixTimestamp64Milli(min(e.time)) AS firstSeen',
  'toUnixTimestamp64Milli(max(e.time)) AS lastSeen',
  'count() AS events',
  // A command that goes on in the background is told of again when it ends; a notification is no person's prompt.
  "countIf(e.category = 'command' AND e.action = 'run') AS commands",
  "countIf(e.category = 'command' AND e.action = 'run' AND e.outcome = 'failure') AS failedCommands",
  "countIf(e.category = 'file' AND e.fileOperation IN ('create', 'update', 'delete', 'move')) AS fileChanges",
  "countIf(e.category = 'network') AS networkEvents",
  // A refusal is told by the approval and again by the call that was refused.
  "uniqExactIf(if(e.callId = '', toString(e.eventId), e.callId), e.outcome = 'denied' OR e.decision = 'denied') AS denials",
  // What an automatic reviewer is asked looks like a person's prompt where prompts are redacted.
  "countIf(e.category = 'prompt' AND e.action = 'submit' AND e.contentHash != '') + if(countIf(e.category = 'session' AND e.action = 'review_start') > 0, 0, countIf(e.category = 'prompt' AND e.action = 'submit' AND e.contentHash = '')) AS prompts",
  'sum(ifNull(e.inputTokens, 0)) AS inputTokens',
  'sum(ifNull(e.outputTokens, 0)) AS outputTokens',
  'sum(ifNull(e.costUsd, 0)) AS costUsd',
].join(', ');

/** Columns that the summary is made of. */
const SUMMED = [...new Set([...SUMMARY.matchAll(/\be\.(\w+)/g)].map(([, column = '']) => quoteName(column)))].join(
  ', ',
);

/** What each of these sessions amounts to, as far as its events are still kept. */
export async function summarise(
  warehouse: Warehouse,
  tenant: string,
  sessionIds: readonly string[],
): Promise<ReadonlyMap<string, SessionSummary>> {
  if (sessionIds.length === 0) return new Map();
  const spans = [...(await sessionSpans(warehouse, tenant, sessionIds)).values()];
  if (spans.length === 0) return new Map();
  const { sql, parameters } = allOf([
    ...when(tenant, 'tenant', 'e.tenant = {tenant:String}'),
    ...when(Math.min(...spans.map(({ firstSeen }) => firstSeen)), 'from', `e.time >= ${instant('from')}`),
    ...when(Math.max(...spans.map(({ lastSeen }) => lastSeen)), 'to', `e.time <= ${instant('to')}`),
    ...when(sessionIds, 'ids', 'e.sessionId IN {ids:Array(String)}'),
  ]);
  // Copies are dropped among these sessions' rows alone; FINAL would compare all rows of the time between.
  const log = `${quoteName(warehouse.database)}.${quoteName(TABLES.events.log.name)} AS e`;
  const events = `(SELECT ${SUMMED} FROM ${log} WHERE ${sql} LIMIT 1 BY e.eventId) AS e`;
  const [rows, alerts] = await Promise.all([
    read(warehouse, 'queries', `SELECT ${SUMMARY} FROM ${events} GROUP BY e.sessionId`, parameters),
    countAlerts(warehouse, tenant, sessionIds),
  ]);
  return new Map(
    rows.map((row) => {
      const present = Object.entries(row).filter(([, value]) => value !== '');
      const summary = SessionSummary.parse({
        ...Object.fromEntries(present),
        alerts: alerts.get(String(row['sessionId'])) ?? 0,
      });
      return [summary.sessionId, summary];
    }),
  );
}

async function newestDay(warehouse: Warehouse, tenant: string): Promise<number | undefined> {
  const query = `SELECT s.day AS day FROM ${daysOf(warehouse)} WHERE s.tenant = {tenant:String} ORDER BY s.day DESC LIMIT 1`;
  const [row] = await read(warehouse, 'queries', query, { tenant });
  return row === undefined ? undefined : Date.parse(`${String(row['day'])}T00:00:00Z`) + DAY_MS;
}
