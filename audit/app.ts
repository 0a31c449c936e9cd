/** The audit API as an Express application: checks on every request, the routes, and the console's pages behind them. */
import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Response } from 'express';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import type { Access } from '../access/open-access.ts';
import { sha256 } from '../platform/hash.ts';
import { ShellError } from '../platform/shell-error.ts';
import { ROUTES } from '../schemas/api/index.ts';
import type { RouteContract } from '../schemas/api/contract/route.ts';
import type { AuditContext } from './context.ts';
import { compression } from './http/compression.ts';
import { hostCheck } from './http/host-check.ts';
import { pages } from './http/pages.ts';
import { sendProblem } from './http/problem.ts';
import { hasOriginForm } from './http/request-target.ts';
import { setSecurityHeaders } from './http/security-headers.ts';
import { expressPath, mount } from './mount.ts';
import { handledRoutes } from './routes/index.ts';
import { createRouteGuard } from './sign-in/route-guard.ts';
import { createSignIns } from './sign-in/sign-ins.ts';

export interface AppOptions extends Omit<AuditContext, 'guard' | 'signIns' | 'openStreams'> {
  readonly access: Pick<Access, 'authenticate' | 'byKey' | 'isOpenFor'>;
  /** Folder of the built pages. */
  readonly webRoot: string;
  /** Host names that are served, in addition to loopback's. */
  readonly allowedHosts?: readonly string[];
}

export interface App {
  readonly handle: RequestListener;
  readonly closeStreams: () => void;
}

export function createApp(options: AppOptions): App {
  const { metrics, webRoot, allowedHosts = [], now } = options;
  const signIns = createSignIns({ now, newId: () => randomBytes(32).toString('base64url'), sha256 });
  const guard = createRouteGuard({ ...options, signIns });
  const openStreams = new Set<Response>();
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('case sensitive routing', true);

  app.use(
    hostCheck({
      allowed: allowedHosts,
      anyHost: pathsWhere(({ anyHost }) => anyHost === true),
      isOpen: () => options.access.isOpenFor('events.read'),
    }),
    refuseBodies,
    counted(metrics),
    compression(),
    mount(handledRoutes({ ...options, guard, signIns, openStreams }), guard),
    pages(webRoot),
    (_request, response) => sendProblem(response, 404, { detail: 'Nothing is here' }),
  );
  app.use(failed(options));
  return {
    handle: (request, response) => {
      setSecurityHeaders(response);
      // Express cannot route such an address, and would answer with a page of its own.
      if (hasOriginForm(request)) app(request, response);
      else sendProblem(response, 400, { detail: 'The request target must be a path in printable ASCII' });
    },
    closeStreams: () => {
      for (const response of openStreams) response.end();
    },
  };
}

const pathsWhere = (isWanted: (contract: RouteContract) => boolean): ReadonlySet<string> =>
  new Set(ROUTES.filter(isWanted).map(expressPath));

/** No route accepts a body, so none has to be read. */
const refuseBodies: RequestHandler = (request, response, next) => {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (length === '0' && encoding === undefined) {
    next();
    return;
  }
  response.set('Connection', 'close');
  sendProblem(response, 413, { detail: 'Requests carry no body here' });
};

function counted(metrics: AppOptions['metrics']): RequestHandler {
  const requests = metrics.counter('audit_requests_total', 'Requests answered', ['route', 'status']);
  const seconds = metrics.histogram(
    'audit_request_seconds',
    'Time to the end of an answer',
    [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    ['route'],
  );
  const streams = pathsWhere(({ answer }) => answer.kind === 'stream');
  return (request, response, next) => {
    const started = performance.now();
    response.on('finish', () => {
      // The pattern, not the path: its values are few, and none comes from a request.
      const { path } = (request.route as { readonly path?: string } | undefined) ?? {};
      const route = path ?? 'other';
      requests.inc({ route, status: response.statusCode });
      if (!streams.has(route)) seconds.observe({ route }, (performance.now() - started) / 1_000);
    });
    next();
  };
}

/** Logs what failed. The client learns only what it can act on. */
function failed({ log }: Pick<AppOptions, 'log'>): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const code = error instanceof ShellError ? error.code : undefined;
    if (code === 'WAREHOUSE_TOO_EXPENSIVE') {
      const detail =
        'Answering took more time or memory than one request may; ask for less, for example a shorter time';
      sendProblem(response, 503, { detail });
    } else if (code === 'WAREHOUSE_UNAVAILABLE') {
      log.warn('warehouse unavailable', { route: request.path.split('/').slice(0, 3).join('/') });
      sendProblem(response, 503, { detail: 'The warehouse does not answer at present', retryAfterSeconds: 5 });
    } else if (isClientError(error))
      sendProblem(response, error.status, { detail: 'The path is not percent-encoded UTF-8' });
    else {
      log.error('request failed', {
        code,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      sendProblem(response, 500);
    }
  };
}

/** Express's own errors: a parameter in the path that cannot be decoded. */
function isClientError(error: unknown): error is { readonly status: number } {
  const { status } = (error ?? {}) as { readonly status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500;
}
