/** The audit role: API and pages on one port, with data from the warehouse and the alerts topic. */
import type { OpenReaders } from '../access/open-readers.ts';
import { needsCredential } from '../access/safe-listen.ts';
import { webRoot } from '../platform/files/package-root.ts';
import { openWarehouseFor } from './open-warehouse.ts';
import { type Parts, readersOf, runRole } from './run-role.ts';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Bus } from '../platform/bus/bus.ts';
import type { Running } from '../platform/process/lifecycle.ts';
import { listen } from '../platform/http/listen.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Readers } from '../access/readers.ts';
import type { ServerTls } from '../platform/http/server-tls.ts';
import type { Warehouse } from '../platform/warehouse/index.ts';
import { createQueries } from '../store/queries/index.ts';
import { createAlertsFeed } from '../audit/feed/alerts-feed.ts';
import { createApp } from '../audit/app.ts';
import { answerBrokenRequests } from '../audit/http/broken-requests.ts';
import { followAlerts } from '../audit/feed/follow-alerts.ts';

export interface AuditOptions {
  readonly bus: Bus;
  readonly warehouse: Warehouse;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Clients that may read. */
  readonly readers: Readers;
  /** HTTPS; plaintext without it. */
  readonly tls?: ServerTls | undefined;
  readonly host: string;
  /** 0 selects any free port. */
  readonly port: number;
  /** Tenant of requests that name none. */
  readonly tenant: string;
  readonly allowedHosts?: readonly string[];
  /** Address of the collector for agents, which the page shows. */
  readonly otlpUrl?: string;
  /** Returns whether agents need a credential there. */
  readonly needsCredential: () => boolean;
  /** Folder of the built pages. */
  readonly webRoot: string;
}

const CONNECTIONS = 512;

/**
 * Starts even while the bus or the warehouse is unavailable: `/readyz` reports it, and requests are answered with 503
 * until then.
 *
 * @returns facts: `port`
 * @throws ShellError PORT_TAKEN, CANNOT_LISTEN
 */
export async function startAudit(options: AuditOptions): Promise<Running> {
  const { bus, warehouse, log, metrics, host, port, tls } = options;
  const instance = randomUUID();
  const alertsFeed = createAlertsFeed({ newId: randomUUID });
  const queries = createQueries(warehouse);
  const ready = async (): Promise<void> => {
    await Promise.all([queries.ping(), bus.ping()]);
  };
  const app = createApp({ ...options, queries, alertsFeed, ready, now: Date.now });
  const server = serverFor(tls, app.handle);
  answerBrokenRequests(server);
  server.maxConnections = CONNECTIONS;
  const taken = await listen(server, { host, port, purpose: 'the page and its API', setting: 'VIGIL_HTTP_PORT' });
  const followed = followAlerts({
    bus,
    log,
    metrics,
    group: `vigil-audit-${instance}`,
    onAlert: (alert) => alertsFeed.publish(alert),
  });
  log.info('audit API listens', { host, port: taken, tls: tls !== undefined });
  return {
    facts: { port: taken },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      app.closeStreams();
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), 1_000);
      await Promise.all([closed, followed.stop()]);
      clearTimeout(cut);
    },
  };
}

function serverFor(tls: ServerTls | undefined, listener: RequestListener): Server {
  if (tls === undefined) return createServer(listener);
  const server = createTlsServer({ ...tls.options(), ALPNProtocols: ['http/1.1'] }, listener);
  tls.attach(server);
  return server;
}

export async function runAudit(): Promise<void> {
  await runRole('audit', async (parts, undo) => {
    const readers = readersOf(parts, undo);
    const warehouse = await openWarehouseFor(parts.config);
    undo(() => warehouse.close());
    return startAudit(auditOptions(parts, warehouse, readers));
  });
}

export function auditOptions(
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
