/** The audit role: API and pages on one port, with data from the warehouse and the alerts topic. */
import { needsCredential } from '../access/listening.ts';
import type { Access } from '../access/open-access.ts';
import { webRoot } from '../platform/files/package-root.ts';
import { openWarehouseFor } from './open-warehouse.ts';
import { type Parts, accessFor, runRole } from './run-role.ts';
import { randomUUID } from 'node:crypto';
import type { Bus } from '../platform/bus/bus.ts';
import type { Running } from '../platform/process/lifecycle.ts';
import { createHttpServer } from '../platform/http/http-server.ts';
import { listen } from '../platform/http/listen.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
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
  /** Decides who may read it; serves HTTPS when it has TLS. */
  readonly access: Pick<Access, 'authenticate' | 'byKey' | 'isOpenFor' | 'tls'>;
  readonly host: string;
  /** 0 selects any free port. */
  readonly port: number;
  readonly allowedHosts?: readonly string[];
  /** Address of the collector for agents, which the page shows. */
  readonly otlpUrl?: string;
  /** Returns whether agents need a credential there. */
  readonly needsCredential: () => boolean;
  /** Folder of the built pages. */
  readonly webRoot: string;
}

const LIMITS = { connections: 512 };
const STOP_GRACE_MS = 1_000;

/**
 * Starts even while the bus or the warehouse is unavailable: `/readyz` reports it, and requests are answered with 503
 * until then.
 *
 * @returns facts: `port`
 * @throws ShellError PORT_TAKEN, CANNOT_LISTEN
 */
export async function startAudit(options: AuditOptions): Promise<Running> {
  const { bus, warehouse, log, metrics, host, port } = options;
  const { tls } = options.access;
  const instance = randomUUID();
  const alertsFeed = createAlertsFeed({ newId: randomUUID });
  const queries = createQueries(warehouse);
  const ready = async (): Promise<void> => {
    await Promise.all([queries.ping(), bus.ping()]);
  };
  const app = createApp({ ...options, queries, alertsFeed, ready, now: Date.now });
  const { server, stop } = createHttpServer({ handle: app.handle, tls, limits: LIMITS, stopGraceMs: STOP_GRACE_MS });
  answerBrokenRequests(server);
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
      app.closeStreams();
      await Promise.all([stop(), followed.stop()]);
    },
  };
}

export async function runAudit(): Promise<void> {
  await runRole('audit', async (parts, undo) => {
    const access = accessFor('audit', parts, undo);
    const warehouse = await openWarehouseFor(parts.config);
    undo(() => warehouse.close());
    return startAudit(auditOptions(parts, warehouse, access));
  });
}

export function auditOptions({ config, log, metrics, bus }: Parts, warehouse: Warehouse, access: Access) {
  return {
    access,
    needsCredential: () => needsCredential(config, access.isKnown),
    bus,
    warehouse,
    log,
    metrics,
    host: config.VIGIL_HOST,
    port: config.VIGIL_HTTP_PORT,
    allowedHosts: config.VIGIL_ALLOWED_HOSTS ?? [],
    webRoot,
    ...(config.VIGIL_OTLP_URL === undefined ? {} : { otlpUrl: config.VIGIL_OTLP_URL }),
  };
}
