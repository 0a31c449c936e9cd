/** Removes all data of one tenant from the warehouse. The log keeps its own copy until its retention ends. */
import type { Warehouse } from '../platform/warehouse/index.ts';
import { quoteName } from '../schemas/ddl.ts';
import { EVENT_ARRIVALS, REMOVED_TENANTS, SESSION_DAYS, TABLES } from './tables.ts';

/** Resolves when none of it can be read any more. @throws ClickHouseError */
export async function removeTenant(warehouse: Warehouse, tenant: string): Promise<void> {
  const database = quoteName(warehouse.database);
  await warehouse.client('inserts').command({
    query: `INSERT INTO ${database}.${quoteName(REMOVED_TENANTS)} SELECT {tenant:String}, now64(3, 'UTC')`,
    query_params: { tenant },
  });
  for (const table of [...Object.values(TABLES).map(({ log }) => log.name), SESSION_DAYS, EVENT_ARRIVALS]) {
    await warehouse.client('inserts').command({
      query: `ALTER TABLE ${database}.${quoteName(table)} DELETE WHERE tenant = {tenant:String}`,
      query_params: { tenant },
      clickhouse_settings: { mutations_sync: '2' },
    });
  }
}
