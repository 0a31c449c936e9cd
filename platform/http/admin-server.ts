/** Health and metrics of a process that has no HTTP interface of its own (detector, recorder). */
import { type RequestListener, type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { listen } from './listen.ts';
import { METRICS_CONTENT_TYPE, type Metrics } from '../metrics.ts';
import { messageOf } from '../shell-error.ts';
import type { ServerTls } from './server-tls.ts';

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface MetricsDenial {
  readonly status: 401 | 403;
  readonly message: string;
}

export interface AdminOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly metrics: Metrics;
  /** Resolves when the process can do its work; rejects with the reason when it cannot. */
  readonly ready: () => Promise<void>;
  /** Undefined when a request with this `Authorization` header may read the metrics, else why not. */
  readonly metricsDenial: (authorization: string | undefined) => MetricsDenial | undefined;
  /** HTTPS; plaintext without it. */
  readonly tls?: ServerTls | undefined;
}

const CONNECTIONS = 256;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves `/healthz` (the process lives) and `/readyz` (it can work) to everybody, the reason why it cannot and `/metrics` to
 * those who may read metrics.
 *
 * @throws ShellError PORT_TAKEN, CANNOT_LISTEN
 */
export async function startAdminServer(options: AdminOptions): Promise<AdminServer> {
  const { host, port, metrics, ready, metricsDenial, tls } = options;
  const server = serverFor(tls, (request, response) => {
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
    };
    const path = (request.url ?? '/').split('?', 1)[0];
    const denial = metricsDenial(request.headers.authorization);
    if (request.method !== 'GET') send(405, 'text/plain', 'only GET\n');
    else if (path === '/healthz') send(200, 'text/plain', 'ok\n');
    else if (path === '/readyz')
      ready().then(
        () => send(200, 'text/plain', 'ready\n'),
        (error: unknown) => send(503, 'text/plain', denial === undefined ? `${messageOf(error)}\n` : 'not ready\n'),
      );
    else if (path === '/metrics' && denial !== undefined) {
      if (denial.status === 401) response.setHeader('www-authenticate', ['Bearer', 'Basic realm="vigil"']);
      send(denial.status, 'text/plain', `${denial.message}\n`);
    } else if (path === '/metrics')
      metrics.exposition().then(
        (text) => send(200, METRICS_CONTENT_TYPE, text),
        (error: unknown) => send(500, 'text/plain', `${messageOf(error)}\n`),
      );
    else send(404, 'text/plain', 'not found\n');
  });
  server.maxConnections = CONNECTIONS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  const taken = await listen(server, { host, port, purpose: 'health and metrics', setting: 'VIGIL_ADMIN_PORT' });
  return {
    port: taken,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function serverFor(tls: ServerTls | undefined, listener: RequestListener): Server {
  if (tls === undefined) return createServer(listener);
  const server = createTlsServer({ ...tls.options(), ALPNProtocols: ['http/1.1'] }, listener);
  tls.attach(server);
  return server;
}
