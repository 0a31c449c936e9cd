/**
 * What OTLP/HTTP and OTLP/gRPC do alike with a request: whose it is, whether there is room, decompressed once, on disk,
 * counted. Memory is held for all of them together.
 */
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { messageOf } from '../../platform/shell-error.ts';
import type { Authentication, Presented } from '../../access/authentication.ts';
import type { Client } from '../../access/client.ts';
import { denialOf } from '../../access/rights.ts';
import type { FairTurns } from '../limits/fair-turns.ts';
import type { Charge, Quotas } from '../limits/quotas.ts';
import { type Hold, createSharedMemory } from '../limits/shared-memory.ts';
import { createDecompress } from './decompress.ts';
import type { OtlpSignal } from '../../schemas/otlp/request.ts';
import { type Encoding, encodeSuccess } from '../otlp/answer.ts';
import { Refusal, SenderGone, refusalOf } from '../refusal.ts';

export interface ReceiverDeps {
  readonly authenticate: Authentication['authenticate'];
  readonly quotas: Quotas;
  readonly turns: FairTurns;
  /** Takes one decoded body; resolves when it is on disk. Charges its records before any of it is kept. */
  readonly accept: (request: DecodedRequest) => Promise<{ readonly rejected: number; readonly message: string }>;
  /** Undefined while requests can be taken, else why not. */
  readonly refusal: () => string | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
  /** In bytes: of one body as sent and decompressed, of all bodies in memory. */
  readonly limits: { readonly bodyBytes: number; readonly decodedBytes: number; readonly inflightBytes: number };
}

export interface DecodedRequest {
  readonly client: Client;
  readonly signal: OtlpSignal;
  readonly encoding: Encoding;
  readonly body: Uint8Array;
  readonly charge: Pick<Charge, 'records'>;
}

export interface ExportRequest {
  readonly signal: OtlpSignal;
  readonly encoding: Encoding;
  readonly presented: Presented;
  /** What its protocol has against it. */
  readonly objection?: Refusal | undefined;
  /** Counts its connection as this sender's. @throws Refusal */
  readonly admit: (sender: string) => void;
  /**
   * Reads the body as it was sent, holding each part as it arrives.
   *
   * @param limit largest body (bytes)
   * @throws Refusal; SenderGone
   */
  readonly read: (limit: number, hold: Hold) => Promise<{ readonly body: Buffer; readonly compression: string }>;
}

export type ExportAnswer =
  /** The body of the answer, in the encoding of the request. */
  | { readonly kind: 'accepted'; readonly body: Uint8Array }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'gone' };

/** Takes one request; never throws. */
export type Receive = (request: ExportRequest) => Promise<ExportAnswer>;

export interface Receiver {
  /** @param statusOf how an answer is called in the counts of this protocol */
  by(protocol: 'http' | 'grpc', statusOf: (answer: ExportAnswer) => string | number): Receive;
}

const ANSWER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export function createReceiver(deps: ReceiverDeps): Receiver {
  const { metrics, limits } = deps;
  const labels = ['protocol', 'signal'];
  const requests = metrics.counter(
    'collector_requests_total',
    'OTLP requests by protocol, signal and status (of HTTP a number, of gRPC a name)',
    [...labels, 'status'],
  );
  const bytes = metrics.counter('collector_request_bytes_total', 'Bytes of request bodies as sent', labels);
  const duration = metrics.histogram(
    'collector_answer_seconds',
    'From the last byte of a request to its answer',
    ANSWER_SECONDS,
    labels,
  );
  const refusals = metrics.counter(
    'collector_refusals_total',
    'OTLP requests that were refused, by sender (empty when not known) and reason',
    ['tenant', 'sender', 'reason'],
  );
  const decompress = createDecompress(limits.decodedBytes);
  const memory = createSharedMemory(limits.inflightBytes);

  const receive = async (protocol: string, request: ExportRequest, client: Client, hold: Hold): Promise<Uint8Array> => {
    const { signal, encoding } = request;
    const full = deps.refusal();
    if (full !== undefined) throw new Refusal('busy', full, { limit: 'spool' });
    const charge = deps.quotas.admit(client);
    const { body: sent, compression } = await request.read(limits.bodyBytes, hold);
    bytes.inc({ protocol, signal }, sent.length);
    const started = performance.now();
    const body = await decompress(compression, sent);
    if (body !== sent) hold(body.length);
    charge.bytes(body.length);
    try {
      const decoded = { client, signal, encoding, body, charge };
      const { rejected, message } = await deps.turns(keyOf(client), () => deps.accept(decoded));
      const answer = encodeSuccess(signal, encoding, rejected === 0 ? undefined : { rejected, message });
      duration.observe({ protocol, signal }, (performance.now() - started) / 1000);
      return answer;
    } catch (error) {
      if (refusalOf(error).reason !== 'malformed') charge.undo();
      throw error;
    }
  };

  const refused = (protocol: string, signal: OtlpSignal, client: Client | undefined, error: unknown): ExportAnswer => {
    if (error instanceof SenderGone) return { kind: 'gone' };
    const refusal = refusalOf(error);
    const { reason, limit } = refusal;
    refusals.inc({
      tenant: client?.tenant ?? '',
      sender: client?.sender ?? '',
      reason: limit === undefined ? reason : `${reason}_${limit}`,
    });
    if (reason === 'fault') deps.log.error('request failed', { protocol, signal, error: messageOf(error) });
    return { kind: 'refused', refusal };
  };

  const settle = async (protocol: string, request: ExportRequest): Promise<ExportAnswer> => {
    const { signal, objection } = request;
    let client: Client | undefined;
    let held: { readonly hold: Hold; readonly release: () => void } | undefined;
    try {
      if (objection !== undefined) throw objection;
      const authenticated = deps.authenticate(request.presented);
      if (authenticated.kind === 'denied') throw new Refusal(authenticated.reason, authenticated.message);
      client = authenticated.client;
      const denial = denialOf(client, 'telemetry.write');
      if (denial !== undefined) throw new Refusal(denial.reason, denial.message);
      request.admit(keyOf(client));
      held = memory.open(keyOf(client));
      return { kind: 'accepted', body: await receive(protocol, request, client, held.hold) };
    } catch (error) {
      return refused(protocol, signal, client, error);
    } finally {
      held?.release();
    }
  };

  return {
    by: (protocol, statusOf) => async (request) => {
      const answer = await settle(protocol, request);
      requests.inc({ protocol, signal: request.signal, status: statusOf(answer) });
      return answer;
    },
  };
}

function keyOf({ tenant, sender }: Client): string {
  return `${tenant}/${sender}`;
}
