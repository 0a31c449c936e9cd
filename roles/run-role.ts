/** What every role has: configuration, log, metrics, the bus with its topics, and a stop in reverse order. */
import { doublingPauses, retry } from '../platform/retry.ts';
import { metricsDenialBy } from '../access/metrics-denial.ts';
import { type Access, openAccess } from '../access/open-access.ts';
import type { Bus } from '../platform/bus/bus.ts';
import { createBus } from '../platform/bus/index.ts';
import { stoppableBus } from '../platform/bus/stoppable-bus.ts';
import { type Config, type ListeningRole, dataFolders, readConfig } from '../platform/config.ts';
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
  /** Encrypts the data folder, which is in plaintext without it. */
  readonly dataKey: DataKey | undefined;
}

/** Registers how to undo a step of the start when the role stops. */
export type Undo = (stop: () => Promise<void>) => void;

/** Runs a role with its parts. What was opened is closed in reverse order, also when the start fails half-way. */
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
      // The collector accepts telemetry even while Kafka is unreachable: what it acknowledges waits in its spool.
      if (name !== 'collector' || config.VIGIL_KAFKA_BROKERS === undefined) await made;
      else made.catch((error: unknown) => log.error('cannot create topics', { error: messageOf(error) }));
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

/** Creates the missing topics. It retries while the bus is unavailable, until it succeeds or the role stops. */
async function makeTopics(bus: Bus, config: Config, log: Log, stopping: AbortSignal): Promise<void> {
  const isOver = (): boolean => stopping.aborted;
  if (isOver()) return;
  try {
    await retry(() => bus.ensureTopics(topicSpecs(config)), {
      pauses: doublingPauses(500, 10_000),
      signal: stopping,
      onRetry: (error, { pauseMs }) =>
        log.warn('topics not created yet', { error: messageOf(error), retryMs: pauseMs }),
    });
  } catch (error) {
    if (!isOver()) throw error;
  }
}

/** Serves health and metrics of a role where VIGIL_ADMIN_PORT is set. */
export async function serveAdmin(
  role: 'detector' | 'recorder',
  parts: Parts,
  ready: () => Promise<void>,
  undo: Undo,
): Promise<void> {
  const { config, metrics } = parts;
  if (config.VIGIL_ADMIN_PORT === undefined) return;
  const { authenticate, tls } = accessFor(role, parts, undo);
  const metricsDenial = metricsDenialBy(authenticate);
  const admin = await startAdminServer({
    host: config.VIGIL_HOST,
    port: config.VIGIL_ADMIN_PORT,
    metrics,
    ready,
    metricsDenial: ({ headers: { authorization } }) => metricsDenial({ authorization }),
    tls,
  });
  undo(() => admin.stop());
}

/** Opened before anything else of the role, so that a role that must not listen does not start. */
export function accessFor(role: ListeningRole, { config, log, metrics }: Parts, undo: Undo): Access {
  const access = openAccess({ config, role, log, metrics, now: Date.now });
  undo(() => {
    access.stop();
    return Promise.resolve();
  });
  return access;
}
