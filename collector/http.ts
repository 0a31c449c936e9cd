/** OTLP/HTTP: receives, decodes once, has it on disk, answers. (OTLP 1.x, https://opentelemetry.io/docs/specs/otlp/#otlphttp) */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import type { Log } from '../platform/log.ts';
import { METRICS_CONTENT_TYPE, type Metrics } from '../platform/metrics.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import type { OtlpSignal, Origin } from './intake.ts';
import { type Encoding, encodeStatus, encodeSuccess } from './otlp/answer.ts';
import { OtlpDecodeError } from './otlp/record.ts';
import { type Turns, createTurns } from './turns.ts';

export interface ReceiverDeps {
  /** Whose request it is, or undefined when the credential is not known. */
  readonly authenticate: (authorization: string | undefined) => Origin | undefined;
  /** Takes one decoded body; resolves when it is on disk. */
  readonly take: (
    origin: Origin,
    signal: OtlpSignal,
    encoding: Encoding,
    body: Uint8Array,
  ) => Promise<{ readonly rejected: number; readonly message: string }>;
  /** Undefined while requests can be taken, else why not. */
  readonly refusal: () => string | undefined;
  readonly ready: () => Promise<void>;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly limits: { readonly bodyBytes: number; readonly decodedBytes: number; readonly inflightBytes: number };
}

const SIGNALS: Readonly<Record<string, OtlpSignal>> = {
  '/v1/logs': 'logs',
  '/v1/traces': 'traces',
  '/v1/metrics': 'metrics',
};

const OTLP_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/x-protobuf']);
const HINT = 'Vigil takes OTLP at /v1/logs, /v1/traces and /v1/metrics.';

/** google.rpc.Code */
const CODE = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;
/** Not sent; in the counts it stands for a sender that hung up, as in the access logs of nginx. */
const CLIENT_CLOSED_REQUEST = 499;
const RETRY_AFTER_SECONDS = '1';
/** A sender that takes longer than this for one request is cut off; agents send within milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than the usual client pools keep a connection, so that the client is the one who closes. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const MAX_CONNECTIONS = 4_096;
/** How large a decompressed body gets is known only afterwards, so few are made at a time. */
const DECOMPRESSIONS = 2;

/** An answer other than success. */
class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

export function createReceiver(deps: ReceiverDeps): Server {
  const { metrics, limits } = deps;
  const requests = metrics.counter('collector_requests_total', 'OTLP requests by signal and HTTP status', [
    'signal',
    'status',
  ]);
  const bytes = metrics.counter('collector_request_bytes_total', 'Bytes of request bodies as sent', ['signal']);
  const duration = metrics.histogram('collector_answer_seconds', 'From the last byte of a request to its answer', [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5], ['signal']); // prettier-ignore
  const decompressing = createTurns(DECOMPRESSIONS);
  let inflight = 0;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const signal = SIGNALS[path];
    if (signal === undefined) {
      await plain(path, request, response);
      return;
    }
    const encoding = encodingOf(request);
    let held = 0;
    const hold = (size: number): void => {
      // What this request already holds is its own; others must not push the sum over the limit.
      if (inflight > held && inflight + size > limits.inflightBytes)
        throw new Refusal(503, CODE.UNAVAILABLE, 'too many requests are being taken at this moment');
      held += size;
      inflight += size;
    };
    try {
      if (request.method !== 'POST')
        throw new Refusal(405, CODE.UNIMPLEMENTED, `${request.method ?? ''} is not supported, use POST`);
      const type = contentTypeOf(request);
      if (!OTLP_TYPES.has(type)) {
        throw new Refusal(
          415,
          CODE.INVALID_ARGUMENT,
          `content-type must be application/json or application/x-protobuf, not ${JSON.stringify(type.slice(0, 100))}`,
        );
      }
      const origin = deps.authenticate(request.headers.authorization);
      if (origin === undefined) throw new Refusal(401, CODE.UNAUTHENTICATED, 'the credential is not known');
      const refusal = deps.refusal();
      if (refusal !== undefined) throw new Refusal(503, CODE.UNAVAILABLE, refusal);
      const sent = await readBody(request, limits.bodyBytes, hold);
      bytes.inc({ signal }, sent.length);
      const started = performance.now();
      const body = await decompress(request.headers['content-encoding'], sent, limits.decodedBytes, decompressing);
      if (body !== sent) hold(body.length);
      const { rejected, message } = await deps.take(origin, signal, encoding, body);
      answer(
        response,
        200,
        encoding,
        encodeSuccess(signal, encoding, rejected === 0 ? undefined : { rejected, message }),
      );
      duration.observe({ signal }, (performance.now() - started) / 1000);
      requests.inc({ signal, status: 200 });
    } catch (error) {
      if (!request.complete && (error as NodeJS.ErrnoException).code === 'ECONNRESET') {
        // The sender hung up in the middle: nothing was taken, and nobody is there to answer.
        requests.inc({ signal, status: CLIENT_CLOSED_REQUEST });
        return;
      }
      const { status, code, message } = refusalOf(error);
      if (status === 500) deps.log.error('request failed', { signal, error: messageOf(error) });
      requests.inc({ signal, status });
      if (status === 503) response.setHeader('retry-after', RETRY_AFTER_SECONDS);
      if (status === 401) response.setHeader('www-authenticate', 'Bearer');
      if (status === 405) response.setHeader('allow', 'POST');
      // The rest of a body that was not read must not be taken for the next request.
      if (!request.complete) response.setHeader('connection', 'close');
      answer(response, status, encoding, encodeStatus(encoding, { code, message }));
    } finally {
      inflight -= held;
    }
  };

  const plain = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
    };
    if (path === '/healthz') send(200, 'ok\n');
    else if (path === '/readyz')
      await deps.ready().then(
        () => send(200, 'ready\n'),
        (error: unknown) => send(503, `${messageOf(error)}\n`),
      );
    else if (path === '/metrics') send(200, await metrics.exposition(), METRICS_CONTENT_TYPE);
    else if (OTLP_TYPES.has(contentTypeOf(request))) {
      const encoding = encodingOf(request);
      if (!request.complete) response.setHeader('connection', 'close');
      answer(response, 404, encoding, encodeStatus(encoding, { code: CODE.NOT_FOUND, message: HINT }));
    } else send(404, `${HINT}\n`);
    request.resume();
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      deps.log.error('request failed', { error: messageOf(error) });
      response.destroy();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function encodingOf(request: IncomingMessage): Encoding {
  return contentTypeOf(request) === 'application/x-protobuf' ? 'protobuf' : 'json';
}

function contentTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

async function readBody(request: IncomingMessage, limit: number, hold: (size: number) => void): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  const tooLarge = (): Refusal => new Refusal(413, CODE.INVALID_ARGUMENT, `the body is larger than ${limit} bytes`);
  if (announced > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    hold(chunk.length);
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
}

async function decompress(encoding: string | undefined, body: Buffer, limit: number, inTurn: Turns): Promise<Buffer> {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === 'identity' || name === '') return body;
  if (name !== 'gzip' && name !== 'deflate') {
    throw new Refusal(
      415,
      CODE.INVALID_ARGUMENT,
      `content-encoding must be gzip, deflate or identity, not ${JSON.stringify(name.slice(0, 100))}`,
    );
  }
  try {
    return await inTurn(() => decompressors[name](body, { maxOutputLength: limit }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new Refusal(413, CODE.INVALID_ARGUMENT, `the decompressed body is larger than ${limit} bytes`);
    throw new Refusal(400, CODE.INVALID_ARGUMENT, `the body is not valid ${name}: ${messageOf(error)}`);
  }
}

function refusalOf(error: unknown): { readonly status: number; readonly code: number; readonly message: string } {
  if (error instanceof Refusal) return error;
  if (error instanceof OtlpDecodeError) return { status: 400, code: CODE.INVALID_ARGUMENT, message: error.message };
  if (error instanceof ShellError && error.retryable)
    return { status: 503, code: CODE.UNAVAILABLE, message: error.message };
  // Never 400 for something that a retry may cure.
  return { status: 500, code: CODE.INTERNAL, message: 'internal error' };
}

function answer(response: ServerResponse, status: number, encoding: Encoding, body: Uint8Array): void {
  response.writeHead(status, {
    'content-type': encoding === 'protobuf' ? 'application/x-protobuf' : 'application/json',
    'content-length': body.length,
  });
  response.end(body);
}
