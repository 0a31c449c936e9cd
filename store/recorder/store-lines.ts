/** Stores lines in a table. It waits until outages are over, and a rejected line does not delay the others. */
import { doublingPauses, retry } from '../../platform/retry.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import { codeOf, failureOf } from '../../platform/warehouse/failure.ts';
import type { Purpose, Warehouse } from '../../platform/warehouse/index.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { insertSettings } from '../insert-settings.ts';
import type { RecordTable } from '../tables.ts';
import { type Chunk, type Line, bodyOf, linesOf } from './pending.ts';

export interface RefusedLine extends Line {
  /** ClickHouse's exception code; 0 when it gave none. */
  readonly code: number;
  readonly reason: string;
}

export interface StoreOptions {
  readonly warehouse: Warehouse;
  readonly purpose: Purpose;
  readonly table: RecordTable;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Stops waiting; what is not stored by then is read again from the log. */
  readonly signal: AbortSignal;
}

const PAUSES = doublingPauses(100, 10_000);
/** Answers that could mean either: after so many, the rows are looked at one by one. */
const UNCLEAR_TRIES = 5;
/** A smaller number for parts of the rows, because the trouble has already lasted for a while by then. */
const UNCLEAR_TRIES_OF_PARTS = 2;

/**
 * Safe to repeat: equal lines collapse in the table.
 *
 * @returns the lines that ClickHouse rejects; all others are stored
 * @throws ShellError STOPPED when `signal` fires during an outage
 */
export async function storeChunks(options: StoreOptions, chunks: readonly Chunk[]): Promise<readonly RefusedLine[]> {
  if (chunks.length === 0) return [];
  const whole = await insert(options, bodyOf(chunks.map(({ value }) => value)), UNCLEAR_TRIES);
  return whole === undefined ? [] : storeLines(options, linesOf(chunks), whole);
}

/** Halves rejected lines until single lines are left. `refusal` is the answer for all of these lines together. */
async function storeLines(
  options: StoreOptions,
  lines: readonly Line[],
  refusal: RefusedInsert,
): Promise<readonly RefusedLine[]> {
  const [first] = lines;
  if (first === undefined) return [];
  if (lines.length === 1) return [{ ...first, ...refusal }];
  const middle = Math.ceil(lines.length / 2);
  const refused: RefusedLine[] = [];
  for (const half of [lines.slice(0, middle), lines.slice(middle)]) {
    const answer = await insert(options, bodyOf(half.map(({ bytes }) => bytes)), UNCLEAR_TRIES_OF_PARTS);
    if (answer !== undefined) refused.push(...(await storeLines(options, half, answer)));
  }
  return refused;
}

interface RefusedInsert {
  readonly code: number;
  readonly reason: string;
}

/** @returns undefined when stored */
async function insert(options: StoreOptions, lines: Buffer, unclearTries: number): Promise<RefusedInsert | undefined> {
  const { warehouse, purpose, table, log, metrics, signal } = options;
  const labels = { table: table.view };
  const retries = metrics.counter('recorder_retries_total', 'Inserts that were retried', ['table', 'failure']);
  const seconds = metrics.histogram(
    'recorder_insert_seconds',
    'Duration of successful inserts',
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    ['table'],
  );
  let unclear = 0;
  const attempt = async (failures: number): Promise<void> => {
    const started = performance.now();
    await warehouse.insertLines(purpose, { table: table.log.name, lines, settings: insertSettings(table) });
    seconds.observe(labels, (performance.now() - started) / 1_000);
    if (failures > 0) log.info('insert went through', { ...labels, attempt: failures + 1 });
  };
  try {
    await retry(attempt, {
      pauses: PAUSES,
      signal,
      isRetryable: async (error) => {
        const failure = failureOf(error);
        if (failure === 'unclear') unclear += 1;
        return failure !== 'refused' && !(unclear >= unclearTries && (await takesInserts(options)));
      },
      onRetry: (error, { failures, pauseMs }) => {
        const failure = failureOf(error);
        retries.inc({ ...labels, failure });
        // The message of an answer may quote telemetry; the code does not.
        const facts = { failure, code: codeOf(error), attempt: failures, bytes: lines.length, pauseMs };
        log.warn('insert retried', { ...labels, ...facts });
      },
    });
    return undefined;
  } catch (error) {
    if (error === signal.reason) throw stopped();
    return { code: codeOf(error) ?? 0, reason: messageOf(error) };
  }
}

/** Checks whether the table accepts inserts at all, in which case the rows must be at fault. */
async function takesInserts({ warehouse, purpose, table }: StoreOptions): Promise<boolean> {
  const name = `${quoteName(warehouse.database)}.${quoteName(table.log.name)}`;
  try {
    await warehouse.client(purpose).command({ query: `INSERT INTO ${name} SELECT * FROM ${name} LIMIT 0` });
    return true;
  } catch {
    return false;
  }
}

function stopped(): ShellError {
  return new ShellError('STOPPED', 'stopped while the warehouse was unavailable', { retryable: true });
}
