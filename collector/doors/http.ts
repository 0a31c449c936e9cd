/** OTLP/HTTP (OTLP 1.x, https://opentelemetry.io/docs/specs/otlp/#otlphttp), with the collector's health and metrics. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { messageOf } from '../../platform/shell-error.ts';
import { createHealth } from '../../platform/http/health.ts';
import { createHttpServer } from '../../platform/http/http-server.ts';
import type { ServerTls } from '../../platform/http/server-tls.ts';
import type { Authentication, Presented } from '../../access/authentication.ts';
import { STATUS_OF_DENIAL } from '../../access/denial.ts';
import { metricsDenialBy } from '../../access/metrics-denial.ts';
import { certificatesBySocket } from '../../access/certificates/by-socket.ts';
import { type Connections, endsConnection } from '../limits/connections.ts';
import type { Hold } from '../limits/shared-memory.ts';
import { createBody } from './body.ts';
import { type Door, MAX_CONNECTIONS, REQUEST_TIMEOUT_MS, STOP_GRACE_MS, watchHandshakes } from './door.ts';
import type { OtlpSignal } from '../../schemas/otlp/request.ts';
import { type Encoding, encodeStatus } from '../otlp/answer.ts';
import type { ExportAnswer, Receiver } from './receiver.ts';
import { CODE, Refusal, type RefusalReason, SenderGone } from '../refusal.ts';

export interface HttpDeps {
  readonly receiver: Receiver;
  /** Authenticates requests for `/metrics`. */
  readonly authenticate: Authentication['authenticate'];
  readonly connections: Connections;
  /** HTTPS; plaintext without it. */
  readonly tls?: ServerTls | undefined;
  readonly ready: () => Promise<void>;
  readonly metrics: Metrics;
  readonly log: Log;
}

const SIGNALS: Readonly<Record<string, OtlpSignal>> = {
  '/v1/logs': 'logs',
  '/v1/traces': 'traces',
  '/v1/metrics': 'metrics',
};

const OTLP_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/x-protobuf']);
const HINT = 'Vigil takes OTLP at /v1/logs, /v1/traces and /v1/metrics.';

/** HTTP status and google.rpc.Code */
const STATUS: Readonly<Record<RefusalReason, readonly [status: number, code: number]>> = {
  malformed: [400, CODE.INVALID_ARGUMENT],
  credential: [STATUS_OF_DENIAL.credential, CODE.UNAUTHENTICATED],
  forbidden: [STATUS_OF_DENIAL.forbidden, CODE.PERMISSION_DENIED],
  page: [STATUS_OF_DENIAL.page, CODE.PERMISSION_DENIED],
  method: [405, CODE.UNIMPLEMENTED],
  too_slow: [408, CODE.DEADLINE_EXCEEDED],
  too_large: [413, CODE.INVALID_ARGUMENT],
  media_type: [415, CODE.INVALID_ARGUMENT],
  compression: [415, CODE.INVALID_ARGUMENT],
  host: [STATUS_OF_DENIAL.host, CODE.PERMISSION_DENIED],
  quota: [429, CODE.RESOURCE_EXHAUSTED],
  fault: [500, CODE.INTERNAL],
  busy: [503, CODE.UNAVAILABLE],
};
/** Never sent. It counts senders that closed the connection, as in the access logs of nginx. */
const CLIENT_CLOSED_REQUEST = 499;
const LIMITS = {
  connections: MAX_CONNECTIONS,
  requestTimeoutMs: REQUEST_TIMEOUT_MS,
  headersTimeoutMs: 10_000,
  // Longer than client pools usually keep a connection, so that the client is the one who closes it.
  keepAliveTimeoutMs: 75_000,
};

export function createHttpDoor(deps: HttpDeps): Door {
  const { metrics, connections } = deps;
  const receive = deps.receiver.by('http', statusOf);
  const certificateOf = certificatesBySocket();
  const presentedBy = ({ headers, socket }: IncomingMessage): Presented => ({
    authorization: headers.authorization,
    certificate: certificateOf(socket),
    host: headers.host,
    page: headers.origin,
  });

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const signal = SIGNALS[path];
    if (signal === undefined) {
      await plain(path, request, response);
      return;
    }
    const encoding = encodingOf(request);
    const outcome = await receive({
      signal,
      encoding,
      presented: presentedBy(request),
      objection: connections.objectionTo(request.socket) ?? objectionTo(request),
      admit: (sender) => connections.admit(request.socket, sender),
      read: async (limit, hold) => ({
        body: await readBody(request, limit, hold),
        compression: request.headers['content-encoding'] ?? 'identity',
      }),
    });
    if (outcome.kind === 'accepted') answer(response, 200, encoding, outcome.body);
    else if (outcome.kind === 'refused') refuse(request, response, encoding, outcome.refusal);
  };

  const metricsDenial = metricsDenialBy(deps.authenticate);
  const health = createHealth({ ...deps, metricsDenial: (request) => metricsDenial(presentedBy(request)) });
  const plain = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!request.complete || connections.objectionTo(request.socket) !== undefined)
      response.setHeader('connection', 'close');
    if (await health(path, request, response)) return;
    if (request.method !== 'GET' || OTLP_TYPES.has(contentTypeOf(request))) {
      const encoding = encodingOf(request);
      answer(response, 404, encoding, encodeStatus(encoding, { code: CODE.NOT_FOUND, message: HINT }));
    } else response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end(`${HINT}\n`);
    request.resume();
  };

  const { server, stop } = createHttpServer({
    tls: deps.tls,
    limits: LIMITS,
    stopGraceMs: STOP_GRACE_MS,
    handle: (request, response) => {
      handle(request, response).catch((error: unknown) => {
        deps.log.error('request failed', { error: messageOf(error) });
        response.destroy();
      });
    },
  });
  if (deps.tls !== undefined) watchHandshakes(server, 'http', metrics);
  connections.watch(server);
  return { server, stop };
}

function statusOf(outcome: ExportAnswer): number {
  if (outcome.kind === 'accepted') return 200;
  return outcome.kind === 'gone' ? CLIENT_CLOSED_REQUEST : STATUS[outcome.refusal.reason][0];
}

function objectionTo(request: IncomingMessage): Refusal | undefined {
  if (request.method !== 'POST') return new Refusal('method', `${request.method ?? ''} is not supported, use POST`);
  const type = contentTypeOf(request);
  if (OTLP_TYPES.has(type)) return undefined;
  const given = JSON.stringify(type.slice(0, 100));
  return new Refusal('media_type', `content-type must be application/json or application/x-protobuf, not ${given}`);
}

function encodingOf(request: IncomingMessage): Encoding {
  return contentTypeOf(request) === 'application/x-protobuf' ? 'protobuf' : 'json';
}

function contentTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

async function readBody(request: IncomingMessage, limit: number, hold: Hold): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  const tooLarge = (): Refusal => new Refusal('too_large', `the body is larger than ${limit} bytes`);
  if (announced > limit) throw tooLarge();
  const body = createBody();
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      hold(chunk.length);
      body.add(chunk);
      if (body.sizeBytes() > limit) throw tooLarge();
    }
  } catch (error) {
    if (!request.complete && (error as NodeJS.ErrnoException).code === 'ECONNRESET') throw new SenderGone();
    throw error;
  }
  return body.bytes();
}

function refuse(request: IncomingMessage, response: ServerResponse, encoding: Encoding, refusal: Refusal): void {
  const [status, code] = STATUS[refusal.reason];
  setRefusalHeaders(request, response, refusal);
  answer(response, status, encoding, encodeStatus(encoding, { code, message: refusal.message }));
}

function setRefusalHeaders(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const [status] = STATUS[refusal.reason];
  if (status === 503 || status === 429) response.setHeader('retry-after', String(refusal.retryAfterSeconds));
  if (status === 401) response.setHeader('www-authenticate', ['Bearer', 'Basic realm="vigil"']);
  if (status === 405) response.setHeader('allow', 'POST');
  // The unread rest of a body must not be parsed as the next request.
  if (!request.complete || endsConnection(refusal)) response.setHeader('connection', 'close');
}

function answer(response: ServerResponse, status: number, encoding: Encoding, body: Uint8Array): void {
  response.writeHead(status, {
    'content-type': encoding === 'protobuf' ? 'application/x-protobuf' : 'application/json',
    'content-length': body.length,
  });
  response.end(body);
}
