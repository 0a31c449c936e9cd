import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { ShellError } from '../platform/shell-error.ts';
import { createAuthentication } from './credentials.ts';
import { type ReceiverDeps, createReceiver } from './http.ts';
import type { OtlpSignal, Origin } from './intake.ts';
import { sha256 } from '../platform/hash.ts';
import { readJson } from './otlp/read-json.ts';
import { readProtobuf } from './otlp/read-protobuf.ts';

const LOGS = JSON.stringify({
  resourceLogs: [
    {
      scopeLogs: [
        { scope: { name: 'lab' }, logRecords: [{ body: { stringValue: 'a' } }, { body: { stringValue: 'b' } }] },
      ],
    },
  ],
});
const JSON_TYPE = { 'content-type': 'application/json' };
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' };

let server: Server;
let base: string;
let taken: { origin: Origin; signal: OtlpSignal; records: number }[];
let refusal: string | undefined;
let outcome: () => Promise<{ rejected: number; message: string }>;

async function start(overrides: Partial<ReceiverDeps> = {}): Promise<void> {
  server = createReceiver({
    authenticate: createAuthentication([{ tokenSha256: sha256('secret'), tenant: 'acme', sender: 'laptop' }], {
      tenant: 'default',
      sender: 'local',
    }),
    take: async (origin, signal, encoding, body) => {
      const records = (encoding === 'json' ? readJson : readProtobuf)(signal, body, () => undefined);
      taken.push({ origin, signal, records });
      return outcome();
    },
    refusal: () => refusal,
    ready: () => Promise.resolve(),
    metrics: createMetrics(),
    log: silentLog,
    limits: { bodyBytes: 10_000, decodedBytes: 20_000, inflightBytes: 100_000 },
    ...overrides,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
beforeEach(async () => {
  taken = [];
  refusal = undefined;
  outcome = () => Promise.resolve({ rejected: 0, message: '' });
  await start();
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const post = (path: string, body: string | Uint8Array, headers: Record<string, string>): Promise<Response> =>
  fetch(base + path, { method: 'POST', body: body as string, headers });

describe('the OTLP/HTTP receiver', () => {
  it('answers in the encoding of the request', async () => {
    const json = await post('/v1/logs', LOGS, { 'content-type': 'application/json; charset=utf-8' });
    expect([json.status, json.headers.get('content-type'), await json.json()]).toEqual([200, 'application/json', {}]);
    const protobuf = await post('/v1/logs', new Uint8Array(), PROTOBUF_TYPE);
    expect([protobuf.status, protobuf.headers.get('content-type'), (await protobuf.arrayBuffer()).byteLength]).toEqual([
      200,
      'application/x-protobuf',
      0,
    ]);
    expect(taken).toEqual([
      { origin: { tenant: 'default', sender: 'local' }, signal: 'logs', records: 2 },
      { origin: { tenant: 'default', sender: 'local' }, signal: 'logs', records: 0 },
    ]);
  });

  it('tells exactly how many records it rejected', async () => {
    outcome = () => Promise.resolve({ rejected: 2, message: '2 missing_session' });
    const answer = await post('/v1/logs', LOGS, JSON_TYPE);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      partialSuccess: { rejectedLogRecords: '2', errorMessage: '2 missing_session' },
    });
  });

  it.each([
    ['gzip', gzipSync(LOGS)],
    ['deflate', deflateSync(LOGS)],
  ])('takes %s', async (encoding, body) => {
    expect((await post('/v1/logs', body, { ...JSON_TYPE, 'content-encoding': encoding })).status).toBe(200);
    expect(taken[0]?.records).toBe(2);
  });

  it('holds no more in memory than it may, however small the bodies were when they were sent', async () => {
    server.close();
    await start({ limits: { bodyBytes: 10_000, decodedBytes: 20_000, inflightBytes: 50_000 } });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    outcome = () => released.then(() => ({ rejected: 0, message: '' }));
    const large = gzipSync(`${LOGS}${' '.repeat(15_000)}`);
    const answers = Array.from({ length: 12 }, () => post('/v1/logs', large, { ...JSON_TYPE, 'content-encoding': 'gzip' })); // prettier-ignore
    let refused = 0;
    for (const answer of answers) void answer.then(() => (refused += 1));
    while (refused + taken.length < answers.length) await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(3);
    // And all of it is given back.
    expect((await post('/v1/logs', large, { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(200);
  });

  it('keeps a connection for the next request', async () => {
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const message = `POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${LOGS.length}\r\n\r\n${LOGS}`;
    socket.write(message + message);
    let received = '';
    for await (const chunk of socket) {
      received += String(chunk);
      if (received.split('HTTP/1.1 200').length === 3) break;
    }
    expect(taken).toHaveLength(2);
  });

  it.each([
    ['not OTLP', LOGS.slice(0, 50), JSON_TYPE, 400, /byte/],
    ['another content type', LOGS, { 'content-type': 'text/plain' }, 415, /content-type/],
    ['another content encoding', LOGS, { ...JSON_TYPE, 'content-encoding': 'br' }, 415, /content-encoding/],
    ['what is not gzip', LOGS, { ...JSON_TYPE, 'content-encoding': 'gzip' }, 400, /gzip/],
    ['a body above the limit', ' '.repeat(10_001), JSON_TYPE, 413, /10000 bytes/],
    [
      'a body that swells above the limit',
      gzipSync(' '.repeat(1_000_000)),
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      413,
      /20000 bytes/,
    ],
    ['an unknown credential', LOGS, { ...JSON_TYPE, authorization: 'Bearer wrong' }, 401, /credential/],
  ])('refuses %s for good, as google.rpc.Status', async (_what, body, headers, status, message) => {
    const answer = await post('/v1/logs', body, headers);
    expect(answer.status).toBe(status);
    const { code, message: text } = (await answer.json()) as { code: number; message: string };
    expect(code).toBeGreaterThan(0);
    expect(text).toMatch(message);
    expect(taken).toEqual([]);
  });

  it('refuses in protobuf what came in protobuf', async () => {
    const answer = await post('/v1/traces', new Uint8Array([0x0a, 0xff]), PROTOBUF_TYPE);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/x-protobuf']);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    // Field 1 (code) = INVALID_ARGUMENT, then field 2 (message).
    expect([...bytes.subarray(0, 3)]).toEqual([0x08, 3, 0x12]);
  });

  it('stops reading a chunked body at the limit', async () => {
    const answer = await new Promise<number | undefined>((resolve) => {
      const { port } = server.address() as AddressInfo;
      const request = httpRequest({ port, path: '/v1/logs', method: 'POST', headers: JSON_TYPE }, (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.on('error', () => undefined);
      const feed = (): void => {
        if (!request.destroyed) request.write('x'.repeat(1_000), () => setImmediate(feed));
      };
      feed();
    });
    expect(answer).toBe(413);
  });

  it('asks to come again while it has no room, and when the disk fails', async () => {
    refusal = 'the spool is full';
    const full = await post('/v1/logs', LOGS, JSON_TYPE);
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await full.json()).toMatchObject({ code: 14, message: 'the spool is full' });
    refusal = undefined;
    outcome = () => Promise.reject(new ShellError('SPOOL_FAILED', 'no space left', { retryable: true }));
    expect((await post('/v1/logs', LOGS, JSON_TYPE)).status).toBe(503);
  });

  it('does not tell of its own faults', async () => {
    outcome = () => Promise.reject(new Error('secret detail'));
    const answer = await post('/v1/logs', LOGS, JSON_TYPE);
    expect([answer.status, await answer.json()]).toEqual([500, { code: 13, message: 'internal error' }]);
  });

  it('gives a known credential its tenant and sender', async () => {
    await post('/v1/logs', LOGS, { ...JSON_TYPE, authorization: 'Bearer secret' });
    expect(taken[0]?.origin).toEqual({ tenant: 'acme', sender: 'laptop' });
  });

  it('tells an exporter that has another path what it takes, in the exporter’s encoding', async () => {
    const json = await post('/v1/log', LOGS, JSON_TYPE);
    expect([json.status, await json.json()]).toEqual([404, { code: 5, message: expect.stringContaining('/v1/logs') }]);
    const protobuf = await post('/', new Uint8Array(), PROTOBUF_TYPE);
    expect([protobuf.status, protobuf.headers.get('content-type')]).toEqual([404, 'application/x-protobuf']);
  });

  it('counts a sender that hangs up in the middle, and makes no fault of it', async () => {
    const errors: string[] = [];
    server.close();
    await start({ log: { ...silentLog, error: (message) => errors.push(message) } });
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${LOGS.length}\r\n\r\n${LOGS.slice(0, 40)}`); // prettier-ignore
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    const counted = async (): Promise<boolean> =>
      (await (await fetch(`${base}/metrics`)).text()).includes(
        'collector_requests_total{signal="logs",status="499"} 1',
      );
    while (!(await counted())) await new Promise((resolve) => setTimeout(resolve, 10));
    expect([errors, taken]).toEqual([[], []]);
  });

  it('answers others with a hint, health and metrics', async () => {
    expect((await fetch(`${base}/`)).status).toBe(404);
    expect((await fetch(`${base}/v1/logs`)).status).toBe(405);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${base}/metrics`)).text()).toContain(
      'collector_requests_total{signal="logs",status="405"} 1',
    );
  });
});
