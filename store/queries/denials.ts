/** Counts the refusals of a session, each once, however many records report it. */
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { TABLES } from '../tables.ts';
import { type Condition, read } from './reading/read.ts';

/** The call of an event, if it has one: both the approval and the refused call report a refusal. */
const CALL = "if(e.callId = '', toString(e.eventId), e.callId)";
/** A proxy reports a refused request without knowing which command sent it … */
const BY_PROXY = "e.category = 'network' AND e.callId = ''";
/** … and the command reports that it failed because of such a refusal. */
const OF_NETWORK = "e.attributes['vigil.refusal'] = 'network'";

/** @param where condition on the events of table `e`; sessions without a refusal are not in the result */
export async function countDenials(warehouse: Warehouse, where: Condition): Promise<ReadonlyMap<string, number>> {
  const log = `${quoteName(warehouse.database)}.${quoteName(TABLES.events.log.name)} AS e`;
  const counts = [
    `uniqExactIf(${CALL}, NOT (${BY_PROXY}) AND NOT (${OF_NETWORK}))`,
    // If the proxy reports no refusals, or only some, the commands do.
    `greatest(uniqExactIf(e.eventId, ${BY_PROXY}), uniqExactIf(${CALL}, NOT (${BY_PROXY}) AND ${OF_NETWORK}))`,
  ].join(' + ');
  const query = `SELECT e.sessionId AS sessionId, ${counts} AS denials FROM ${log} WHERE ${where.sql} AND (e.outcome = 'denied' OR e.decision = 'denied') GROUP BY e.sessionId`;
  const rows = await read(warehouse, 'queries', query, where.parameters);
  return new Map(rows.map((row) => [String(row['sessionId']), Number(row['denials'])]));
}
