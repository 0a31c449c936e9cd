/** Lists sessions and summarises each of them. */
import type { z } from 'zod';
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { SessionSummary, type SessionsQuery } from '../../schemas/api/sessions.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { SESSION_DAYS, TABLES } from '../tables.ts';
import { countAlerts } from './alerts.ts';
import { countDenials } from './denials.ts';
import type { Cursor } from './reading/cursor.ts';
import type { Page } from './reading/page.ts';
import { type Condition, allOf, instant, read, when } from './reading/read.ts';
import { sessionSpans } from './session-spans.ts';
import { DAY_MS, lookBack } from './reading/spans.ts';

export type SessionFilter = Omit<z.output<typeof SessionsQuery>, 'cursor' | 'tenant'> & { readonly tenant: string };

const STEPS_MS = [2 * DAY_MS, 30 * DAY_MS] as const;

const daysOf = (warehouse: Warehouse): string => `${quoteName(warehouse.database)}.${quoteName(SESSION_DAYS)} AS s`;

/**
 * Last active first, or last if the oldest are requested first; `from` and `to` select sessions that were active in
 * between.
 */
export async function listSessions(
  warehouse: Warehouse,
  filter: SessionFilter,
  after: Cursor<'sessions'> | undefined,
): Promise<Page<SessionSummary, Cursor<'sessions'>>> {
  const rows = await (filter.order === 'oldest' ? oldest : newest)(warehouse, filter, after);
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

type Row = Readonly<Record<string, unknown>>;
type Listing = (
  warehouse: Warehouse,
  filter: SessionFilter,
  after: Cursor<'sessions'> | undefined,
) => Promise<readonly Row[]>;

const newest: Listing = async (warehouse, filter, after) => {
  const anchor = after?.[1] ?? filter.to ?? (await newestDay(warehouse, filter.tenant));
  if (anchor === undefined) return [];
  return lookBack<Row>({
    anchor,
    from: filter.from,
    stepsMs: STEPS_MS,
    enough: (found) => found.length > filter.limit,
    fetch: (lower) =>
      lastActivities(warehouse, filter, 'DESC', lower, [
        ...when(after?.[1], 'afterTime', 'last <= {afterTime:Int64}'),
        ...when(after?.[2], 'afterId', '(last, sessionId) < ({afterTime:Int64}, {afterId:String})'),
      ]),
  });
};

/** Only the latest day of a session shows when it was last active, so all later days are read. */
const oldest: Listing = (warehouse, filter, after) =>
  lastActivities(
    warehouse,
    filter,
    'ASC',
    Math.max(filter.from ?? 0, after?.[1] ?? 0),
    when(after?.[2], 'afterId', '(last, sessionId) > ({afterTime:Int64}, {afterId:String})').map((condition) => ({
      ...condition,
      parameters: { ...condition.parameters, afterTime: after?.[1] ?? 0 },
    })),
  );

/** @param lower selects sessions last active at or after this instant, ms since epoch */
async function lastActivities(
  warehouse: Warehouse,
  filter: SessionFilter,
  direction: 'ASC' | 'DESC',
  lower: number,
  bounds: readonly Condition[],
): Promise<readonly Row[]> {
  const where = allOf([
    ...when(filter.tenant, 'tenant', 's.tenant = {tenant:String}'),
    // There is no upper bound, because later days show which sessions were not last active here.
    ...when(lower, 'lower', `s.day >= toDate32(${instant('lower')})`),
    ...when(filter.actor, 'actor', 's.actor = {actor:String}'),
    ...when(filter.agentName, 'agentName', 's.agentName = {agentName:String}'),
  ]);
  const having = allOf([
    ...when(lower, 'lower', `last >= {lower:Int64}`),
    ...when(filter.to, 'to', 'first < {to:Int64}'),
    ...bounds,
  ]);
  const query = `SELECT s.sessionId AS sessionId, toUnixTimestamp64Milli(min(s.firstSeen)) AS first, toUnixTimestamp64Milli(max(s.lastSeen)) AS last FROM ${daysOf(warehouse)} WHERE ${where.sql} GROUP BY sessionId HAVING ${having.sql} ORDER BY last ${direction}, sessionId ${direction} LIMIT {count:UInt32}`;
  return read(warehouse, 'queries', query, { ...where.parameters, ...having.parameters, count: filter.limit + 1 });
}

/** Selects the last text seen in the session; events without one are ignored. */
const last = (column: string): string => `argMaxIf(e.${column}, e.time, e.${column} != '') AS ${column}`;
/**
 * Selects all values in the order of their first use. The number is limited, because a session's records determine it.
 */
const MODES = 50;
const inOrder = (column: string): string =>
  `arraySlice(arrayMap(p -> p.2, arraySort(arrayZip(mapValues(minMapIf(map(toString(e.${column}), e.time), e.${column} != '') AS ${column}First), mapKeys(${column}First)))), 1, ${MODES}) AS ${column}s`;
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
  inOrder('approvalMode'),
  last('sandboxMode'),
  inOrder('sandboxMode'),
  "arraySort(groupUniqArrayIf(50)(e.model, e.model != '')) AS models",
  'toUnixTimestamp64Milli(min(e.time)) AS firstSeen',
  'toUnixTimestamp64Milli(max(e.time)) AS lastSeen',
  'count() AS events',
  // A background command is reported again when it ends, and a notification is not a person's prompt.
  "countIf(e.category = 'command' AND e.action = 'run') AS commands",
  "countIf(e.category = 'command' AND e.action = 'run' AND e.outcome = 'failure') AS failedCommands",
  "countIf(e.category = 'file' AND e.fileOperation IN ('create', 'update', 'delete', 'move')) AS fileChanges",
  "countIf(e.category = 'network') AS networkEvents",
  // Where prompts are redacted, a request to an automatic reviewer looks like a person's prompt.
  "countIf(e.category = 'prompt' AND e.action = 'submit' AND e.contentHash != '') + if(countIf(e.category = 'session' AND e.action = 'review_start') > 0, 0, countIf(e.category = 'prompt' AND e.action = 'submit' AND e.contentHash = '')) AS prompts",
  'sum(ifNull(e.inputTokens, 0)) AS inputTokens',
  'sum(ifNull(e.outputTokens, 0)) AS outputTokens',
  // Adding binary fractions leaves digits that no amount has.
  'round(sum(ifNull(e.costUsd, 0)), 9) AS costUsd',
].join(', ');

/** Columns that the summary uses. */
const SUMMED = [...new Set([...SUMMARY.matchAll(/\be\.(\w+)/g)].map(([, column = '']) => quoteName(column)))].join(
  ', ',
);

/** Summarises each of these sessions, as far as its events are still stored. */
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
  // Copies are removed only among these sessions' rows; FINAL would compare all rows of the time range.
  const log = `${quoteName(warehouse.database)}.${quoteName(TABLES.events.log.name)} AS e`;
  const events = `(SELECT ${SUMMED} FROM ${log} WHERE ${sql} LIMIT 1 BY e.eventId) AS e`;
  const [rows, alerts, denials] = await Promise.all([
    read(warehouse, 'queries', `SELECT ${SUMMARY} FROM ${events} GROUP BY e.sessionId`, parameters),
    countAlerts(warehouse, tenant, sessionIds),
    countDenials(warehouse, { sql, parameters }),
  ]);
  return new Map(
    rows.map((row) => {
      const present = Object.entries(row).filter(([, value]) => value !== '');
      const summary = SessionSummary.parse({
        ...Object.fromEntries(present),
        alerts: alerts.get(String(row['sessionId'])) ?? 0,
        denials: denials.get(String(row['sessionId'])) ?? 0,
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
