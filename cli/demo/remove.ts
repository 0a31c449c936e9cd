/** `vigil demo remove`: takes the demo's data out of the warehouse again, whether Vigil runs or not. */
import { existsSync } from 'node:fs';
import { dataFolders, readConfig } from '../../platform/config.ts';
import { createLog } from '../../platform/log.ts';
import { type ProcessLock, lockFor } from '../../platform/process-lock.ts';
import { leaveRequest } from '../../platform/requests-folder.ts';
import { ShellError } from '../../platform/shell-error.ts';
import { migrate } from '../../store/migrate.ts';
import { removeTenant } from '../../store/remove-tenant.ts';
import { openWarehouseFor } from '../roles.ts';
import { UsageError, readArguments } from '../usage.ts';
import { DEMO_TENANT, REMOVE_DEMO } from './play.ts';

const HELP = `Usage: vigil demo remove [--data FOLDER]

Removes the events, alerts and rejects of the tenant "demo" from the warehouse. Works while Vigil runs and while it does not.

  --data FOLDER  where the data lies (default: VIGIL_DATA, else ~/.vigil)`;

const TIMEOUT_MS = 30_000;

export async function demo(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, { data: { type: 'string' } }, HELP, 1);
  if (positionals.length !== 1 || positionals[0] !== 'remove') throw new UsageError(HELP);
  const config = readConfig({ ...process.env, ...(values.data === undefined ? {} : { VIGIL_DATA: values.data }) });
  const folders = dataFolders(config);
  if (config.VIGIL_CLICKHOUSE_URL === undefined) {
    if (!existsSync(folders.warehouse))
      throw new ShellError('NO_DATA', `there is no data in ${config.VIGIL_DATA}`, { retryable: false });
    let lock: ProcessLock;
    try {
      lock = lockFor(folders.lock, `the data folder ${config.VIGIL_DATA}`);
    } catch (error) {
      if (!(error instanceof ShellError && error.code === 'ALREADY_RUNNING')) throw error;
      if (await leaveRequest(folders.requests, REMOVE_DEMO, TIMEOUT_MS))
        console.log('The demo’s data has been removed.');
      else
        throw new ShellError(
          'NO_ANSWER',
          `the Vigil that runs on ${config.VIGIL_DATA} did not answer within ${TIMEOUT_MS / 1000} s`,
          { retryable: true },
        );
      return;
    }
    process.on('exit', () => lock.release());
  }
  const warehouse = await openWarehouseFor(config);
  try {
    await migrate({ warehouse, log: createLog('demo', 'warn'), retentionDays: 'as it is' });
    await removeTenant(warehouse, DEMO_TENANT);
    console.log('The demo’s data has been removed.');
  } finally {
    await warehouse.close();
  }
}
