/** The collector: OTLP in, agent events out. */
import { hostname } from 'node:os';
import type { Bus } from '../platform/bus/bus.ts';
import type { Config } from '../platform/config.ts';
import { dataFolders, otlpHostOf } from '../platform/config.ts';
import { hash128, hashParts, sha256 } from '../platform/hash.ts';
import type { Running } from '../platform/lifecycle.ts';
import { listen } from '../platform/listen.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { lockFor } from '../platform/process-lock.ts';
import { ShellError } from '../platform/shell-error.ts';
import { TOPICS } from '../schemas/topics.ts';
import { openAccess } from './access/open-access.ts';
import { watchDerivation } from './derivation-metrics.ts';
import { startForwarder } from './forwarder.ts';
import type { Door } from './door.ts';
import { createGrpcDoor } from './grpc.ts';
import { createHttpDoor } from './http.ts';
import { type IntakeDeps, type IntakeResult, takeRequest } from './intake.ts';
import { startLedgerReports } from './ledger-reports.ts';
import { mappingFor } from './mappings/index.ts';
import type { Encoding } from './otlp/answer.ts';
import { readJson } from './otlp/read-json.ts';
import { readProtobuf } from './otlp/read-protobuf.ts';
import { readPrivacy } from './privacy-file.ts';
import { createReceiver } from './receiver.ts';
import { watchLedger } from './spool/ledger-metrics.ts';
import { openSpool } from './spool/spool.ts';

export interface CollectorDeps {
  readonly bus: Bus;
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
}

const MAX_SEGMENT_BYTES = 64 * 1024 ** 2;
/** The last two segments stay when they are published, and count: of this many, they are a small part of the spool. */
const SEGMENTS = 8;

/** @throws ShellError when a port is taken, nothing protects it, or the spool cannot be opened */
export async function startCollector({ bus, config, log, metrics, now }: CollectorDeps): Promise<Running> {
  const privacyOf = readPrivacy(config);
  const { spool: folder, spoolLock } = dataFolders(config);
  const access = openAccess({ config, log, metrics, now });
  const lock = lockFor(spoolLock, `the spool ${folder}`);
  const spool = openSpool({
    path: folder,
    maxBytes: config.VIGIL_SPOOL_BYTES,
    segmentBytes: Math.min(MAX_SEGMENT_BYTES, config.VIGIL_SPOOL_BYTES / SEGMENTS),
    reserveBytes: config.VIGIL_SPOOL_RESERVE_BYTES,
    hash128,
    now,
    log,
  });
  watchLedger(metrics, spool);
  const countDerivation = watchDerivation(metrics);

  const intake: Omit<IntakeDeps, 'read' | 'actors' | 'isKnown'> = {
    mappingFor,
    hash128: hashParts,
    sha256,
    privacyOf,
  };
  const redactions = metrics.counter('collector_redactions_total', 'What was taken out of events and of what was turned away, by kind', ['kind']); // prettier-ignore
  const readers = {
    json: { ...intake, read: readJson },
    protobuf: { ...intake, read: readProtobuf },
  } satisfies Record<Encoding, Omit<IntakeDeps, 'actors' | 'isKnown'>>;

  const receiver = createReceiver({
    ...access,
    take: async ({ principal, signal, encoding, body, charge }) => {
      const { tenant, sender } = principal;
      const actors = spool.actors.request(principal);
      const recentIds = spool.recentIds.of(principal);
      const result = takeRequest(
        { ...readers[encoding], actors, isKnown: recentIds.has },
        { ...principal, signal, body, receivedAt: now() },
      );
      charge.records(result.records, result.messages);
      for (const message of result.messages) for (const eventId of message.eventIds) recentIds.add(eventId);
      for (const [kind, count] of result.redacted) redactions.inc({ kind }, count);
      const events = result.messages.map((message) => ({
        header: {
          topic: TOPICS.events,
          key: `${message.tenant}/${message.actor}`,
          count: message.events,
          sender,
          signal,
          records: message.records,
          ...(message.recordEnds === undefined ? {} : { recordEnds: message.recordEnds }),
        },
        value: message.lines,
      }));
      const rejects = result.rejects.map((reject) => ({
        header: { topic: TOPICS.rejects, key: reject.tenant, count: 1, sender, signal, records: 0 },
        value: JSON.stringify(reject),
      }));
      await spool.append({
        entries: [...events, ...rejects],
        decisions: actors.decisions(),
        ledger: {
          tenant,
          sender,
          signal,
          received: result.records,
          ...result,
          events: result.messages.reduce((total, message) => total + message.events, 0),
        },
      });
      countDerivation(result.derivation);
      return rejection(result);
    },
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
  const doors = [createHttpDoor({ ...front, ready }), createGrpcDoor(front)] as const;
  const close = async (): Promise<void> => {
    access.stop();
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
  const reports = startLedgerReports({ spool, bus, log, now, collector: hostname() });

  return {
    facts: { ...ports },
    stop: async () => {
      await Promise.all(doors.map((door) => door.stop()));
      await forwarder.stop();
      await reports.stop();
      await close();
    },
  };
}

interface Ports {
  /** Of OTLP/HTTP. */
  readonly port: number;
  readonly grpcPort: number;
}

/** Both doors, or none. @throws ShellError */
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

function rejection({ rejected }: IntakeResult): { readonly rejected: number; readonly message: string } {
  const total = [...rejected.values()].reduce((sum, n) => sum + n, 0);
  return { rejected: total, message: [...rejected].map(([reason, n]) => `${n} ${reason}`).join(', ') };
}
