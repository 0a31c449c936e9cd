/** The interface of the receiver for one protocol. */
import type { Server } from 'node:net';
import type { Metrics } from '../../platform/metrics.ts';

export interface Door {
  /** The server, which does not listen yet. */
  readonly server: Server;
  /** Stops accepting connections, answers requests in progress, then closes the remaining connections. */
  stop(): Promise<void>;
}

/** While closing, a door waits this long for answers, well within the time that a role has to stop. */
export const STOP_GRACE_MS = 1_500;
/** A sender that needs longer than this for one request is disconnected; agents send within milliseconds. */
export const REQUEST_TIMEOUT_MS = 30_000;
export const MAX_CONNECTIONS = 4_096;

/** A failed handshake is not a request and gets no answer. It is counted, since agents report little about it. */
export function watchHandshakes(server: Server, protocol: 'http' | 'grpc', metrics: Metrics): void {
  const failures = metrics.counter('collector_tls_failures_total', 'Connections whose TLS handshake failed', [
    'protocol',
  ]);
  server.on('tlsClientError', () => failures.inc({ protocol }));
}
