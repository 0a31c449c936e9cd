import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { listen } from '../../platform/http/listen.ts';
import { ShellError } from '../../platform/shell-error.ts';
import type { RegisteredClient } from '../../access/client.ts';
import { type NewToken, newToken } from '../../access/tokens/token.ts';
import { TEST_LIMITS, type TestReceiver, createTestReceiver } from '../../test/support/receiver.ts';
import type { Door } from './door.ts';
import { createHttpDoor } from './http.ts';

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

let door: Door;
let port: number;
let base: string;
let test: TestReceiver;

async function start(limits = TEST_LIMITS): Promise<void> {
  test = createTestReceiver(limits);
  door = createHttpDoor({ ...test, ready: () => Promise.resolve() });
  port = await listen(door.server, { host: '127.0.0.1', port: 0, purpose: 'OTLP', setting: 'VIGIL_OTLP_PORT' });
  base = `http://127.0.0.1:${port}`;
}
beforeEach(() => start());
afterEach(() => door.stop());

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
    expect(test.taken).toEqual([
      { origin: { tenant: 'default', sender: 'local' }, signal: 'logs', records: 2 },
      { origin: { tenant: 'default', sender: 'local' }, signal: 'logs', records: 0 },
    ]);
  });

  it('reports exactly how many records it rejected', async () => {
    test.outcome = () => Promise.resolve({ rejected: 2, message: '2 missing_session' });
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
    expect(test.taken[0]?.records).toBe(2);
  });

  it('keeps within its memory limit for small compressed bodies', async () => {
    await door.stop();
    await start({ ...TEST_LIMITS, inflightBytes: 50_000 });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    test.outcome = () => released.then(() => ({ rejected: 0, message: '' }));
    const large = gzipSync(`${LOGS}${' '.repeat(15_000)}`);
    const answers = Array.from({ length: 12 }, () =>
      post('/v1/logs', large, { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    );
    let refused = 0;
    for (const answer of answers) void answer.then(() => (refused += 1));
    while (refused + test.taken.length < answers.length) await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(3);
    // All of the memory is released.
    expect((await post('/v1/logs', large, { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(200);
  });

  it('has room for others while one sender sends at full rate', async () => {
    await door.stop();
    await start({ ...TEST_LIMITS, inflightBytes: 40_000 });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    test.outcome = () => released.then(() => ({ rejected: 0, message: '' }));
    const padded = `${LOGS}${' '.repeat(3_000)}`;
    const noisy = Array.from({ length: 30 }, () => post('/v1/logs', padded, JSON_TYPE));
    let refused = 0;
    for (const answer of noisy) void answer.then(({ status }) => (refused += status === 503 ? 1 : 0));
    while (refused + test.taken.length < noisy.length) await new Promise((resolve) => setTimeout(resolve, 5));
    const quiet = post('/v1/logs', padded, { ...JSON_TYPE, authorization: 'Bearer secret' });
    while (!test.taken.some(({ origin }) => origin.sender === 'laptop'))
      await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    expect((await quiet).status).toBe(200);
    expect(refused).toBeGreaterThan(15);
    expect(await test.metrics.exposition()).toContain(
      `collector_refusals_total{tenant="default",sender="local",reason="busy_share"} ${refused}`,
    );
  });

  it('keeps a connection for the next request', async () => {
    const socket = connect(port, '127.0.0.1');
    const message = `POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${LOGS.length}\r\n\r\n${LOGS}`;
    socket.write(message + message);
    let received = '';
    for await (const chunk of socket) {
      received += String(chunk);
      if (received.split('HTTP/1.1 200').length === 3) break;
    }
    expect(test.taken).toHaveLength(2);
  });

  it.each([
    ['not OTLP', LOGS.slice(0, 50), JSON_TYPE, 400, /byte/],
    ['another content type', LOGS, { 'content-type': 'text/plain' }, 415, /content-type/],
    ['another content encoding', LOGS, { ...JSON_TYPE, 'content-encoding': 'br' }, 415, /not by "br"/],
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
    expect(test.taken).toEqual([]);
  });

  it('refuses a protobuf request in protobuf', async () => {
    const answer = await post('/v1/traces', new Uint8Array([0x0a, 0xff]), PROTOBUF_TYPE);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/x-protobuf']);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    // Field 1 (code) = INVALID_ARGUMENT, then field 2 (message).
    expect([...bytes.subarray(0, 3)]).toEqual([0x08, 3, 0x12]);
  });

  it('stops reading a chunked body at the limit', async () => {
    const answer = await new Promise<number | undefined>((resolve) => {
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

  it('asks the sender to retry while it has no room, and when the disk fails', async () => {
    test.refusal = 'the spool is full';
    const full = await post('/v1/logs', LOGS, JSON_TYPE);
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await full.json()).toMatchObject({ code: 14, message: 'the spool is full' });
    test.refusal = undefined;
    test.outcome = () => Promise.reject(new ShellError('SPOOL_FAILED', 'no space left', { retryable: true }));
    expect((await post('/v1/logs', LOGS, JSON_TYPE)).status).toBe(503);
  });

  it('does not reveal its own faults', async () => {
    test.outcome = () => Promise.reject(new Error('secret detail'));
    const answer = await post('/v1/logs', LOGS, JSON_TYPE);
    expect([answer.status, await answer.json()]).toEqual([500, { code: 13, message: 'internal error' }]);
  });

  it('assigns a known credential its tenant and sender', async () => {
    await post('/v1/logs', LOGS, { ...JSON_TYPE, authorization: 'Bearer secret' });
    expect(test.taken[0]?.origin).toEqual({ tenant: 'acme', sender: 'laptop' });
  });

  it('asks a sender over its quota to retry later, and counts that', async () => {
    const token = newToken();
    test.clients = [
      {
        tenant: 'acme',
        sender: 'phone',
        use: 'telemetry',
        quota: { requestsPerMinute: 1 },
        credentials: [{ kind: 'token', createdAt: 0, ...token }],
      },
    ];
    const send = (): Promise<Response> =>
      post('/v1/logs', LOGS, { ...JSON_TYPE, authorization: `Bearer ${token.token}` });
    expect((await send()).status).toBe(200);
    const over = await send();
    expect([over.status, Number(over.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(1);
    expect(await over.json()).toEqual({ code: 8, message: 'the sender has used up its 1 requests per minute' });
    expect(test.taken).toHaveLength(1);
    expect(await (await fetch(`${base}/metrics`)).text()).toContain(
      'collector_refusals_total{tenant="acme",sender="phone",reason="quota_requests"} 1',
    );
  });

  it('reports how to authenticate', async () => {
    const answer = await post('/v1/logs', LOGS, { ...JSON_TYPE, authorization: 'Bearer wrong' });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer, Basic realm="vigil"');
  });

  it.each([
    [{ host: 'evil.example' }, 421, 'host'],
    [{ host: 'localhost', origin: 'https://evil.example' }, 403, 'page'],
  ])('takes nothing from a browser that was led here: %j', async (headers, status, reason) => {
    const of = (path: string, method: string) =>
      new Promise<number | undefined>((resolve) => {
        const sent = httpRequest({ port, path, method, headers: { ...JSON_TYPE, ...headers } }, (response) =>
          resolve(response.resume().statusCode),
        );
        sent.end(method === 'POST' ? LOGS : undefined);
      });
    expect([await of('/v1/logs', 'POST'), await of('/metrics', 'GET'), await of('/healthz', 'GET')]).toEqual([
      status,
      status,
      200,
    ]);
    expect(test.taken).toEqual([]);
    expect(await (await fetch(`${base}/metrics`)).text()).toContain(
      `collector_refusals_total{tenant="",sender="",reason="${reason}"} 1`,
    );
  });

  it('rejects a sending credential for metrics, and a reading credential for sending', async () => {
    const [reads, sends] = [newToken(), newToken()];
    const of = (sender: string, token: NewToken, use: RegisteredClient['use']): RegisteredClient => ({
      tenant: 'acme',
      sender,
      use,
      credentials: [{ kind: 'token', createdAt: 0, ...token }],
    });
    test.clients = [of('scraper', reads, 'metrics'), of('phone', sends, 'telemetry')];
    const by = ({ token }: NewToken) => ({ ...JSON_TYPE, authorization: `Bearer ${token}` });
    const metrics = async (token: NewToken): Promise<number> =>
      (await fetch(`${base}/metrics`, { headers: by(token) })).status;
    expect([await metrics(reads), await metrics(sends), await metrics(newToken())]).toEqual([200, 403, 401]);
    expect([
      (await post('/v1/logs', LOGS, by(reads))).status,
      (await post('/v1/logs', LOGS, by(sends))).status,
    ]).toEqual([403, 200]);
  });

  it('reports the accepted paths to an exporter with another path, in the exporter’s encoding', async () => {
    const json = await post('/v1/log', LOGS, JSON_TYPE);
    expect([json.status, await json.json()]).toEqual([404, { code: 5, message: expect.stringContaining('/v1/logs') }]);
    const protobuf = await post('/', new Uint8Array(), PROTOBUF_TYPE);
    expect([protobuf.status, protobuf.headers.get('content-type')]).toEqual([404, 'application/x-protobuf']);
    const untyped = await post('/v1/log', LOGS, { 'content-type': 'text/plain' });
    expect([untyped.status, untyped.headers.get('content-type')]).toEqual([404, 'application/json']);
  });

  it('counts a sender that disconnects mid-request, without an error', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${LOGS.length}\r\n\r\n${LOGS.slice(0, 40)}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    const counted = async (): Promise<boolean> =>
      (await (await fetch(`${base}/metrics`)).text()).includes(
        'collector_requests_total{protocol="http",signal="logs",status="499"} 1',
      );
    while (!(await counted())) await new Promise((resolve) => setTimeout(resolve, 10));
    expect([test.errors, test.taken]).toEqual([[], []]);
  });

  it('answers other requests with a hint, health and metrics', async () => {
    expect((await fetch(`${base}/`)).status).toBe(404);
    expect((await fetch(`${base}/v1/logs`)).status).toBe(405);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${base}/metrics`)).text()).toContain(
      'collector_requests_total{protocol="http",signal="logs",status="405"} 1',
    );
  });
});
