/** Health and metrics of a process that has no HTTP interface of its own (detector, recorder). */
import { createServer } from 'node:http';
import { listen } from './listen.ts';
import { METRICS_CONTENT_TYPE, type Metrics } from './metrics.ts';
import { messageOf } from './shell-error.ts';

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
}

/** Serves `/healthz` (the process lives), `/readyz` (it can work) and `/metrics`. @throws ShellError PORT_TAKEN, CANNOT_LISTEN */
export async function startAdminServer({ host, port, metrics, ready }: AdminOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
    };
    const path = new URL(request.url ?? '/', 'http://admin').pathname;
    if (request.method !== 'GET') send(405, 'text/plain', 'only GET\n');
    else if (path === '/healthz') send(200, 'text/plain', 'ok\n');
    else if (path === '/readyz')
      ready().then(
        () => send(200, 'text/plain', 'ready\n'),
        (error: unknown) => send(503, 'text/plain', `${messageOf(error)}\n`),
      );
    else if (path === '/metrics')
      metrics.exposition().then(
        (text) => send(200, METRICS_CONTENT_TYPE, text),
        (error: unknown) => send(500, 'text/plain', `${messageOf(error)}\n`),
      );
    else send(404, 'text/plain', 'not found\n');
  });
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
