/** `vigil demo remove`: takes the demo's data out of the warehouse again, whether Vigil runs or not. */
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

Removes the events, alerts and rejects of the tenant "demo" from the warehouse. Works while Vigil runs and while it does not.
A demo that is being played is ended, and what of it is still on its way is waited for, so that nothing comes after. Where
Vigil does not run, the next start removes what was still on its way. On Kafka, where the roles run by themselves, collectors,
detectors and recorders are waited for likewise; where one of them does not get on, nothing is removed. The log keeps its copy
until its retention ends.

  --data FOLDER  where the data lies (default: VIGIL_DATA, else ~/.vigil)
  --now          on Kafka: removes what is stored and waits for nobody; what is still on its way comes after it`;

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
  // Before the rows go: should this be broken off, the next start finishes it.
  if (existsSync(config.VIGIL_DATA)) layRequest(folders.requests, REMOVE_DEMO);
  const warehouse = await openWarehouseFor(config);
  try {
    await migrate({ warehouse, log: createLog('demo', 'warn'), retentionDays: 'as it is' });
    console.log(await removeStored(config, warehouse, values.now === true));
  } finally {
    await warehouse.close();
  }
}

/** @returns a sentence on what was done @throws ShellError REMOVAL_STUCK, BUS_UNAVAILABLE */
async function removeStored(config: Config, warehouse: Warehouse, now: boolean): Promise<string> {
  if (now || config.VIGIL_KAFKA_BROKERS === undefined) {
    await removeTenant(warehouse, DEMO_TENANT);
    return now ? 'What is stored of the demo has been removed; what is still on its way comes after it.' : REMOVED;
  }
  const log = createLog('demo', 'warn');
  const bus = await createBus({ config, clientId: 'vigil-demo', log, embeddedPath: dataFolders(config).log });
  try {
    const { left } = await removeFromCluster({ bus, warehouse }, AbortSignal.timeout(REMOVAL_MS));
    if (left === 0) return REMOVED;
    return `${REMOVED} ${left} records of it wait in spools that have not been heard of for a minute: they come after it when their collectors start again.`;
  } catch (error) {
    if (!(error instanceof ShellError && error.code === 'REMOVAL_STUCK')) throw error;
    const sentence = `${error.message}; vigil demo remove --now removes what is stored and does not wait`;
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

/** @throws ShellError with the reason of the Vigil that runs */
async function askRunning(config: Config): Promise<void> {
  try {
    await leaveRequest(dataFolders(config).requests, REMOVE_DEMO, { timeoutMs: REMOVAL_MS });
  } catch (error) {
    if (!(error instanceof ShellError)) throw error;
    const sentence = `the Vigil that runs on ${config.VIGIL_DATA} could not remove the demo: ${messageOf(error)}`;
    throw new ShellError(error.code, sentence, { retryable: error.retryable, cause: error });
  }
}
