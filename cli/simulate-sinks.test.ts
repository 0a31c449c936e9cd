import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { createInstrument } from '../instrument/index.ts';
import { type RequestSink, httpSink, ndjsonSink } from './simulate-sinks.ts';

async function aSpan(): Promise<ReadableSpan> {
  const exporter = new InMemorySpanExporter();
  const instrument = createInstrument({ agentName: 'a', exporter, exitHooks: false });
  instrument.session();
  await instrument.flush();
  const [span] = exporter.getFinishedSpans();
  if (span === undefined) throw new Error('no span');
  return span;
}

const sendBy = async (sink: RequestSink): Promise<unknown> => {
  const span = await aSpan();
  return new Promise((resolve) => sink.exporter.export([span], ({ error }) => resolve(error?.message)));
};

describe('sent requests', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());
  const requests: { url: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];

  /** Starts a server that returns these answers one after the other. */
  async function collector(...answers: readonly (readonly [number, string])[]): Promise<string> {
    requests.length = 0;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const [status, answer] = answers[Math.min(requests.length, answers.length - 1)] ?? [500, ''];
        requests.push({ url: request.url, headers: request.headers, body });
        response.writeHead(status).end(answer);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
  const sinkTo = (endpoint: string): RequestSink =>
    httpSink({ endpoint, headers: { authorization: 'Bearer x' }, spansPerSecond: undefined });

  it('are OTLP/JSON with the given headers', async () => {
    const sink = sinkTo(await collector([200, '{}']));
    expect(await sendBy(sink)).toBeUndefined();
    expect(requests.map(({ url, headers }) => [url, headers.authorization, headers['content-type']])).toEqual([
      ['/v1/traces', 'Bearer x', 'application/json'],
    ]);
    expect(JSON.parse(requests[0]?.body ?? '')).toHaveProperty('resourceSpans');
    expect(sink.sent()).toMatchObject({ requests: 1, turnedAway: 0 });
  });

  it('are retried when that may help', async () => {
    const sink = sinkTo(await collector([503, ''], [429, ''], [200, '']));
    expect(await sendBy(sink)).toBeUndefined();
    expect(requests).toHaveLength(3);
    expect(sink.sent().requests).toBe(1);
  });

  it('are not retried when it does not, and the answer is reported', async () => {
    const sink = sinkTo(await collector([401, 'who are you?']));
    expect(await sendBy(sink)).toMatch(/answered 401: who are you\?$/);
    expect(sink.failure()?.code).toBe('NOT_TAKEN');
    expect(requests).toHaveLength(1);
  });

  it('count rejected spans', async () => {
    const sink = sinkTo(await collector([200, '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"x"}}']));
    expect(await sendBy(sink)).toBeUndefined();
    expect(sink.sent().turnedAway).toBe(1);
  });
});

describe('written requests', () => {
  it('are one per line', async () => {
    const stream = new PassThrough();
    const sink = ndjsonSink(stream);
    await sendBy(sink);
    await sendBy(sink);
    const lines = String(stream.read()).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.slice(0, 2).map((line) => Object.keys(JSON.parse(line) as object))).toEqual([
      ['resourceSpans'],
      ['resourceSpans'],
    ]);
  });

  it('fail with a clear message when the reader closes the pipe', async () => {
    const stream = new PassThrough();
    const sink = ndjsonSink(stream);
    stream.destroy(new Error('EPIPE'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await sendBy(sink)).toBe('standard output: EPIPE');
  });
});
