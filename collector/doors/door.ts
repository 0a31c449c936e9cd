/** A protocol by which requests come in. */
import type { Server } from 'node:net';
import type { Metrics } from '../../platform/metrics.ts';

export interface Door {
  /** Does not listen yet. */
  readonly server: Server;
  /** Accepts no more connections, answers requests in progress, and closes connections that have not ended then. */
  stop(): Promise<void>;
}

/** A door that is being closed waits this long for answers, well within what a role has to stop. */
export const STOP_GRACE_MS = 1_500;
/** A sender that takes longer than this for one request is cut off; agents send within milliseconds. */
export const REQUEST_TIMEOUT_MS = 30_000;
export const MAX_CONNECTIONS = 4_096;

/** A handshake that fails is no request and has no answer; it is counted, since agents report little about it. */
export function watchHandshakes(server: Server, protocol: 'http' | 'grpc', metrics: Metrics): void {
  const failures = metrics.counter('collector_tls_failures_total', 'Connections whose TLS handshake failed', [
    'protocol',
  ]);
  server.on('tlsClientError', () => failures.inc({ protocol }));
}
