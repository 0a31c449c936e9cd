/**
 * OTLP/gRPC (https://opentelemetry.io/docs/specs/otlp/#otlpgrpc): three unary methods on HTTP/2, with TLS or without. On
 * Node's own HTTP/2, so that a call is bounded while it arrives (docs/decisions/0008-grpc-on-http2.md).
 */
import {
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  constants,
  createSecureServer,
  createServer,
} from 'node:http2';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { messageOf } from '../../platform/shell-error.ts';
import type { ServerTls } from '../../platform/http/server-tls.ts';
import { certificatesBySocket } from '../../access/certificates/by-socket.ts';
import { type Connection, type Connections, endsConnection } from '../limits/connections.ts';
import { type Door, MAX_CONNECTIONS, REQUEST_TIMEOUT_MS, STOP_GRACE_MS, watchHandshakes } from './door.ts';
import { frameMessage, readMessage } from './grpc-message.ts';
import type { OtlpSignal } from '../../schemas/otlp/request.ts';
import { encodeStatus } from '../otlp/answer.ts';
import type { ExportAnswer, Receiver } from './receiver.ts';
import { CODE, Refusal, type RefusalReason } from '../refusal.ts';

export interface GrpcDeps {
  readonly receiver: Receiver;
  readonly connections: Connections;
  readonly metrics: Metrics;
  readonly log: Log;
  /** HTTP/2 over TLS; plaintext without it. */
  readonly tls?: ServerTls | undefined;
  /** Time limit for receiving one call. */
  readonly timeoutMs?: number;
  /** How long a connection is kept without any sign of life. */
  readonly idleMs?: number;
}

const METHODS: Readonly<Record<string, OtlpSignal>> = {
  '/opentelemetry.proto.collector.logs.v1.LogsService/Export': 'logs',
  '/opentelemetry.proto.collector.trace.v1.TraceService/Export': 'traces',
  '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export': 'metrics',
};
const CALL_TYPE = /^application\/grpc(\+proto)?\s*($|;)/i;

type CodeName = keyof typeof CODE;
/** OTLP's senders repeat a call that got UNAVAILABLE, DEADLINE_EXCEEDED, or RESOURCE_EXHAUSTED with a RetryInfo. */
const CODE_OF: Readonly<Record<RefusalReason, CodeName>> = {
  malformed: 'INVALID_ARGUMENT',
  too_large: 'INVALID_ARGUMENT',
  credential: 'UNAUTHENTICATED',
  forbidden: 'PERMISSION_DENIED',
  host: 'PERMISSION_DENIED',
  page: 'PERMISSION_DENIED',
  quota: 'RESOURCE_EXHAUSTED',
  compression: 'UNIMPLEMENTED',
  method: 'UNIMPLEMENTED',
  media_type: 'UNIMPLEMENTED',
  too_slow: 'DEADLINE_EXCEEDED',
  busy: 'UNAVAILABLE',
  fault: 'INTERNAL',
};
const RETRYABLE: ReadonlySet<RefusalReason> = new Set(['busy', 'quota', 'too_slow']);

/** Used for a session that is gone. */
const NO_CONNECTION: Connection = { remoteAddress: undefined, remotePort: undefined };

const SETTINGS = {
  /** Concurrent calls on one connection. */
  maxConcurrentStreams: 128,
  /** As much as of HTTP/1. */
  maxHeaderListSize: 16 * 1024,
};
/** A sender that has its answer and still sends is cut off after this time. */
const DRAIN_MS = 1_000;
/** Exporters of metrics send every minute; a connection without any sign of life for longer is let go. */
const IDLE_MS = 300_000;

export function createGrpcDoor(deps: GrpcDeps): Door {
  const { receiver, connections, log, timeoutMs = REQUEST_TIMEOUT_MS, idleMs = IDLE_MS } = deps;
  const receive = receiver.by('grpc', statusOf);
  const certificateOf = certificatesBySocket();
  const sessions = new Set<ServerHttp2Session>();

  const handle = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> => {
    if (!CALL_TYPE.test(headers['content-type'] ?? '') || headers[':method'] !== 'POST') {
      end(stream, { ':status': 415 });
      return;
    }
    const signal = METHODS[headers[':path'] ?? ''];
    if (signal === undefined) {
      refuse(stream, new Refusal('method', `Vigil takes ${Object.keys(METHODS).join(', ')}`));
      return;
    }
    const socket: Connection = stream.session?.socket ?? NO_CONNECTION;
    const answer = await receive({
      objection: connections.objectionTo(socket),
      admit: (sender) => connections.admit(socket, sender),
      signal,
      encoding: 'protobuf',
      presented: {
        authorization: headers.authorization,
        certificate: certificateOf(stream.session?.socket),
        host: headers[':authority'] ?? headers.host,
        page: headers.origin,
      },
      read: async (limit, hold) => {
        const { compressed, body } = await readMessage(stream, limit, timeoutMs, hold);
        return { body, compression: compressed ? compressionOf(headers) : 'identity' };
      },
    });
    if (answer.kind === 'accepted') accept(stream, answer.body);
    else if (answer.kind === 'refused') {
      refuse(stream, answer.refusal);
      if (endsConnection(answer.refusal) && stream.session !== undefined) letGo(stream.session);
    }
  };

  const server = serverFor(deps);
  server.maxConnections = MAX_CONNECTIONS;
  connections.watch(server);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.setTimeout(idleMs, () => letGo(session));
  });
  server.on('stream', (stream, headers) => {
    // A broken stream is closed, which its reader sees as an event.
    stream.on('error', () => undefined);
    handle(stream, headers).catch((error: unknown) => {
      log.error('request failed', { protocol: 'grpc', error: messageOf(error) });
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
  });
  return {
    server,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      const cut = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, STOP_GRACE_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

function serverFor({ tls, metrics }: GrpcDeps): Http2Server | Http2SecureServer {
  if (tls === undefined) return createServer({ settings: SETTINGS });
  const server = createSecureServer({ ...tls.options(), settings: SETTINGS, ALPNProtocols: ['h2'] });
  tls.attach(server);
  watchHandshakes(server, 'grpc', metrics);
  return server;
}

/** Sends GOAWAY, so that the sender opens a new connection for its next call. A sender that ignores it is disconnected. */
function letGo(session: Pick<ServerHttp2Session, 'close' | 'destroy'>): void {
  session.close();
  setTimeout(() => session.destroy(), STOP_GRACE_MS).unref();
}

function statusOf(answer: ExportAnswer): string {
  if (answer.kind === 'accepted') return 'OK';
  return answer.kind === 'gone' ? 'CANCELLED' : CODE_OF[answer.refusal.reason];
}

/** @throws Refusal when a message is compressed and its call does not say how */
function compressionOf(headers: IncomingHttpHeaders): string {
  const compression = headers['grpc-encoding'];
  if (typeof compression === 'string' && compression !== 'identity') return compression;
  throw new Refusal('malformed', 'a message is compressed, and grpc-encoding does not say how');
}

const CALL_HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
} as const;

function accept(stream: ServerHttp2Stream, body: Uint8Array): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond(CALL_HEADERS, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(CODE.OK) }));
  stream.end(frameMessage(body));
}

function refuse(stream: ServerHttp2Stream, { reason, message, retryAfterSeconds }: Refusal): void {
  const code = CODE[CODE_OF[reason]];
  const details = RETRYABLE.has(reason)
    ? encodeStatus('protobuf', { code, message, retryDelaySeconds: retryAfterSeconds })
    : undefined;
  end(stream, {
    ...CALL_HEADERS,
    'grpc-status': String(code),
    'grpc-message': percentEncode(message),
    ...(details === undefined ? {} : { 'grpc-status-details-bin': Buffer.from(details).toString('base64') }),
  });
}

/**
 * Answers with headers alone. What the sender is still sending is not wanted, and thrown away for a while: reset in the middle of its
 * message, a hundred such calls would make Node end the connection (ENHANCE_YOUR_CALM), other calls on it included.
 */
function end(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond(headers, { endStream: true });
  stream.resume();
  const cut = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), DRAIN_MS).unref();
  stream.once('close', () => clearTimeout(cut));
}

/** Percent-encodes text as gRPC requires for grpc-message: everything except printable ASCII, and the percent sign itself. */
function percentEncode(message: string): string {
  return message.replace(/[^\x20-\x7e]|%/gu, (character) =>
    Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
