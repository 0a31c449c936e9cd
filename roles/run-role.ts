/** What every role has: configuration, log, metrics, the bus with its topics, and an end in reverse order. */
import { doublingPauses, retry } from '../platform/retry.ts';
import { metricsDenialBy } from '../access/metrics-denial.ts';
import { type OpenReaders, openReaders } from '../access/open-readers.ts';
import type { Bus } from '../platform/bus/bus.ts';
import { createBus } from '../platform/bus/index.ts';
import { stoppableBus } from '../platform/bus/stoppable-bus.ts';
import { type Config, dataFolders, readConfig } from '../platform/config.ts';
import { openDataKey } from '../platform/data-folder-key.ts';
import type { DataKey } from '../platform/encryption/data-key.ts';
import { startAdminServer } from '../platform/http/admin-server.ts';
import { type Log, createLog } from '../platform/log.ts';
import { type Metrics, createMetrics } from '../platform/metrics.ts';
import { type Running, runRole as runUntilStopped } from '../platform/process/lifecycle.ts';
import { messageOf } from '../platform/shell-error.ts';
import { topicSpecs } from './topics.ts';

export interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly bus: Bus;
  /** Encrypts the data folder; it is in plaintext without. */
  readonly dataKey: DataKey | undefined;
}

/** Undoes a step of the start, when the role stops. */
export type Undo = (stop: () => Promise<void>) => void;

/** Runs a role and whatever it holds; what was opened is closed in reverse, also when the start fails half-way. */
export async function runRole(name: string, start: (parts: Parts, undo: Undo) => Promise<Running>): Promise<void> {
  const config = readConfig();
  const log = createLog(name, config.VIGIL_LOG_LEVEL);
  await runUntilStopped(log, async (stopping) => {
    const stops: (() => Promise<void>)[] = [];
    const stopAll = async (): Promise<void> => {
      for (const stop of stops.reverse()) await stop();
    };
    try {
      const metrics = createMetrics();
      const dataKey = openDataKey(config);
      const opened = await createBus({
        config,
        clientId: `vigil-${name}`,
        log,
        embeddedPath: dataFolders(config).log,
        key: dataKey,
      });
      const bus = stoppableBus(opened, stopping);
      stops.push(() => bus.close());
      const made = makeTopics(bus, config, log, stopping);
      // The collector takes what agents send also while Kafka is away: what it acknowledges waits in its spool.
      if (name !== 'collector' || config.VIGIL_KAFKA_BROKERS === undefined) await made;
      else made.catch((error: unknown) => log.error('topics cannot be made', { error: messageOf(error) }));
      stopping.throwIfAborted();
      const running = await start({ config, log, metrics, bus, dataKey }, (stop) => stops.push(stop));
      stops.push(() => running.stop());
      return { facts: running.facts ?? {}, stop: stopAll };
    } catch (error) {
      await stopAll();
      throw error;
    }
  });
}

/** Makes the topics there should be; tried again for as long as the bus is away, until it succeeds or the role is to stop. */
async function makeTopics(bus: Bus, config: Config, log: Log, stopping: AbortSignal): Promise<void> {
  const isOver = (): boolean => stopping.aborted;
  if (isOver()) return;
  try {
    await retry(() => bus.ensureTopics(topicSpecs(config)), {
      pauses: doublingPauses(500, 10_000),
      signal: stopping,
      onRetry: (error, { pauseMs }) => log.warn('topics not made yet', { error: messageOf(error), retryMs: pauseMs }),
    });
  } catch (error) {
    if (!isOver()) throw error;
  }
}

/** @param who the role, of which the metrics and the file of used credentials are named */
export async function withAdmin(
  who: 'detector' | 'recorder',
  { config, log, metrics }: Parts,
  ready: () => Promise<void>,
  undo: Undo,
): Promise<void> {
  if (config.VIGIL_ADMIN_PORT === undefined) return;
  const opened = openReaders({ config, log, metrics, now: Date.now, who, what: 'metrics' });
  undo(stopOf(opened));
  const admin = await startAdminServer({
    host: config.VIGIL_HOST,
    port: config.VIGIL_ADMIN_PORT,
    metrics,
    ready,
    metricsDenial: metricsDenialBy(opened.readers),
    tls: opened.tls,
  });
  undo(() => admin.close());
}

/** Before anything else of the role: what must not listen does not begin either. */
export function readersOf({ config, log, metrics }: Parts, undo: Undo): OpenReaders {
  const opened = openReaders({ config, log, metrics, now: Date.now, who: 'audit', what: 'read' });
  undo(stopOf(opened));
  return opened;
}

const stopOf = (opened: OpenReaders) => (): Promise<void> => {
  opened.stop();
  return Promise.resolve();
};
