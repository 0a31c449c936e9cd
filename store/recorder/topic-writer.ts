/**
 * Stores one topic in one table. Messages are grouped into inserts, limited by bytes, rows and time. A position is
 * committed only when everything before it is stored or, if rejected, is in the rejects. While one insert is running,
 * the next is collected; when that is full, reading pauses.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Bus, Consumption, TopicPartition } from '../../platform/bus/bus.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import type { Purpose, Warehouse } from '../../platform/warehouse/index.ts';
import type { RecordTable } from '../tables.ts';
import { NOTHING, type Pending, withBatch } from './pending.ts';
import { isOwnReject, rejectsOf } from './refused-line.ts';
import { type RefusedLine, storeChunks } from './store-lines.ts';

export interface WriterOptions {
  readonly bus: Bus;
  readonly warehouse: Warehouse;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly table: RecordTable;
  readonly group: string;
  readonly purpose: Purpose;
  readonly limits: WriterLimits;
}

export interface WriterLimits {
  /** An insert starts at the latest when it has this many bytes or rows, or when its first row has waited this long. */
  readonly bytes: number;
  readonly rows: number;
  readonly delayMs: number;
}

export interface Writer {
  /** Stores what has been read if that is quick; the rest is read again at the next start. */
  stop(): Promise<void>;
}

const STOP_MS = 1_500;
const REVOKE_MS = 5_000;
const REJECT_PAUSE_MS = 1_000;

/** @throws ShellError BUS_UNAVAILABLE */
export async function startWriter(options: WriterOptions): Promise<Writer> {
  const { bus, log, table, group, limits } = options;
  const counted = countersOf(options);
  const given = new AbortController();
  const store = { ...options, signal: given.signal };
  let consumption: Consumption | undefined;
  let pending: Pending = NOTHING;
  let writing: Promise<void> | undefined;
  let due = false;
  let timer: NodeJS.Timeout | undefined;
  /** Called whenever a write has ended or nothing is left to write. */
  let waiters: (() => void)[] = [];

  const isFull = (): boolean => pending.bytes >= limits.bytes || pending.rows >= limits.rows;
  const isEmpty = (): boolean => pending.positions.size === 0;
  const changed = (): Promise<void> => new Promise((resolve) => waiters.push(resolve));

  /** Starts a write if one is due and none is running. */
  const proceed = (): void => {
    if (writing !== undefined || given.signal.aborted || isEmpty() || !(due || isFull())) return;
    clearTimeout(timer);
    timer = undefined;
    due = false;
    const taken = pending;
    pending = NOTHING;
    writing = write(taken)
      .catch((error: unknown) => {
        if (!(error instanceof ShellError && error.code === 'STOPPED')) throw error;
      })
      .finally(() => {
        writing = undefined;
        const woken = waiters;
        waiters = [];
        for (const wake of woken) wake();
        proceed();
      });
  };

  const write = async ({ chunks, rows, bytes, positions }: Pending): Promise<void> => {
    const refused = await storeChunks(store, chunks);
    if (refused.length > 0) await reject(refused);
    counted.stored(rows - refused.length, bytes);
    try {
      await consumption?.commit(
        [...positions].map(([partition, offset]) => ({ topic: table.topic, partition, offset })),
      );
    } catch (error) {
      // The rows are stored. If they are read again, they collapse.
      log.warn('positions not committed', { topic: table.topic, error: messageOf(error) });
    }
  };

  const reject = async (refused: readonly RefusedLine[]): Promise<void> => {
    const [lost, kept] = [
      refused.filter(({ bytes }) => isOwnReject(bytes)),
      refused.filter(({ bytes }) => !isOwnReject(bytes)),
    ];
    for (const { code } of refused) counted.refused(code);
    if (lost.length > 0) {
      counted.unstorable(lost.length);
      log.error('rejects rejected by their own table', { lines: lost.length, code: lost[0]?.code });
    }
    if (kept.length === 0) return;
    log.warn('lines rejected', { table: table.view, lines: kept.length, code: kept[0]?.code });
    const messages = kept.flatMap(rejectsOf);
    for (;;) {
      try {
        await bus.publish(messages);
        return;
      } catch (error) {
        log.warn('rejects not published yet', { messages: messages.length, error: messageOf(error) });
        await sleep(REJECT_PAUSE_MS, undefined, { signal: given.signal }).catch(() => {
          throw new ShellError('STOPPED', 'stopped while the log was unavailable', { retryable: true });
        });
      }
    }
  };

  const onBatch = async (batch: Batch, from: Consumption): Promise<void> => {
    consumption = from;
    const { skipped, ...gathered } = withBatch(pending, batch);
    pending = gathered;
    counted.read(batch, skipped);
    if (limits.delayMs === 0) due = true;
    else {
      timer ??= setTimeout(() => {
        timer = undefined;
        due = true;
        proceed();
      }, limits.delayMs);
    }
    proceed();
    while (isFull() && !given.signal.aborted) await changed();
  };

  /** Writes everything that has been read, within the time limit. */
  const drain = async (timeoutMs: number): Promise<void> => {
    const all = async (): Promise<void> => {
      while (!isEmpty() || writing !== undefined) {
        due = true;
        proceed();
        if (writing === undefined) return;
        await writing;
      }
    };
    const ended = new AbortController();
    await Promise.race([all(), sleep(timeoutMs, undefined, { signal: ended.signal }).catch(() => undefined)]);
    ended.abort();
  };

  const onRevoked = async (partitions: readonly TopicPartition[]): Promise<void> => {
    await drain(REVOKE_MS);
    // Another process reads these from its last committed position, so this process must not commit for them.
    const gone = new Set(partitions.map(({ partition }) => partition));
    pending = { ...pending, positions: new Map([...pending.positions].filter(([partition]) => !gone.has(partition))) };
  };

  const consuming = await bus.consume({
    group,
    topics: [table.topic],
    onBatch,
    onRevoked,
    onGap: ({ partition, from, to }) => {
      counted.gap(to - from);
      log.error('the log deleted messages before they were recorded', { topic: table.topic, partition, from, to });
    },
  });
  return {
    stop: async () => {
      await drain(STOP_MS);
      given.abort();
      clearTimeout(timer);
      for (const wake of waiters.splice(0)) wake();
      await consuming.stop();
      await writing;
    },
  };
}

function countersOf({ metrics, table }: WriterOptions) {
  const labels = { table: table.view };
  const rows = metrics.counter('recorder_rows_total', 'Rows stored, repeats included', ['table']);
  const bytes = metrics.counter('recorder_bytes_total', 'Bytes of lines stored', ['table']);
  const control = metrics.counter('recorder_skipped_messages_total', 'Control messages skipped', ['table']);
  const refused = metrics.counter('recorder_refused_lines_total', 'Lines that ClickHouse rejected', ['table', 'code']);
  const unstorable = metrics.counter('recorder_unstorable_rejects_total', 'Rejects that were rejected themselves');
  const gaps = metrics.counter('recorder_missed_messages_total', 'Messages that retention deleted unread', ['table']);
  const lag = metrics.gauge('recorder_lag_messages', 'Messages not yet read', ['table', 'partition']);
  return {
    stored: (count: number, size: number) => {
      rows.inc(labels, count);
      bytes.inc(labels, size);
    },
    read: ({ partition, endOffset, messages }: Batch, skipped: number) => {
      if (skipped > 0) control.inc(labels, skipped);
      lag.set({ ...labels, partition }, Math.max(0, endOffset - (messages.at(-1)?.offset ?? -1) - 1));
    },
    refused: (code: number) => refused.inc({ ...labels, code }),
    unstorable: (count: number) => unstorable.inc({}, count),
    gap: (count: number) => gaps.inc(labels, count),
  };
}
