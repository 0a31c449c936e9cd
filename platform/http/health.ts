/** Answers `/healthz` (the process runs), `/readyz` (it can do its work) and `/metrics`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { METRICS_CONTENT_TYPE, type Metrics } from '../metrics.ts';
import { messageOf } from '../shell-error.ts';

export interface MetricsDenial {
  readonly status: 401 | 403 | 421;
  readonly message: string;
}

export interface HealthDeps {
  readonly metrics: Metrics;
  /** Resolves when the process can do its work; rejects with the reason when it cannot. */
  readonly ready: () => Promise<void>;
  /** Undefined when the request may read metrics, else why not. */
  readonly metricsDenial: (request: IncomingMessage) => MetricsDenial | undefined;
}

/** Answers a request for one of the three paths, and resolves to false for any other path. */
export type Health = (path: string, request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** A probe that has waited longer has usually stopped waiting. */
const READY_TIMEOUT_MS = 5_000;

/** Everybody may ask for health; the reason for not being ready and the metrics are for clients that may read metrics. */
export function createHealth({ metrics, ready, metricsDenial }: HealthDeps): Health {
  const answers: Readonly<Record<string, (request: IncomingMessage) => Promise<Answer>>> = {
    '/healthz': () => Promise.resolve(text(200, 'ok')),
    '/readyz': async (request) => {
      const reason = await reasonNotReady(ready);
      if (reason === undefined) return text(200, 'ready');
      return text(503, metricsDenial(request) === undefined ? reason : 'not ready');
    },
    '/metrics': (request) => {
      const denial = metricsDenial(request);
      if (denial === undefined)
        return metrics.exposition().then(
          (body) => ({ status: 200, type: METRICS_CONTENT_TYPE, body }),
          (error: unknown) => text(500, messageOf(error)),
        );
      const challenge = denial.status === 401 ? { 'www-authenticate': ['Bearer', 'Basic realm="vigil"'] } : {};
      return Promise.resolve({ ...text(denial.status, denial.message), headers: challenge });
    },
  };
  return async (path, request, response) => {
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (answer === undefined) return false;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    send(response, isRead ? await answer(request) : { ...text(405, 'only GET'), headers: { allow: 'GET, HEAD' } });
    return true;
  };
}

/** @returns why the process is not ready; undefined when it is */
export async function reasonNotReady(ready: () => Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), READY_TIMEOUT_MS);
  });
  try {
    await Promise.race([ready(), late]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    clearTimeout(timer);
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

function text(status: number, line: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${line}\n` };
}

function send(response: ServerResponse, { status, type, body, headers = {} }: Answer): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
}
