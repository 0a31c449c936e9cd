/** Builds each role's parts with plain calls: configuration, bus, warehouse, then the role itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startAudit } from '../audit/main.ts';
import { setFlagsFromString } from 'node:v8';
import { startCollector } from '../collector/main.ts';
import { startDetector } from '../detector/main.ts';
import { startAdminServer } from '../platform/admin-server.ts';
import type { Bus, TopicSpec } from '../platform/bus/bus.ts';
import { createBus } from '../platform/bus/index.ts';
import { untilStopped } from '../platform/bus/until-stopped.ts';
import { type Config, dataFolders, readConfig } from '../platform/config.ts';
import type { DataKey } from '../platform/encryption/data-key.ts';
import { openDataKey } from '../platform/encryption/folder-key.ts';
import { type Running, runRole } from '../platform/lifecycle.ts';
import { type Log, createLog } from '../platform/log.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { type Metrics, createMetrics } from '../platform/metrics.ts';
import { needsCredential } from '../platform/safe-listen.ts';
import { serveRequests } from '../platform/requests-folder.ts';
import { type OpenReaders, openReaders } from '../platform/readers/open-readers.ts';
import { clickHouseServer } from '../platform/warehouse/clickhouse-server.ts';
import { type Warehouse, openWarehouse } from '../platform/warehouse/index.ts';
import { TOPICS } from '../schemas/topics.ts';
import { startRecorder } from '../store/main.ts';
import { FORGET_DEMO } from './demo/play.ts';
import { forgetDemo } from './demo/removal.ts';
import { webRoot } from './package-root.ts';

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly bus: Bus;
  /** Encrypts what lies in the data folder; in clear without it. */
  readonly dataKey: DataKey | undefined;
}

const HOUR_MS = 3_600_000;

export function topicSpecs(config: Config): readonly TopicSpec[] {
  const partitions = config.VIGIL_PARTITIONS;
  const kept = {
    cleanup: 'delete',
    retentionMs: config.VIGIL_RETENTION_HOURS * HOUR_MS,
    retentionBytes: config.VIGIL_RETENTION_BYTES,
  } as const;
  return [
    { name: TOPICS.events, partitions, ...kept },
    { name: TOPICS.alerts, partitions, ...kept },
    { name: TOPICS.rejects, partitions: 1, ...kept },
    { name: TOPICS.ledger, partitions: 1, ...kept },
    { name: TOPICS.detectorState, partitions, cleanup: 'compact' },
    { name: TOPICS.ruleSets, partitions: 1, cleanup: 'compact' },
  ];
}

/** Runs a role and whatever it holds; what was opened is closed in reverse, also when the start fails half-way. */
async function run(
  name: string,
  start: (parts: Parts, undo: (stop: () => Promise<void>) => void) => Promise<Running>,
): Promise<void> {
  const config = readConfig();
  const log = createLog(name, config.VIGIL_LOG_LEVEL);
  await runRole(log, async (stopping) => {
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
      const bus = untilStopped(opened, stopping);
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

const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 10_000;

/** Makes the topics there should be; tried again for as long as the bus is away, until it succeeds or the role is to stop. */
async function makeTopics(bus: Bus, config: Config, log: Log, stopping: AbortSignal): Promise<void> {
  const isOver = (): boolean => stopping.aborted;
  for (let pauseMs = FIRST_PAUSE_MS; !isOver(); pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS)) {
    try {
      await bus.ensureTopics(topicSpecs(config));
      return;
    } catch (error) {
      if (isOver()) return;
      if (!(error instanceof ShellError && error.retryable)) throw error;
      log.warn('topics not made yet', { error: error.message, retryMs: pauseMs });
      await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}

/** @param who the role, of which the metrics and the file of used credentials are named */
async function withAdmin(
  who: 'detector' | 'recorder',
  { config, log, metrics }: Parts,
  ready: () => Promise<void>,
  undo: (stop: () => Promise<void>) => void,
): Promise<void> {
  if (config.VIGIL_ADMIN_PORT === undefined) return;
  const opened = openReaders({ config, log, metrics, now: Date.now, who, what: 'metrics' });
  undo(stopOf(opened));
  const admin = await startAdminServer({
    host: config.VIGIL_HOST,
    port: config.VIGIL_ADMIN_PORT,
    metrics,
    ready,
    ...opened,
  });
  undo(() => admin.close());
}

export async function runCollector(): Promise<void> {
  holdMemory();
  await run('collector', (parts) => startCollector({ ...parts, now: Date.now }));
}

export async function runDetector(): Promise<void> {
  await run('detector', async (parts, undo) => {
    await withAdmin('detector', parts, () => parts.bus.ping(), undo);
    return startDetector({ ...parts, clock: Date.now });
  });
}

export async function openWarehouseFor(config: Config): Promise<Warehouse> {
  if (config.VIGIL_CLICKHOUSE_URL === undefined)
    return openWarehouse({
      kind: 'chdb',
      path: dataFolders(config).warehouse,
      database: config.VIGIL_CLICKHOUSE_DATABASE,
    });
  return openWarehouse(clickHouseServer(config.VIGIL_CLICKHOUSE_URL, config));
}

function recorderOptions({ config, log, metrics, bus }: Parts, warehouse: Warehouse) {
  const retentionDays = config.VIGIL_WAREHOUSE_RETENTION_DAYS;
  return { bus, warehouse, log, metrics, ...(retentionDays === undefined ? {} : { retentionDays }) };
}

function auditOptions(
  { config, log, metrics, bus }: Parts,
  warehouse: Warehouse,
  { readers, tls, hasSenders }: OpenReaders,
) {
  return {
    readers,
    tls,
    needsCredential: () => needsCredential(config, hasSenders()),
    bus,
    warehouse,
    log,
    metrics,
    host: config.VIGIL_HOST,
    port: config.VIGIL_HTTP_PORT,
    tenant: config.VIGIL_TENANT,
    allowedHosts: config.VIGIL_ALLOWED_HOSTS ?? [],
    webRoot,
    ...(config.VIGIL_OTLP_URL === undefined ? {} : { otlpUrl: config.VIGIL_OTLP_URL }),
  };
}

const stopOf = (opened: OpenReaders) => (): Promise<void> => {
  opened.stop();
  return Promise.resolve();
};

/** Before anything else of the role: what must not listen does not begin either. */
function readersOf({ config, log, metrics }: Parts, undo: (stop: () => Promise<void>) => void): OpenReaders {
  const opened = openReaders({ config, log, metrics, now: Date.now, who: 'audit', what: 'read' });
  undo(stopOf(opened));
  return opened;
}

export async function runRecorder(): Promise<void> {
  await run('recorder', async (parts, undo) => {
    const warehouse = await openWarehouseFor(parts.config);
    undo(() => warehouse.close());
    await withAdmin(
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

export async function runAudit(): Promise<void> {
  await run('audit', async (parts, undo) => {
    const readers = readersOf(parts, undo);
    const warehouse = await openWarehouseFor(parts.config);
    undo(() => warehouse.close());
    return startAudit(auditOptions(parts, warehouse, readers));
  });
}

/** Recorder and audit API in one process: the embedded engine lets only one process have its folder open. */
export async function runWarehouse(): Promise<void> {
  await run('warehouse', async (parts, undo) => {
    const readers = readersOf(parts, undo);
    const warehouse = await openWarehouseFor(parts.config);
    undo(() => warehouse.close());
    const recorder = await startRecorder(recorderOptions(parts, warehouse));
    undo(() => recorder.stop());
    const requests = serveRequests(
      dataFolders(parts.config).requests,
      { [FORGET_DEMO]: forgetDemo({ bus: parts.bus, warehouse }) },
      parts.log,
    );
    undo(() => requests.stop());
    return startAudit(auditOptions(parts, warehouse, readers));
  });
}

/**
 * Most of what a collector under load has on its heap is garbage. V8 would wait until it is two thirds, at 370 MiB of anonymous memory where
 * 217 do (`npm run bench:collector`), for somewhat less of the processor.
 */
function holdMemory(): void {
  setFlagsFromString('--heap-growing-percent=100');
}
