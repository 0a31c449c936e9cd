/** Opens the configured warehouse: the embedded engine or a ClickHouse server. */
import { type Config, dataFolders } from '../platform/config.ts';
import { clickHouseServer } from '../platform/warehouse/clickhouse-server.ts';
import { type Warehouse, openWarehouse } from '../platform/warehouse/index.ts';

export async function openWarehouseFor(config: Config): Promise<Warehouse> {
  if (config.VIGIL_CLICKHOUSE_URL === undefined)
    return openWarehouse({
      kind: 'chdb',
      path: dataFolders(config).warehouse,
      database: config.VIGIL_CLICKHOUSE_DATABASE,
    });
  return openWarehouse(clickHouseServer(config.VIGIL_CLICKHOUSE_URL, config));
}
