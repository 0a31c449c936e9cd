/** Destinations of simulated requests: a collector, standard output, or none. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExportResultCode } from '@opentelemetry/core';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { ShellError, messageOf } from '../platform/shell-error.ts';

export interface RequestSink {
  readonly exporter: SpanExporter;
  readonly sent: () => { readonly requests: number; readonly bytes: number; readonly turnedAway: number };
  /** Why a request was not accepted. */
  readonly failure: () => ShellError | undefined;
}

type Take = (body: Uint8Array, spans: number) => Promise<{ readonly turnedAway: number }>;

/** Returns an exporter that passes each batch on as one OTLP/JSON request. */
function sinkTo(take: Take): RequestSink {
  let requests = 0;
  let bytes = 0;
  let turnedAway = 0;
  let failure: ShellError | undefined;
  return {
    sent: () => ({ requests, bytes, turnedAway }),
    failure: () => failure,
    exporter: {
      export: (spans, done) => {
        const body = JsonTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
        take(body, spans.length).then(
          (taken) => {
            requests += 1;
            bytes += body.length;
            turnedAway += taken.turnedAway;
            done({ code: ExportResultCode.SUCCESS });
          },
          (error: unknown) => {
            failure =
              error instanceof ShellError ? error : new ShellError('NOT_TAKEN', messageOf(error), { retryable: false });
            done({ code: ExportResultCode.FAILED, error: failure });
          },
        );
      },
      shutdown: () => Promise.resolve(),
    },
  };
}

export function countingSink(): RequestSink {
  return sinkTo(() => Promise.resolve({ turnedAway: 0 }));
}

/** Writes one request per line. */
export function ndjsonSink(stream: NodeJS.WritableStream): RequestSink {
  let broken: Error | undefined;
  stream.on('error', (error: Error) => (broken = error));
  return sinkTo(async (body) => {
    // As with `| head`: the reader has closed the pipe.
    if (broken !== undefined)
      throw new ShellError('NOT_TAKEN', `standard output: ${broken.message}`, { retryable: false });
    const takesMore = stream.write(Buffer.concat([body, Buffer.from('\n')]));
    if (!takesMore) await once(stream, 'drain').catch(() => undefined);
    return { turnedAway: 0 };
  });
}

export interface HttpSinkOptions {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly spansPerSecond: number | undefined;
}

const RETRYABLE = new Set([429, 502, 503, 504]);
const MAX_ATTEMPTS = 8;
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 60_000;
const SHOWN_ANSWER = 300; // characters

/** Sends OTLP/HTTP requests one after the other, and retries those that may succeed later. */
export function httpSink({ endpoint, headers, spansPerSecond }: HttpSinkOptions): RequestSink {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  let spansSoFar = 0;
  const startedMs = performance.now();
  return sinkTo(async (body, spans) => {
    const answer = await post(url, headers, body);
    spansSoFar += spans;
    const aheadMs =
      spansPerSecond === undefined ? 0 : (spansSoFar / spansPerSecond) * 1_000 - (performance.now() - startedMs);
    if (aheadMs > 0) await sleep(aheadMs);
    return { turnedAway: turnedAwayIn(answer) };
  });
}

/** @throws ShellError when the collector does not accept it */
async function post(url: string, headers: Readonly<Record<string, string>>, body: Uint8Array): Promise<string> {
  let trouble = '';
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 0) await sleep(Math.min(FIRST_WAIT_MS * 2 ** attempt, MAX_WAIT_MS));
    let response: Response;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: body as Uint8Array<ArrayBuffer>,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
    } catch (error) {
      trouble = `cannot reach ${url}: ${messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)}`;
      continue;
    }
    const answer = await response.text().catch(() => '');
    if (response.ok) return answer;
    trouble = `${url} answered ${response.status}: ${answer.slice(0, SHOWN_ANSWER)}`;
    if (!RETRYABLE.has(response.status)) throw new ShellError('NOT_TAKEN', trouble, { retryable: false });
    const wanted = Number(response.headers.get('retry-after'));
    if (wanted > 0) await sleep(Math.min(wanted * 1_000, MAX_WAIT_MS));
  }
  throw new ShellError('NOT_TAKEN', trouble, { retryable: true });
}

/** `{"partialSuccess": {"rejectedSpans": "3"}}` */
function turnedAwayIn(answer: string): number {
  try {
    const parsed = JSON.parse(answer) as { partialSuccess?: { rejectedSpans?: string | number } } | null;
    return Number(parsed?.partialSuccess?.rejectedSpans ?? 0) || 0;
  } catch {
    return 0;
  }
}
