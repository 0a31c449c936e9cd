/** Reads when sessions started and ended, which turns a query about a session into one about a time range. */
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { SESSION_DAYS } from '../tables.ts';
import { read } from './reading/read.ts';

export interface SessionSpan {
  /** Event times, ms since epoch. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}

export async function sessionSpans(
  warehouse: Warehouse,
  tenant: string,
  sessionIds: readonly string[],
): Promise<ReadonlyMap<string, SessionSpan>> {
  const query = `SELECT s.sessionId AS sessionId, toUnixTimestamp64Milli(min(s.firstSeen)) AS first, toUnixTimestamp64Milli(max(s.lastSeen)) AS last FROM ${quoteName(warehouse.database)}.${quoteName(SESSION_DAYS)} AS s WHERE s.tenant = {tenant:String} AND s.sessionId IN {ids:Array(String)} GROUP BY s.sessionId`;
  const rows = await read(warehouse, 'queries', query, { tenant, ids: [...new Set(sessionIds)] });
  return new Map(
    rows.map((row) => [String(row['sessionId']), { firstSeen: Number(row['first']), lastSeen: Number(row['last']) }]),
  );
}
