/** Reads the collectors' accounts of every record, and how many events the warehouse holds. */
import type { Warehouse } from '../../platform/warehouse/index.ts';
import type { StoredEvents } from '../../schemas/api/pipeline.ts';
import { quoteName, rowReader, selectList } from '../../schemas/ddl.ts';
import { PipelineAccount } from '../../schemas/records/pipeline-account.ts';
import { EVENT_ARRIVALS, REMOVED_TENANTS, TABLES } from '../tables.ts';
import { retentionIn } from '../migrate.ts';
import { read } from './reading/read.ts';

const readAccount = rowReader(PipelineAccount) as (row: Readonly<Record<string, unknown>>) => PipelineAccount;
/** More than any tenant has; its senders are configured, not claimed. */
const MOST_ACCOUNTS = 10_000;

/** Returns the latest entry of every spool for every account of a tenant. */
export async function latestAccounts(warehouse: Warehouse, tenant: string): Promise<readonly PipelineAccount[]> {
  const rows = await read(
    warehouse,
    'queries',
    `SELECT ${selectList(PipelineAccount, 'l')} FROM ${tableOf(warehouse, TABLES.ledger.log.name)} AS l FINAL
     WHERE l.tenant = {tenant:String}
     ORDER BY l.sender, l.signal, l.spool, l.time DESC
     LIMIT 1 BY l.sender, l.signal, l.spool
     LIMIT ${MOST_ACCOUNTS}`,
    { tenant },
  );
  return rows.map(readAccount);
}

/** Counts every event of the tenant, which is slow when there are many. */
export async function storedEvents(warehouse: Warehouse, tenant: string): Promise<StoredEvents> {
  const [bySender, repeats, refused, removed, tables] = await Promise.all([
    read(
      warehouse,
      'searches',
      `SELECT sender, count() AS events, countIf(derivedFrom != '') AS derived FROM ${tableOf(warehouse, TABLES.events.log.name)} FINAL
       WHERE tenant = {tenant:String} GROUP BY sender ORDER BY sender`,
      { tenant },
    ),
    // Reading in the table's order keeps only one event at a time in memory.
    read(
      warehouse,
      'searches',
      `SELECT sum(arrivals - 1) AS events, sumIf(arrivals - 1, isDerived) AS derived
       FROM (
         SELECT uniqExact(a.receivedAt, a.sender) AS arrivals, max(a.isDerived) AS isDerived
         FROM ${tableOf(warehouse, EVENT_ARRIVALS)} AS a WHERE a.tenant = {tenant:String} GROUP BY a.tenant, a.event
       )
       SETTINGS optimize_aggregation_in_order = 1`,
      { tenant },
    ),
    read(
      warehouse,
      'searches',
      `SELECT uniqExact(rejectId) AS n FROM ${tableOf(warehouse, TABLES.rejects.log.name)}
       WHERE tenant = {tenant:String} AND stage = 'recorder'`,
      { tenant },
    ),
    read(
      warehouse,
      'queries',
      `SELECT toUnixTimestamp64Milli(max(r.time)) AS time FROM ${tableOf(warehouse, REMOVED_TENANTS)} AS r
       WHERE r.tenant = {tenant:String} HAVING count() > 0`,
      { tenant },
    ),
    read(
      warehouse,
      'queries',
      `SELECT engine_full FROM system.tables WHERE database = {database:String} AND name = {name:String}`,
      {
        database: warehouse.database,
        name: TABLES.events.log.name,
      },
    ),
  ]);
  const days = retentionIn(String(tables[0]?.['engine_full']));
  const removedAt = removed[0]?.['time'];
  return {
    bySender: bySender.map(({ sender, events, derived }) => ({
      sender: String(sender),
      events: Number(events),
      derived: Number(derived),
    })),
    repeats: { events: Number(repeats[0]?.['events'] ?? 0), derived: Number(repeats[0]?.['derived'] ?? 0) },
    refused: Number(refused[0]?.['n'] ?? 0),
    ...(days === undefined ? {} : { retentionDays: days }),
    ...(removedAt === undefined ? {} : { removedAt: Number(removedAt) }),
  };
}

const tableOf = (warehouse: Warehouse, name: string): string => `${quoteName(warehouse.database)}.${quoteName(name)}`;
