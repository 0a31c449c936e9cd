/** Updates the warehouse's layout before anything is written. */
import { retry } from '../platform/retry.ts';
import type { Log } from '../platform/log.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { failureOf, readFailure } from '../platform/warehouse/failure.ts';
import type { Warehouse } from '../platform/warehouse/index.ts';
import { quoteName, quoteText } from '../schemas/ddl.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import { EVENT_ARRIVALS, SESSION_DAYS, TABLES } from './tables.ts';

export interface MigrateOptions {
  readonly warehouse: Warehouse;
  readonly log: Log;
  /** Records older than this (by `receivedAt`; alerts by `time`) are deleted; kept forever when absent. */
  readonly retentionDays?: number | 'as it is';
  readonly migrations?: readonly Migration[];
}

/** Two processes that alter one table at the same time can disturb each other; the second attempt finds it done. */
const TRIES = 5;
const PAUSE_MS = 200;

/**
 * Idempotent, and safe when several processes start together.
 *
 * @returns versions applied by this call
 * @throws ShellError WAREHOUSE_UNAVAILABLE (retryable), MIGRATION_FAILED (not)
 */
export async function migrate(options: MigrateOptions): Promise<readonly number[]> {
  const { warehouse, log, retentionDays, migrations = MIGRATIONS } = options;
  const db = quoteName(warehouse.database);
  await run(warehouse, `CREATE DATABASE IF NOT EXISTS ${db}`);
  await run(
    warehouse,
    `CREATE TABLE IF NOT EXISTS ${db}.schema_migrations (version UInt32, name String, appliedAt DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = ReplacingMergeTree ORDER BY version`,
  );
  const applied = new Set(
    (await rowsOf<{ version: number }>(warehouse, `SELECT DISTINCT version FROM ${db}.schema_migrations`)).map(
      ({ version }) => version,
    ),
  );
  const missing = migrations.filter(({ version }) => !applied.has(version));
  for (const { version, name, statements } of missing) {
    for (const statement of statements) await run(warehouse, statement.replaceAll('{db}', db));
    await run(warehouse, `INSERT INTO ${db}.schema_migrations (version, name) VALUES (${version}, ${quoteText(name)})`);
    log.info('warehouse migrated', { version, name });
  }
  if (retentionDays !== 'as it is') await setRetention(warehouse, retentionDays);
  return missing.map(({ version }) => version);
}

/** Sets or removes the TTL only if it differs from the configured one, because that rewrites parts. */
async function setRetention(warehouse: Warehouse, days: number | undefined): Promise<void> {
  const db = quoteName(warehouse.database);
  const wanted = [
    { table: TABLES.events.log.name, column: 'receivedAt' },
    { table: TABLES.alerts.log.name, column: 'time' },
    { table: TABLES.rejects.log.name, column: 'receivedAt' },
    { table: SESSION_DAYS, column: 'receivedAt' },
    { table: EVENT_ARRIVALS, column: 'receivedAt' },
  ];
  const engines = new Map(
    (
      await rowsOf<{ name: string; engine: string }>(
        warehouse,
        `SELECT name, engine_full AS engine FROM system.tables WHERE database = ${quoteText(warehouse.database)}`,
      )
    ).map(({ name, engine }) => [name, engine]),
  );
  for (const { table, column } of wanted) {
    const present = retentionIn(engines.get(table) ?? '');
    if (days === undefined && present !== undefined) {
      await run(warehouse, `ALTER TABLE ${db}.${quoteName(table)} REMOVE TTL`);
    } else if (days !== undefined && present !== days) {
      await run(
        warehouse,
        `ALTER TABLE ${db}.${quoteName(table)} MODIFY TTL toDateTime(${column}) + toIntervalDay(${days})`,
      );
    }
  }
}

/** Returns the retention in days from a table's engine clause, as ClickHouse prints it. */
export function retentionIn(engine: string): number | undefined {
  const days = /TTL toDateTime\(\w+\) \+ toIntervalDay\((\d+)\)/.exec(engine)?.[1];
  return days === undefined ? undefined : Number(days);
}

async function run(warehouse: Warehouse, query: string): Promise<void> {
  const isAway = (error: unknown): boolean => failureOf(error) === 'unavailable';
  try {
    await retry(() => warehouse.client('inserts').command({ query }), {
      pauses: (failures) => PAUSE_MS * failures,
      isRetryable: (error, failures) => !isAway(error) && failures < TRIES,
    });
  } catch (error) {
    const [code, retryable] = isAway(error) ? ['WAREHOUSE_UNAVAILABLE', true] : ['MIGRATION_FAILED', false];
    throw new ShellError(code, messageOf(error), { retryable, cause: error });
  }
}

async function rowsOf<T>(warehouse: Warehouse, query: string): Promise<T[]> {
  try {
    const answer = await warehouse.client('inserts').query({ query, format: 'JSONEachRow' });
    return await answer.json<T>();
  } catch (error) {
    throw readFailure(error);
  }
}
