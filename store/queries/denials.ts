/** Counts what was refused in a session: each refusal once, however many records tell of it. */
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { TABLES } from '../tables.ts';
import { type Condition, read } from './reading/read.ts';

/** The call, where there is one: a refusal is told by the approval and again by the call that was refused. */
const CALL = "if(e.callId = '', toString(e.eventId), e.callId)";
/** A proxy tells of the request that it refused without knowing of which command it was … */
const BY_PROXY = "e.category = 'network' AND e.callId = ''";
/** … and the command says that it failed of such a refusal. */
const OF_NETWORK = "e.attributes['vigil.refusal'] = 'network'";

/** @param where which events, of the table `e`; sessions without a refusal are not in the answer */
export async function countDenials(warehouse: Warehouse, where: Condition): Promise<ReadonlyMap<string, number>> {
  const log = `${quoteName(warehouse.database)}.${quoteName(TABLES.events.log.name)} AS e`;
  const counts = [
    `uniqExactIf(${CALL}, NOT (${BY_PROXY}) AND NOT (${OF_NETWORK}))`,
    // Where the proxy does not report, or not all, the commands do.
    `greatest(uniqExactIf(e.eventId, ${BY_PROXY}), uniqExactIf(${CALL}, NOT (${BY_PROXY}) AND ${OF_NETWORK}))`,
  ].join(' + ');
  const query = `SELECT e.sessionId AS sessionId, ${counts} AS denials FROM ${log} WHERE ${where.sql} AND (e.outcome = 'denied' OR e.decision = 'denied') GROUP BY e.sessionId`;
  const rows = await read(warehouse, 'queries', query, where.parameters);
  return new Map(rows.map((row) => [String(row['sessionId']), Number(row['denials'])]));
}
