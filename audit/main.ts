/** The audit role: API and pages on one port, fed by the warehouse and the alerts' topic. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bus } from '../platform/bus/bus.ts';
import type { Running } from '../platform/lifecycle.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import type { Warehouse } from '../platform/warehouse/index.ts';
import { createQueries } from '../store/queries/index.ts';
import { createAlertsFeed } from './alerts-feed.ts';
import { createApp } from './app.ts';
import { answerBrokenRequests } from './broken-requests.ts';
import { followAlerts } from './follow-alerts.ts';

export interface AuditOptions {
  readonly bus: Bus;
  readonly warehouse: Warehouse;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Tenant of requests that name none. */
  readonly tenant: string;
  readonly allowedHosts?: readonly string[];
  /** Where agents reach the collector; the page tells them. */
  readonly otlpUrl?: string;
  /** Folder of the built pages. */
  readonly webRoot: string;
}

const CONNECTIONS = 512;

/**
 * Starts even while the bus or the warehouse is away: `/readyz` tells, and requests are answered with 503 until then.
 *
 * @returns facts: `port`
 * @throws ShellError PORT_TAKEN
 */
export async function startAudit(options: AuditOptions): Promise<Running> {
  const { bus, warehouse, log, metrics, host, port, tenant, allowedHosts = [], webRoot, otlpUrl } = options;
  const instance = randomUUID();
  const alertsFeed = createAlertsFeed({ newId: randomUUID });
  const queries = createQueries(warehouse);
  const ready = async (): Promise<void> => {
    await Promise.all([queries.ping(), bus.ping()]);
  };
  const told = otlpUrl === undefined ? {} : { otlpUrl };
  const app = createApp({ queries, alertsFeed, metrics, log, tenant, ready, webRoot, allowedHosts, ...told });
  const server = createServer(app.handle);
  answerBrokenRequests(server);
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
  const followed = followAlerts({
    bus,
    log,
    metrics,
    group: `vigil-audit-${instance}`,
    onAlert: (alert) => alertsFeed.publish(alert),
  });
  const taken = (server.address() as AddressInfo).port;
  log.info('audit API listens', { host, port: taken });
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

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ShellError {
  const message =
    error.code === 'EADDRINUSE'
      ? `port ${port} on ${host} is taken`
      : `cannot listen on ${host}:${port}: ${messageOf(error)}`;
  return new ShellError('PORT_TAKEN', message, { retryable: false, cause: error });
}
