/** Agents that send captured requests without end, each copy with ids of its own, and repeat what was not acknowledged as their exporters do. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CAPTURED_AGENTS,
  type CapturedRequest,
  asCopy,
  capturedRequests,
  post,
} from '../support/telemetry/captures.ts';
import { type GrpcClient, grpcClient } from '../support/grpc.ts';

/** What was sent: the request's place among the captured ones, and the copy. */
export interface Sent {
  readonly index: number;
  readonly copy: number;
}

export interface Sender {
  readonly name: string;
  readonly token: string;
  /** `once`: never sends a batch again, as Codex does. */
  readonly how: 'http' | 'grpc' | 'once';
}

export const SENDERS: readonly Sender[] = [
  { name: 'laptops', token: 'endure-laptops', how: 'http' },
  { name: 'runners', token: 'endure-runners', how: 'http' },
  { name: 'servers', token: 'endure-servers', how: 'grpc' },
  { name: 'once-only', token: 'endure-once-only', how: 'once' },
];

export const CAPTURED: readonly CapturedRequest[] = CAPTURED_AGENTS.flatMap(capturedRequests).filter(
  ({ signal }) => signal !== 'metrics',
);

export function requestOf({ index, copy }: Sent): CapturedRequest {
  const request = CAPTURED[index];
  if (request === undefined) throw new Error(`no request ${index}`);
  const { body, ...rest } = asCopy(request, copy);
  const text = body.toString('latin1').replace(OPENCODE_SESSION, (copy >>> 0).toString(16).padStart(8, '0'));
  return { ...rest, body: Buffer.from(text, 'latin1') };
}

/** Its sessions are no UUIDs. */
const OPENCODE_SESSION = /(?<=\bses_)[0-9a-zA-Z]{8}/g;

export interface Tally {
  readonly acknowledged: Sent[];
  /** Not acknowledged, and not sent again: it may be stored or not. */
  readonly givenUp: Sent[];
  /** Answered by 429 or 503, by gRPC RESOURCE_EXHAUSTED or UNAVAILABLE. */
  refused: number;
  /** No answer came: the collector had just been killed. */
  broken: number;
  /** Answers that no agent should get, one sentence each. */
  readonly wrong: string[];
}

type Answer = 'acknowledged' | 'refused' | 'broken' | { readonly wrong: string };

/** @param perSecond requests of all senders together @param isOver when to end; what is on its way is repeated until it is acknowledged */
export async function sendAll(
  addresses: { readonly otlp: string; readonly grpc: string },
  perSecond: number,
  isOver: () => boolean,
): Promise<Tally> {
  const tally: Tally = { acknowledged: [], givenUp: [], refused: 0, broken: 0, wrong: [] };
  const client = grpcClient(new URL(addresses.grpc).host, {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
  });
  await Promise.all(
    SENDERS.map(async (sender, number) => {
      const pauseMs = (1000 * SENDERS.length) / perSecond;
      for (let round = 0; !isOver(); round += 1) {
        const copy = round * SENDERS.length + number + 1;
        for (const [index, request] of CAPTURED.entries()) {
          if (isOver()) return;
          if (sender.how === 'grpc' && request.contentType === 'application/json') continue;
          const started = performance.now();
          const sent = { index, copy };
          await deliver(sender, sent, () => sendOnce(sender, addresses.otlp, client, requestOf(sent)), tally);
          await sleep(Math.max(0, pauseMs - (performance.now() - started)));
        }
      }
    }),
  );
  client.close();
  return tally;
}

async function deliver(sender: Sender, sent: Sent, attempt: () => Promise<Answer>, tally: Tally): Promise<void> {
  for (let backoffMs = 100; ; backoffMs = Math.min(2 * backoffMs, 2_000)) {
    const answer = await attempt();
    if (answer === 'acknowledged') {
      tally.acknowledged.push(sent);
      return;
    }
    if (typeof answer === 'object') tally.wrong.push(answer.wrong);
    else tally[answer] += 1;
    if (sender.how === 'once' || typeof answer === 'object') {
      tally.givenUp.push(sent);
      return;
    }
    await sleep(backoffMs * (0.5 + Math.random()));
  }
}

const GRPC_RETRYABLE = new Map<number, Answer>([
  [8, 'refused'],
  [14, 'refused'],
  // The connection ended under the call.
  [1, 'broken'],
  [13, 'broken'],
]);

async function sendOnce(sender: Sender, otlp: string, client: GrpcClient, request: CapturedRequest): Promise<Answer> {
  const authorization = `Bearer ${sender.token}`;
  if (sender.how === 'grpc') {
    return client.send(request.signal, request.body, { authorization }).then(
      (): Answer => 'acknowledged',
      (error: unknown): Answer => {
        const { code = 2, details = '' } = error as { code?: number; details?: string };
        return GRPC_RETRYABLE.get(code) ?? { wrong: `gRPC ${code}: ${details}` };
      },
    );
  }
  try {
    const response = await post(otlp, request, { authorization });
    const text = await response.text();
    if (response.status === 200) return 'acknowledged';
    if (response.status === 429 || response.status === 503) {
      return response.headers.has('retry-after') ? 'refused' : { wrong: `${response.status} without Retry-After` };
    }
    return { wrong: `${response.status}: ${text.slice(0, 200)}` };
  } catch {
    return 'broken';
  }
}
