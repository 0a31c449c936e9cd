/** Opens the configured warehouse. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type ClickHouseClient, type ClickHouseSettings, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { lockFor } from '../process/process-lock.ts';
import { ShellError, messageOf } from '../shell-error.ts';
import { embeddedConnection } from './chdb-connection.ts';
import {
  PURPOSES,
  type Deadlines,
  type LinesInsert,
  type Purpose,
  type Warehouse,
  type WarehouseConfig,
} from './warehouse.ts';

export type { Purpose, ReadPurpose, Warehouse, WarehouseConfig } from './warehouse.ts';

/** The recorder waits longer for an insert than an analyst waits for a page. */
const INSERT_TIMEOUT_MS = 60_000;
/** How long an analyst waits; a query to a hanging server fails then. */
const DEADLINES_MS: Deadlines = { queries: 15_000, searches: 25_000 };
const GIB = 1024 ** 3;

/**
 * Limits on the cost of one statement (s, bytes). They are within the statement's deadline, so that the engine reports
 * the reason first. Inserts are limited by their size.
 */
const LIMITS: Readonly<Record<Purpose, ClickHouseSettings>> = {
  inserts: {},
  alerts: {},
  queries: { max_execution_time: 12, max_memory_usage: String(GIB) },
  searches: { max_execution_time: 22, max_memory_usage: String(2 * GIB) },
};

/** Every server version then sends numbers as JSON numbers. */
const READ_SETTINGS: ClickHouseSettings = {
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
  output_format_json_named_tuples_as_objects: 1,
};

/**
 * @throws ShellError WAREHOUSE_MISSING_ENGINE when chDB is required and not installed; ALREADY_RUNNING when another
 * process has its folder open; UNWRITABLE; WAREHOUSE_UNAVAILABLE when the folder's data cannot be opened. An
 * unreachable server is not an error here, because it may start later.
 */
export async function openWarehouse(config: WarehouseConfig): Promise<Warehouse> {
  return config.kind === 'http' ? openHttp(config) : openEmbedded(config);
}

const DEFAULT_DATABASE = 'vigil';

function settingsOf(purpose: Purpose): ClickHouseSettings {
  // Return an error rather than half a result, and no answer before an insert is complete.
  return { wait_end_of_query: 1, ...READ_SETTINGS, ...LIMITS[purpose] };
}

function openHttp(config: WarehouseConfig & { readonly kind: 'http' }): Warehouse {
  const deadlinesMs = config.deadlinesMs ?? DEADLINES_MS;
  const timeouts = { inserts: INSERT_TIMEOUT_MS, alerts: INSERT_TIMEOUT_MS, ...deadlinesMs };
  const clientFor = (purpose: Purpose): ClickHouseClient =>
    createClient({
      url: config.url,
      ...(config.username === undefined ? {} : { username: config.username }),
      ...(config.password === undefined ? {} : { password: config.password }),
      ...(config.tls === undefined ? {} : { tls: config.tls }),
      application: `vigil-${purpose}`,
      request_timeout: timeouts[purpose],
      max_open_connections: purpose === 'queries' ? 8 : 2,
      use_multipart_params_auto: true,
      keep_alive: { enabled: true, eagerly_destroy_stale_sockets: true },
      // The profile is first, because settings apply in order and those after it override it.
      clickhouse_settings: {
        ...(config.profile === undefined ? {} : { profile: config.profile }),
        ...settingsOf(purpose),
      },
      // The caller reports failures.
      log: { level: ClickHouseLogLevel.OFF },
    });
  const database = config.database ?? DEFAULT_DATABASE;
  return warehouseOf({ kind: 'http', database, deadlinesMs }, clientFor, async (client, { table, lines, settings }) => {
    const { stream } = await client.exec({
      query: `INSERT INTO \`${database}\`.\`${table}\` FORMAT JSONEachRow`,
      values: Readable.from([lines], { objectMode: false }),
      clickhouse_settings: settings,
    });
    await finished(stream.resume());
  });
}

async function openEmbedded(config: WarehouseConfig & { readonly kind: 'chdb' }): Promise<Warehouse> {
  const { createChdbConnection } = await import('chdb/connection').catch((error: unknown) => {
    throw new ShellError(
      'WAREHOUSE_MISSING_ENGINE',
      'the embedded warehouse needs the optional package chdb, which is not installed here; install it, or set VIGIL_CLICKHOUSE_URL to use a ClickHouse server',
      { retryable: false, cause: error },
    );
  });
  const lock = lockFor(`${config.path}.lock`, `the warehouse folder ${config.path}`);
  const database = config.database ?? DEFAULT_DATABASE;
  const open = () => embeddedConnection(createChdbConnection({ path: config.path }));
  const engines = new Map<ClickHouseClient, ReturnType<typeof open>>();
  try {
    const warehouse = warehouseOf(
      { kind: 'chdb', database, deadlinesMs: DEADLINES_MS },
      (purpose) => {
        const engine = open();
        const client = createClient({
          connection: engine.connection,
          clickhouse_settings: settingsOf(purpose),
          log: { level: ClickHouseLogLevel.OFF },
        });
        engines.set(client, engine);
        return client;
      },
      async (client, insert) => engines.get(client)?.insertLines(database, insert),
    );
    await warehouse.ping();
    return { ...warehouse, close: () => warehouse.close().finally(() => lock.release()) };
  } catch (error) {
    await Promise.allSettled([...engines.keys()].map((client) => client.close()));
    lock.release();
    throw unavailable(`cannot open the warehouse folder ${config.path}`, error);
  }
}

function warehouseOf(
  facts: Pick<Warehouse, 'kind' | 'database' | 'deadlinesMs'>,
  clientFor: (purpose: Purpose) => ClickHouseClient,
  insert: (client: ClickHouseClient, insert: LinesInsert) => Promise<void>,
): Warehouse {
  const clients = new Map(PURPOSES.map((purpose) => [purpose, clientFor(purpose)]));
  const client = (purpose: Purpose): ClickHouseClient => {
    const found = clients.get(purpose);
    if (found === undefined) throw new Error(`no connection for ${purpose}`);
    return found;
  };
  return {
    ...facts,
    client,
    insertLines: (purpose, lines) => insert(client(purpose), lines),
    ping: async () => {
      const answer = await client('alerts').ping({ select: true });
      if (!answer.success) throw unavailable('the warehouse does not respond', answer.error);
    },
    close: async () => {
      await Promise.all([...clients.values()].map((each) => each.close()));
    },
  };
}

function unavailable(what: string, error: unknown): ShellError {
  if (error instanceof ShellError) return error;
  return new ShellError('WAREHOUSE_UNAVAILABLE', `${what}: ${messageOf(error)}`, { retryable: true, cause: error });
}
