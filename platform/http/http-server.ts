/** An HTTP server over TLS or in plaintext, with its limits and an orderly stop. */
import { type RequestListener, type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ServerTls } from './server-tls.ts';

export interface HttpServerOptions {
  readonly handle: RequestListener;
  /** Serves HTTPS; without it plaintext. */
  readonly tls?: ServerTls | undefined;
  readonly limits: HttpLimits;
  /** A stop waits this long for answers in progress. */
  readonly stopGraceMs: number;
}

export interface HttpLimits {
  readonly connections: number;
  /** Time for a whole request; Node's default without it. */
  readonly requestTimeoutMs?: number;
  /** Time for the headers of a request; Node's default without it. */
  readonly headersTimeoutMs?: number;
  /** Time until an idle connection is closed; Node's default without it. */
  readonly keepAliveTimeoutMs?: number;
}

export interface HttpServer {
  /** Does not listen yet. */
  readonly server: Server;
  /** Accepts no more connections, lets answers in progress finish, then closes what is left. */
  readonly stop: () => Promise<void>;
}

export function createHttpServer({ handle, tls, limits, stopGraceMs }: HttpServerOptions): HttpServer {
  const server = tls === undefined ? createServer(handle) : createHttpsServer(tls, handle);
  const { connections, requestTimeoutMs, headersTimeoutMs, keepAliveTimeoutMs } = limits;
  server.maxConnections = connections;
  if (requestTimeoutMs !== undefined) server.requestTimeout = requestTimeoutMs;
  if (headersTimeoutMs !== undefined) server.headersTimeout = headersTimeoutMs;
  if (keepAliveTimeoutMs !== undefined) server.keepAliveTimeout = keepAliveTimeoutMs;
  return {
    server,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), stopGraceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

function createHttpsServer(tls: ServerTls, handle: RequestListener): Server {
  const server = createTlsServer({ ...tls.options(), ALPNProtocols: ['http/1.1'] }, handle);
  tls.attach(server);
  return server;
}
