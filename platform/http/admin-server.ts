/** The server for health and metrics of a process that has no HTTP interface of its own (detector, recorder). */
import { type HealthDeps, createHealth } from './health.ts';
import { createHttpServer } from './http-server.ts';
import { listen } from './listen.ts';
import type { ServerTls } from './server-tls.ts';

export interface AdminServer {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

export interface AdminOptions extends HealthDeps {
  readonly host: string;
  /** 0 selects any free port. */
  readonly port: number;
  /** Serves HTTPS; without it plaintext. */
  readonly tls?: ServerTls | undefined;
}

const LIMITS = { connections: 256, requestTimeoutMs: 10_000 };
const STOP_GRACE_MS = 500;

/** @throws ShellError PORT_TAKEN, CANNOT_LISTEN */
export async function startAdminServer({ host, port, tls, ...deps }: AdminOptions): Promise<AdminServer> {
  const health = createHealth(deps);
  const { server, stop } = createHttpServer({
    tls,
    limits: LIMITS,
    stopGraceMs: STOP_GRACE_MS,
    handle: (request, response) => {
      const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
      health(path, request, response).then(
        (isAnswered) => {
          if (!isAnswered) response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
        },
        () => response.destroy(),
      );
    },
  });
  const taken = await listen(server, { host, port, purpose: 'health and metrics', setting: 'VIGIL_ADMIN_PORT' });
  return { port: taken, stop };
}
