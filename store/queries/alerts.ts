/** Reads alerts, always the highest revision of each. */
import type { z } from 'zod';
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { Alert } from '../../schemas/records/alert.ts';
import type { AlertsQuery } from '../../schemas/api/alerts.ts';
import { quoteName, rowReader, selectList } from '../../schemas/ddl.ts';
import { TABLES } from '../tables.ts';
import type { Cursor } from './reading/cursor.ts';
import type { Page } from './reading/page.ts';
import { type Condition, allOf, instant, read, when } from './reading/read.ts';
import { DAY_MS, lookAhead, lookBack } from './reading/spans.ts';

export type AlertFilter = Omit<z.output<typeof AlertsQuery>, 'cursor' | 'tenant'> & { readonly tenant: string };

const readAlert = rowReader(Alert) as (row: Readonly<Record<string, unknown>>) => Alert;
const COLUMNS = selectList(Alert, 'a');
const STEPS_MS = [7 * DAY_MS, 90 * DAY_MS] as const;

const logOf = (warehouse: Warehouse): string =>
  `${quoteName(warehouse.database)}.${quoteName(TABLES.alerts.log.name)} AS a`;

/** Latest evidence first, or last if the oldest are requested first. */
export async function listAlerts(
  warehouse: Warehouse,
  filter: AlertFilter,
  after: Cursor<'alerts'> | undefined,
): Promise<Page<Alert, Cursor<'alerts'>>> {
  const rows = await (filter.order === 'oldest' ? oldest : newest)(warehouse, filter, after);
  const items = rows.slice(0, filter.limit);
  const last = items.at(-1);
  const more = rows.length > filter.limit && last !== undefined;
  return { items, ...(more ? { end: ['alerts', last.time, last.alertId] } : {}) };
}

type Listing = (
  warehouse: Warehouse,
  filter: AlertFilter,
  after: Cursor<'alerts'> | undefined,
) => Promise<readonly Alert[]>;

const newest: Listing = async (warehouse, filter, after) => {
  const anchor = after?.[1] ?? filter.to ?? (await outermostBucket(warehouse, filter.tenant, 'DESC'));
  if (anchor === undefined) return [];
  return lookBack<Alert>({
    anchor,
    from: filter.from,
    stepsMs: STEPS_MS,
    enough: (found) => found.length > filter.limit,
    fetch: (lower) =>
      page(warehouse, filter, 'DESC', [
        ...when(lower, 'lower', `a.time >= ${instant('lower')}`),
        ...when(filter.to, 'to', `a.time < ${instant('to')}`),
        ...when(after?.[1], 'afterTime', `a.time <= ${instant('afterTime')}`),
        ...when(after?.[2], 'afterId', `(a.time, a.alertId) < (${instant('afterTime')}, {afterId:String})`),
      ]),
  });
};

const oldest: Listing = async (warehouse, filter, after) => {
  const anchor = after?.[1] ?? filter.from ?? (await outermostBucket(warehouse, filter.tenant, 'ASC'));
  if (anchor === undefined) return [];
  return lookAhead<Alert>({
    anchor,
    to: filter.to,
    stepsMs: STEPS_MS,
    enough: (found) => found.length > filter.limit,
    fetch: (upper) =>
      page(warehouse, filter, 'ASC', [
        ...when(filter.from, 'from', `a.time >= ${instant('from')}`),
        ...when(upper, 'upper', `a.time < ${instant('upper')}`),
        ...when(after?.[1], 'afterTime', `a.time >= ${instant('afterTime')}`),
        ...when(after?.[2], 'afterId', `(a.time, a.alertId) > (${instant('afterTime')}, {afterId:String})`),
      ]),
  });
};

async function page(
  warehouse: Warehouse,
  filter: AlertFilter,
  direction: 'ASC' | 'DESC',
  bounds: readonly Condition[],
): Promise<readonly Alert[]> {
  const { sql, parameters } = allOf([
    ...when(filter.tenant, 'tenant', 'a.tenant = {tenant:String}'),
    ...bounds,
    ...when(filter.severity, 'severities', 'a.severity IN {severities:Array(String)}'),
    ...when(filter.detectionId, 'detectionId', 'a.detectionId = {detectionId:String}'),
    ...when(filter.entity, 'entity', 'a.entityId = {entity:String}'),
  ]);
  const query = `SELECT ${COLUMNS} FROM ${logOf(warehouse)} FINAL WHERE ${sql} ORDER BY a.time ${direction}, a.alertId ${direction} LIMIT {count:UInt32}`;
  return (await read(warehouse, 'queries', query, { ...parameters, count: filter.limit + 1 })).map(readAlert);
}

export async function findAlert(warehouse: Warehouse, tenant: string, alertId: string): Promise<Alert | undefined> {
  const query = `SELECT ${COLUMNS} FROM ${logOf(warehouse)} FINAL WHERE a.tenant = {tenant:String} AND a.alertId = {alertId:String} LIMIT 1`;
  const [row] = await read(warehouse, 'queries', query, { tenant, alertId });
  return row === undefined ? undefined : readAlert(row);
}

/** Lists alerts whose evidence includes events of a session, latest first. */
export async function alertsOfSession(
  warehouse: Warehouse,
  tenant: string,
  sessionId: string,
  limit: number,
): Promise<readonly Alert[]> {
  const query = `SELECT ${COLUMNS} FROM ${logOf(warehouse)} FINAL WHERE a.tenant = {tenant:String} AND has(a.evidenceSessions, {sessionId:String}) ORDER BY a.time DESC, a.alertId DESC LIMIT {limit:UInt32}`;
  return (await read(warehouse, 'queries', query, { tenant, sessionId, limit })).map(readAlert);
}

/** Counts the alerts of each session that have not been retracted. */
export async function countAlerts(
  warehouse: Warehouse,
  tenant: string,
  sessionIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const query = `SELECT arrayJoin(arrayIntersect(a.evidenceSessions, {ids:Array(String)})) AS session, count() AS n FROM ${logOf(warehouse)} FINAL WHERE a.tenant = {tenant:String} AND hasAny(a.evidenceSessions, {ids:Array(String)}) AND a.state != 'retracted' GROUP BY session`;
  const rows = await read(warehouse, 'queries', query, { tenant, ids: sessionIds });
  return new Map(rows.map((row) => [String(row['session']), Number(row['n'])]));
}

/** Approximates where history starts or ends; everything beyond it is always read. */
async function outermostBucket(
  warehouse: Warehouse,
  tenant: string,
  direction: 'ASC' | 'DESC',
): Promise<number | undefined> {
  const query = `SELECT toUnixTimestamp64Milli(a.bucketStart) AS bucket FROM ${logOf(warehouse)} WHERE a.tenant = {tenant:String} ORDER BY a.bucketStart ${direction} LIMIT 1`;
  const [row] = await read(warehouse, 'queries', query, { tenant });
  return row === undefined ? undefined : Number(row['bucket']);
}
