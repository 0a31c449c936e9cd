/** Health and metrics of a process that has no HTTP interface of its own (detector, recorder). */
import { type IncomingMessage, type RequestListener, type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { listen } from './listen.ts';
import { METRICS_CONTENT_TYPE, type Metrics } from './metrics.ts';
import type { Readers } from './readers/readers.ts';
import { messageOf } from './shell-error.ts';
import type { ServerTls } from './tls/server-tls.ts';

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly metrics: Metrics;
  /** Resolves when the process can do its work; rejects with the reason when it cannot. */
  readonly ready: () => Promise<void>;
  /** Who may read the metrics. */
  readonly readers: Readers;
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
  const { host, port, metrics, ready, readers, tls } = options;
  const server = serverFor(tls, (request, response) => {
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
    };
    const path = (request.url ?? '/').split('?', 1)[0];
    const refusal = refusalOf(request, readers);
    if (request.method !== 'GET') send(405, 'text/plain', 'only GET\n');
    else if (path === '/healthz') send(200, 'text/plain', 'ok\n');
    else if (path === '/readyz')
      ready().then(
        () => send(200, 'text/plain', 'ready\n'),
        (error: unknown) => send(503, 'text/plain', refusal === undefined ? `${messageOf(error)}\n` : 'not ready\n'),
      );
    else if (path === '/metrics' && refusal !== undefined) {
      if (refusal.status === 401) response.setHeader('www-authenticate', ['Bearer', 'Basic realm="vigil"']);
      send(refusal.status, 'text/plain', `${refusal.message}\n`);
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

interface Refused {
  readonly status: 401 | 403;
  readonly message: string;
}

function refusalOf({ headers }: IncomingMessage, readers: Readers): Refused | undefined {
  const { authorization } = headers;
  if (authorization === undefined)
    return readers.isOpenTo('metrics')
      ? undefined
      : { status: 401, message: 'a credential that reads metrics is needed' };
  const identified = readers.byAuthorization(authorization);
  if (identified.kind === 'unknown') return { status: 401, message: identified.message };
  return identified.reader.use === 'metrics'
    ? undefined
    : {
        status: 403,
        message: 'this credential does not read metrics; vigil tokens create --for metrics makes one that does',
      };
}
