/**
 * What OTLP/HTTP and OTLP/gRPC do alike with a request: whose it is, whether there is room, decompressed once, on disk,
 * counted. Memory is held for all of them together.
 */
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { messageOf } from '../platform/shell-error.ts';
import { createDecompress } from './decompress.ts';
import type { OtlpSignal, Origin } from './intake.ts';
import { type Encoding, encodeSuccess } from './otlp/answer.ts';
import { Refusal, SenderGone, refusalOf } from './refusal.ts';

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
  readonly metrics: Metrics;
  readonly log: Log;
  /** In bytes: of one body as sent and decompressed, of all bodies in memory. */
  readonly limits: { readonly bodyBytes: number; readonly decodedBytes: number; readonly inflightBytes: number };
}

/** Counts bytes as held by this request. @throws Refusal `busy` when all requests together hold too much */
export type Hold = (bytes: number) => void;

export interface ExportRequest {
  readonly signal: OtlpSignal;
  readonly encoding: Encoding;
  readonly authorization: string | undefined;
  /** What its protocol has against it. */
  readonly objection?: Refusal | undefined;
  /**
   * Reads the body as it was sent, holding each part as it arrives.
   *
   * @param limit largest body (bytes)
   * @throws Refusal; SenderGone
   */
  readonly read: (limit: number, hold: Hold) => Promise<{ readonly body: Buffer; readonly compression: string }>;
}

export type Outcome =
  /** The body of the answer, in the encoding of the request. */
  | { readonly kind: 'taken'; readonly body: Uint8Array }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'gone' };

/** Takes one request; never throws. */
export type Receive = (request: ExportRequest) => Promise<Outcome>;

export interface Receiver {
  /** @param statusOf how an outcome is called in the counts of this protocol */
  by(protocol: 'http' | 'grpc', statusOf: (outcome: Outcome) => string | number): Receive;
}

const ANSWER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export function createReceiver(deps: ReceiverDeps): Receiver {
  const { metrics, limits } = deps;
  const labels = ['protocol', 'signal'];
  const requests = metrics.counter('collector_requests_total', 'OTLP requests by protocol, signal and status (of HTTP a number, of gRPC a name)', [...labels, 'status']); // prettier-ignore
  const bytes = metrics.counter('collector_request_bytes_total', 'Bytes of request bodies as sent', labels);
  const duration = metrics.histogram('collector_answer_seconds', 'From the last byte of a request to its answer', ANSWER_SECONDS, labels); // prettier-ignore
  const decompress = createDecompress(limits.decodedBytes);
  const memory = createMemory(limits.inflightBytes);

  const take = async (protocol: string, request: ExportRequest, hold: Hold): Promise<Uint8Array> => {
    const { signal, encoding, objection } = request;
    if (objection !== undefined) throw objection;
    const origin = deps.authenticate(request.authorization);
    if (origin === undefined) throw new Refusal('credential', 'the credential is not known');
    const full = deps.refusal();
    if (full !== undefined) throw new Refusal('busy', full);
    const { body: sent, compression } = await request.read(limits.bodyBytes, hold);
    bytes.inc({ protocol, signal }, sent.length);
    const started = performance.now();
    const body = await decompress(compression, sent);
    if (body !== sent) hold(body.length);
    const { rejected, message } = await deps.take(origin, signal, encoding, body);
    const answer = encodeSuccess(signal, encoding, rejected === 0 ? undefined : { rejected, message });
    duration.observe({ protocol, signal }, (performance.now() - started) / 1000);
    return answer;
  };

  const settle = async (protocol: string, request: ExportRequest): Promise<Outcome> => {
    const held = memory.open();
    try {
      return { kind: 'taken', body: await take(protocol, request, held.hold) };
    } catch (error) {
      if (error instanceof SenderGone) return { kind: 'gone' };
      const refusal = refusalOf(error);
      if (refusal.reason === 'fault')
        deps.log.error('request failed', { protocol, signal: request.signal, error: messageOf(error) });
      return { kind: 'refused', refusal };
    } finally {
      held.release();
    }
  };

  return {
    by: (protocol, statusOf) => async (request) => {
      const outcome = await settle(protocol, request);
      requests.inc({ protocol, signal: request.signal, status: statusOf(outcome) });
      return outcome;
    },
  };
}

/** Counts what all requests together hold. */
function createMemory(limit: number) {
  let inflight = 0;
  return {
    open: () => {
      let held = 0;
      const hold: Hold = (size) => {
        // What this request already holds is its own; others must not push the sum over the limit.
        if (inflight > held && inflight + size > limit)
          throw new Refusal('busy', 'too many requests are being taken at this moment');
        held += size;
        inflight += size;
      };
      return {
        hold,
        release: () => {
          inflight -= held;
        },
      };
    },
  };
}
