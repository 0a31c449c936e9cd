/** The recorder role: stores topics in tables. */
import { doublingPauses, isRetryableError, pauseFor } from '../platform/retry.ts';
import { openWarehouseFor } from './open-warehouse.ts';
import { type Parts, runRole, serveAdmin } from './run-role.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { Running } from '../platform/process/lifecycle.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { messageOf } from '../platform/shell-error.ts';
import type { Purpose, Warehouse } from '../platform/warehouse/index.ts';
import { migrate } from '../store/migrate.ts';
import { type Writer, type WriterLimits, startWriter } from '../store/recorder/topic-writer.ts';
import { type RecordTable, TABLES } from '../store/tables.ts';

export interface RecorderOptions {
  readonly bus: Bus;
  readonly warehouse: Warehouse;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Records older than this are deleted from the warehouse; without it they are kept forever. */
  readonly retentionDays?: number;
}

const MIB = 1024 ** 2;
/** Large enough that ClickHouse works on rows rather than parts, and small enough to keep several in memory. */
const BULK: WriterLimits = { bytes: 8 * MIB, rows: 20_000, delayMs: 250 };
/** People wait for these, so they are stored sooner. */
const PROMPT: WriterLimits = { bytes: 4 * MIB, rows: 5_000, delayMs: 0 };

/** Each topic has its own group, so that a delay in one does not delay the others. */
const WRITERS: readonly {
  readonly table: RecordTable;
  readonly group: string;
  readonly purpose: Purpose;
  readonly limits: WriterLimits;
}[] = [
  { table: TABLES.events, group: 'vigil-recorder', purpose: 'inserts', limits: BULK },
  { table: TABLES.alerts, group: 'vigil-recorder-alerts', purpose: 'alerts', limits: PROMPT },
  { table: TABLES.rejects, group: 'vigil-recorder-rejects', purpose: 'inserts', limits: BULK },
  { table: TABLES.ledger, group: 'vigil-recorder-ledger', purpose: 'inserts', limits: BULK },
];

/** The group of each topic. Everything up to its committed position is stored. */
export const RECORDER_GROUPS: readonly { readonly topic: string; readonly group: string }[] = WRITERS.map(
  ({ table, group }) => ({
    topic: table.topic,
    group,
  }),
);

const PAUSES = doublingPauses(250, 15_000);

/**
 * Starts even while the warehouse or the bus is unavailable, and begins when both are there: tables first, then
 * writers.
 *
 * @throws ShellError MIGRATION_FAILED
 */
export async function startRecorder(options: RecorderOptions): Promise<Running> {
  const { bus, warehouse, log, metrics, retentionDays } = options;
  const ended = new AbortController();
  const writers: Writer[] = [];
  const begin = async (): Promise<void> => {
    await migrate({ warehouse, log, ...(retentionDays === undefined ? {} : { retentionDays }) });
    for (const writer of WRITERS.slice(writers.length)) {
      writers.push(await startWriter({ ...writer, bus, warehouse, log, metrics }));
    }
    log.info('recording', { topics: WRITERS.map(({ table }) => table.topic) });
  };
  const begun = await attempt(begin, log);
  const beginning = begun ? Promise.resolve() : keepTrying(begin, log, ended.signal);
  return {
    stop: async () => {
      ended.abort();
      await beginning;
      await Promise.all(writers.map((writer) => writer.stop()));
    },
  };
}

/** @returns false when a retry may help */
async function attempt(begin: () => Promise<void>, log: Log): Promise<boolean> {
  try {
    await begin();
    return true;
  } catch (error) {
    if (!isRetryableError(error)) throw error;
    log.warn('recording cannot start yet', { code: error.code, error: messageOf(error) });
    return false;
  }
}

async function keepTrying(begin: () => Promise<void>, log: Log, signal: AbortSignal): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    await pauseFor(PAUSES(failures), signal);
    if (signal.aborted || (await attempt(begin, log))) return;
  }
}

export async function runRecorder(): Promise<void> {
  await runRole('recorder', async (parts, undo) => {
    const warehouse = await openWarehouseFor(parts.config);
    undo(() => warehouse.close());
    await serveAdmin(
      'recorder',
      parts,
      async () => {
        await Promise.all([parts.bus.ping(), warehouse.ping()]);
      },
      undo,
    );
    return startRecorder(recorderOptions(parts, warehouse));
  });
}

export function recorderOptions({ config, log, metrics, bus }: Parts, warehouse: Warehouse) {
  const retentionDays = config.VIGIL_WAREHOUSE_RETENTION_DAYS;
  return { bus, warehouse, log, metrics, ...(retentionDays === undefined ? {} : { retentionDays }) };
}
