/** `vigil demo remove`: deletes the demo's data from the warehouse, whether Vigil is running or not. */
import { DEMO_TENANT } from '../../roles/forget-demo.ts';
import { existsSync } from 'node:fs';
import { createBus } from '../../platform/bus/index.ts';
import { type Config, dataFolders, readConfig } from '../../platform/config.ts';
import { createLog } from '../../platform/log.ts';
import { type ProcessLock, lockFor } from '../../platform/process/process-lock.ts';
import { layRequest, leaveRequest } from '../../platform/files/requests-folder.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { migrate } from '../../store/migrate.ts';
import { removeTenant } from '../../store/remove-tenant.ts';
import { openWarehouseFor } from '../../roles/open-warehouse.ts';
import { UsageError, readArguments } from '../usage.ts';
import { REMOVE_DEMO } from './play.ts';
import { REMOVAL_MS, removeFromCluster } from './removal.ts';

const HELP = `Usage: vigil demo remove [--data FOLDER] [--now]

Removes the events, alerts and rejects of the tenant "demo" from the warehouse, whether Vigil is running or not.
If the demo is playing, it is stopped, and the command waits for its data in the pipeline, so that none arrives later. If
Vigil is not running, the next start removes the data that was still in the pipeline. On Kafka, where the roles run
separately, the command also waits for collectors, detectors and recorders; if one of them makes no progress, nothing is
removed. The log keeps its copy until its retention ends.

  --data FOLDER  data folder (default: VIGIL_DATA, else ~/.vigil)
  --now          on Kafka: removes the stored data without waiting; data still in the pipeline arrives later`;

export async function demo(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, { data: { type: 'string' }, now: { type: 'boolean' } }, HELP, 1);
  if (positionals.length !== 1 || positionals[0] !== 'remove') throw new UsageError(HELP);
  const config = readConfig({ ...process.env, ...(values.data === undefined ? {} : { VIGIL_DATA: values.data }) });
  const folders = dataFolders(config);
  if (existsSync(config.VIGIL_DATA)) {
    const lock = lockUnlessRunning(config);
    if (lock === undefined) {
      await askRunning(config);
      console.log(REMOVED);
      return;
    }
    process.on('exit', () => lock.release());
  }
  if (config.VIGIL_CLICKHOUSE_URL === undefined && !existsSync(folders.warehouse))
    throw new ShellError('NO_DATA', `there is no data in ${config.VIGIL_DATA}`, { retryable: false });
  // Leave the request before the rows are deleted: if this is interrupted, the next start finishes it.
  if (existsSync(config.VIGIL_DATA)) layRequest(folders.requests, REMOVE_DEMO);
  const warehouse = await openWarehouseFor(config);
  try {
    await migrate({ warehouse, log: createLog('demo', 'warn'), retentionDays: 'as it is' });
    console.log(await removeStored(config, warehouse, values.now === true));
  } finally {
    await warehouse.close();
  }
}

/** @returns a sentence about what was done @throws ShellError REMOVAL_STUCK, BUS_UNAVAILABLE */
async function removeStored(config: Config, warehouse: Warehouse, now: boolean): Promise<string> {
  if (now || config.VIGIL_KAFKA_BROKERS === undefined) {
    await removeTenant(warehouse, DEMO_TENANT);
    return now
      ? 'The stored data of the demo has been removed. Data still in the pipeline will arrive later.'
      : REMOVED;
  }
  const log = createLog('demo', 'warn');
  const bus = await createBus({ config, clientId: 'vigil-demo', log, embeddedPath: dataFolders(config).log });
  try {
    const { left } = await removeFromCluster({ bus, warehouse }, AbortSignal.timeout(REMOVAL_MS));
    if (left === 0) return REMOVED;
    return `${REMOVED} ${left} of its records wait in spools that have not reported for a minute: they will arrive when their collectors start again.`;
  } catch (error) {
    if (!(error instanceof ShellError && error.code === 'REMOVAL_STUCK')) throw error;
    const sentence = `${error.message}; vigil demo remove --now removes the stored data without waiting`;
    throw new ShellError(error.code, sentence, { retryable: true, cause: error });
  } finally {
    await bus.close();
  }
}

const REMOVED = 'The demo’s data has been removed.';

/** @returns undefined while a `vigil up` holds the folder */
function lockUnlessRunning(config: Config): ProcessLock | undefined {
  try {
    return lockFor(dataFolders(config).lock, `the data folder ${config.VIGIL_DATA}`);
  } catch (error) {
    if (error instanceof ShellError && error.code === 'ALREADY_RUNNING') return undefined;
    throw error;
  }
}

/** @throws ShellError with the reason from the running Vigil */
async function askRunning(config: Config): Promise<void> {
  try {
    await leaveRequest(dataFolders(config).requests, REMOVE_DEMO, { timeoutMs: REMOVAL_MS });
  } catch (error) {
    if (!(error instanceof ShellError)) throw error;
    const sentence = `the Vigil running on ${config.VIGIL_DATA} could not remove the demo: ${messageOf(error)}`;
    throw new ShellError(error.code, sentence, { retryable: error.retryable, cause: error });
  }
}
