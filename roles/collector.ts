/** The collector: OTLP in, agent events out. */
import { setFlagsFromString } from 'node:v8';
import { runRole } from './run-role.ts';
import { hostname } from 'node:os';
import type { Bus } from '../platform/bus/bus.ts';
import type { Config } from '../platform/config.ts';
import { dataFolders, otlpHostOf } from '../platform/config.ts';
import { type DataKey, createDataKey, ownKeyFile } from '../platform/encryption/data-key.ts';
import { hash128 } from '../platform/hash.ts';
import type { Running } from '../platform/process/lifecycle.ts';
import { listen } from '../platform/http/listen.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { lockFor } from '../platform/process/process-lock.ts';
import { ShellError } from '../platform/shell-error.ts';
import { createConnections } from '../collector/limits/connections.ts';
import { openAccess } from '../access/open-access.ts';
import { createFairTurns } from '../collector/limits/fair-turns.ts';
import { createQuotas } from '../collector/limits/quotas.ts';
import { startForwarder } from '../collector/publish/forwarder.ts';
import type { Door } from '../collector/doors/door.ts';
import { createGrpcDoor } from '../collector/doors/grpc.ts';
import { createHttpDoor } from '../collector/doors/http.ts';
import { startLedgerReports } from '../collector/publish/ledger-reports.ts';
import { readPrivacy } from '../collector/privacy/privacy-file.ts';
import { openQuarantine } from '../collector/quarantine/quarantine.ts';
import { serveReplays } from '../collector/quarantine/replay-requests.ts';
import { createReceiver } from '../collector/doors/receiver.ts';
import { watchLedger } from '../collector/publish/ledger-metrics.ts';
import { openSpool } from '../collector/spool/spool.ts';
import { createAccept } from '../collector/accept.ts';

export interface CollectorDeps {
  readonly bus: Bus;
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Encrypts spool and quarantine. Without it the quarantine has its own key, and the spool is in plaintext. */
  readonly dataKey?: DataKey | undefined;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
const MAX_SEGMENT_BYTES = 64 * 1024 ** 2;
/**
 * The last two segments stay after they are published, and count towards the size; with this many segments they are a
 * small part.
 */
const SEGMENTS = 8;

/** @throws ShellError when a port is in use, access is unprotected, or the spool cannot be opened */
export async function startCollector({ bus, config, log, metrics, dataKey, now }: CollectorDeps): Promise<Running> {
  const privacyOf = readPrivacy(config);
  const {
    spool: folder,
    spoolLock,
    quarantine: quarantineFolder,
    quarantineKey,
    replays: replaysFolder,
  } = dataFolders(config);
  const access = openAccess({ config, role: 'collector', log, metrics, now });
  const lock = lockFor(spoolLock, `the spool ${folder}`);
  const spool = openSpool({
    path: folder,
    maxBytes: config.VIGIL_SPOOL_BYTES,
    segmentBytes: Math.min(MAX_SEGMENT_BYTES, config.VIGIL_SPOOL_BYTES / SEGMENTS),
    reserveBytes: config.VIGIL_SPOOL_RESERVE_BYTES,
    key: dataKey,
    maxAgeMs: config.VIGIL_SPOOL_DAYS * DAY_MS,
    hash128,
    now,
    log,
  });
  watchLedger(metrics, spool);

  const key = dataKey ?? createDataKey(ownKeyFile(quarantineKey, 'of the quarantine'));
  const quarantine = openQuarantine({
    folder: quarantineFolder,
    key,
    maxBytes: config.VIGIL_QUARANTINE_BYTES,
    days: config.VIGIL_QUARANTINE_DAYS,
    reserveBytes: config.VIGIL_SPOOL_RESERVE_BYTES,
    now,
    log,
    metrics,
  });
  const { registered } = access;
  const { accept, replay } = createAccept({ spool, quarantine, privacyOf, registered, metrics, now });
  const receiver = createReceiver({
    ...access,
    quotas: createQuotas(() => performance.now()),
    turns: createFairTurns(setImmediate, () => performance.now()),
    accept,
    refusal: spool.refusal,
    metrics,
    log,
    limits: {
      bodyBytes: config.VIGIL_BODY_BYTES,
      decodedBytes: config.VIGIL_DECODED_BODY_BYTES,
      inflightBytes: config.VIGIL_INFLIGHT_BYTES,
    },
  });
  const ready = async (): Promise<void> => {
    const refusal = spool.refusal();
    if (refusal !== undefined) throw new ShellError('SPOOL_FULL', refusal, { retryable: true });
    await Promise.resolve();
  };
  const front = { receiver, metrics, log, ...access };
  const limits = { perAddress: config.VIGIL_CONNECTIONS_PER_ADDRESS, perSender: config.VIGIL_CONNECTIONS_PER_SENDER };
  const connectionsOf = (protocol: 'http' | 'grpc') => createConnections({ protocol, limits, metrics });
  const doors = [
    createHttpDoor({ ...front, ready, connections: connectionsOf('http') }),
    createGrpcDoor({ ...front, connections: connectionsOf('grpc') }),
  ] as const;
  const close = async (): Promise<void> => {
    access.stop();
    await quarantine.close();
    await spool.close();
    lock.release();
  };
  let ports: Ports;
  try {
    ports = await open(doors, config);
  } catch (error) {
    await close();
    throw error;
  }
  log.info('collector listens', { host: otlpHostOf(config), ...ports, tls: access.tls !== undefined, spool: spool.id });
  const forwarder = startForwarder({ spool, bus, log, now });
  const replays = serveReplays(replaysFolder, key, replay, log);
  const reports = startLedgerReports({ spool, bus, log, now, collector: hostname() });

  return {
    facts: { ...ports },
    stop: async () => {
      await Promise.all(doors.map((door) => door.stop()));
      await replays.stop();
      await forwarder.stop();
      await reports.stop();
      await close();
    },
  };
}

interface Ports {
  /** The OTLP/HTTP port. */
  readonly port: number;
  readonly grpcPort: number;
}

/** Opens both doors, or none. @throws ShellError */
async function open([http, grpc]: readonly [http: Door, grpc: Door], config: Config): Promise<Ports> {
  const { VIGIL_OTLP_PORT, VIGIL_OTLP_GRPC_PORT } = config;
  const host = otlpHostOf(config);
  const port = await listen(http.server, { host, port: VIGIL_OTLP_PORT, purpose: 'OTLP', setting: 'VIGIL_OTLP_PORT' });
  try {
    const address = { host, port: VIGIL_OTLP_GRPC_PORT, purpose: 'OTLP/gRPC', setting: 'VIGIL_OTLP_GRPC_PORT' };
    return { port, grpcPort: await listen(grpc.server, address) };
  } catch (error) {
    await http.stop();
    throw error;
  }
}

export async function runCollector(): Promise<void> {
  holdMemory();
  await runRole('collector', (parts) => startCollector({ ...parts, now: Date.now }));
}

/**
 * Most of a loaded collector's heap is garbage. V8 would let it grow to two thirds of the heap, at 370 MiB of anonymous
 * memory instead of 217 (`npm run bench:collector`), to save a little CPU time.
 */
function holdMemory(): void {
  setFlagsFromString('--heap-growing-percent=100');
}
