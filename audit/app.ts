/** The audit API as an express application: checks on every request, one file per resource, the pages behind it. */
import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { sha256 } from '../platform/hash.ts';
import type { Access } from '../access/open-access.ts';
import { ShellError } from '../platform/shell-error.ts';
import { compression } from './http/compression.ts';
import type { AuditContext } from './context.ts';
import { hostCheck } from './http/host-check.ts';
import { openApiDocument } from './openapi.ts';
import { pages } from './http/pages.ts';
import { sendProblem } from './http/problem.ts';
import { hasOriginForm } from './http/request-target.ts';
import { alertRoutes } from './routes/alerts.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { onlyGet } from './http/only-get.ts';
import { pipelineRoutes } from './routes/pipeline.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { setupRoutes } from './routes/setup.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { streamRoutes } from './routes/stream.ts';
import { setSecurityHeaders } from './http/security-headers.ts';
import { createGuard } from './sign-in/guard.ts';
import { createSignIns } from './sign-in/sign-ins.ts';

export interface AppOptions extends Omit<AuditContext, 'guard'> {
  /** Decides who may read it. */
  readonly access: Pick<Access, 'authenticate' | 'byKey' | 'isOpenFor'>;
  readonly now: () => number;
  /** Folder of the built pages. */
  readonly webRoot: string;
  /** Host names that are answered, besides loopback's. */
  readonly allowedHosts?: readonly string[];
}

export interface App {
  readonly handle: RequestListener;
  /** Ends what would otherwise stay open for ever. */
  readonly closeStreams: () => void;
}

/** Requests that wait for the warehouse at once; more are told to come back. */
const WAITING = 64;

export function createApp(options: AppOptions): App {
  const { metrics, webRoot, allowedHosts = [], access, log, now } = options;
  const signIns = createSignIns({ now, newId: () => randomBytes(32).toString('base64url'), sha256 });
  const guard = createGuard({ ...options, signIns });
  const context: AuditContext = { ...options, guard };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('case sensitive routing', true);

  app.use(
    hostCheck(allowedHosts, () => access.isOpenFor('events.read')),
    refuseBodies,
    counted(metrics),
    compression(),
  );
  const router = express.Router({ caseSensitive: true });
  healthRoutes(router, context);
  signInRoutes(router, { guard, signIns, log, now });
  // From here on nothing is told to who may not read, not even that there is no such resource.
  router.use(['/v1', '/openapi.json'], guard.of('events.read'));
  const streams = streamRoutes(router, context);
  const document = JSON.stringify(openApiDocument());
  onlyGet(router, '/openapi.json', (_request, response) => {
    response.type('application/json').send(document);
  });
  router.use('/v1', bounded());
  alertRoutes(router, context);
  eventRoutes(router, context);
  sessionRoutes(router, context);
  pipelineRoutes(router, context);
  setupRoutes(router, context);
  app.use(router, pages(webRoot), (_request, response) => sendProblem(response, 404, { detail: 'Nothing is here' }));
  app.use(failed(options));
  return {
    handle: (request, response) => {
      setSecurityHeaders(response);
      // Express routes no address that it cannot read, and says so in a page of its own.
      if (hasOriginForm(request)) app(request, response);
      else sendProblem(response, 400, { detail: 'The request target must be a path in printable ASCII' });
    },
    closeStreams: streams.close,
  };
}

/** Nothing here takes a body, so nothing has to read one. */
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
  return (request, response, next) => {
    const started = performance.now();
    response.on('finish', () => {
      // The pattern, not the path: its values are for ever few, and none comes from a request.
      const { path } = (request.route as { readonly path?: string } | undefined) ?? {};
      const route = path ?? 'other';
      requests.inc({ route, status: response.statusCode });
      if (route !== '/v1/stream') seconds.observe({ route }, (performance.now() - started) / 1_000);
    });
    next();
  };
}

function bounded(): RequestHandler {
  let waiting = 0;
  return (_request, response, next) => {
    if (waiting >= WAITING) {
      sendProblem(response, 503, { detail: 'Too many requests are waiting for the warehouse', retryAfterSeconds: 2 });
      return;
    }
    waiting += 1;
    response.on('close', () => {
      waiting -= 1;
    });
    next();
  };
}

/** The last word: what failed is logged here and told outside only as far as the caller can do something about it. */
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
