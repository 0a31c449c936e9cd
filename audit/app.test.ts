import { AlertList } from '../schemas/api/alerts.ts';
import { Problem } from '../schemas/api/contract/problem.ts';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { recipesFor } from '../agents/index.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { ShellError } from '../platform/shell-error.ts';
import { Setup } from '../schemas/api/setup.ts';
import { segmentOfSession } from '../schemas/api/contract/session-path.ts';
import type { Queries } from '../store/queries/index.ts';
import { syntheticAlerts, syntheticEvents } from '../test/support/clickhouse/clickhouse-events.ts';
import { openToEverybody } from '../test/support/access.ts';
import { type AlertsFeed, createAlertsFeed } from './feed/alerts-feed.ts';
import { type App, createApp } from './app.ts';
import { answerBrokenRequests } from './http/broken-requests.ts';

const ALERTS = [...syntheticAlerts({ count: 5, tenant: 'house' })];
const [ALERT] = ALERTS;
const [EVENT] = syntheticEvents({ count: 1, tenant: 'house' });
if (ALERT === undefined || EVENT === undefined) throw new Error('no records');

const webRoot = mkdtempSync(join(tmpdir(), 'vigil-web-'));
let asked: unknown[] = [];
let failure: Error | undefined;
let isReady = true;
const answer =
  <T>(name: string, value: T) =>
  (...args: unknown[]): Promise<T> => {
    asked.push([name, ...args]);
    return failure === undefined ? Promise.resolve(value) : Promise.reject(failure);
  };
const queries: Queries = {
  listAlerts: (filter, cursor) =>
    cursor === 'bad'
      ? Promise.resolve({ kind: 'bad_cursor' })
      : answer('listAlerts', { kind: 'page', items: ALERTS, nextCursor: 'next' } as const)(filter, cursor),
  findAlert: (tenant, alertId) =>
    answer('findAlert', alertId === ALERT.alertId ? { alert: ALERT, events: [EVENT], missingEventIds: [] } : undefined)(
      tenant,
      alertId,
    ),
  listEvents: answer('listEvents', { kind: 'page', items: [EVENT], nextCursor: null } as const),
  listSessions: answer('listSessions', { kind: 'page', items: [], nextCursor: null } as const),
  findSession: answer('findSession', undefined),
  ledger: answer('ledger', { accounts: [] }),
  agents: answer('agents', []),
  ping: () => Promise.resolve(),
};
let feed: AlertsFeed;
let app: App;
let server: Server;
let base: string;

beforeAll(async () => {
  mkdirSync(join(webRoot, 'assets'));
  writeFileSync(join(webRoot, 'index.html'), '<!doctype html><title>pages</title>');
  writeFileSync(join(webRoot, 'assets', 'main-1a2b.js'), 'export {};');
  writeFileSync(join(webRoot, '.secret'), 'hidden');
  let ids = 0;
  feed = createAlertsFeed({ newId: () => `e-${ids++}`, capacity: 10 });
  app = createApp({
    queries,
    alertsFeed: feed,
    access: openToEverybody('house'),
    now: Date.now,
    metrics: createMetrics(),
    log: silentLog,
    otlpUrl: 'https://otlp.example',
    needsCredential: () => true,
    ready: () => (isReady ? Promise.resolve() : Promise.reject(new Error('secret detail'))),
    webRoot,
    allowedHosts: ['Vigil.example'],
  });
  server = createServer(app.handle);
  answerBrokenRequests(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  app.closeStreams();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(webRoot, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
  failure = undefined;
  isReady = true;
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Plain HTTP, so that the Host header and odd requests can be chosen. */
function ask(
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${base}${path}`,
      { method: options.method ?? 'GET', headers: options.headers ?? {} },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}
/** A request as it is on the wire, and all that comes back. */
function askRaw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
    socket.on('close', () => resolve(got)).on('error', reject);
  });
}
const problemOf = ({ text, headers }: Answer): Problem => {
  expect(headers['content-type']).toContain('application/problem+json');
  return Problem.parse(JSON.parse(text));
};

describe('lists', () => {
  it('hand the checked filter to the store, with the tenant of the house', async () => {
    const got = await ask(
      '/v1/alerts?severity=high,critical&from=2025-11-24T00:00:00%2B01:00&limit=7&entity=a%20b&cursor=abc',
    );
    expect(got.status).toBe(200);
    expect(AlertList.parse(JSON.parse(got.text))).toEqual({ items: ALERTS, nextCursor: 'next' });
    expect(asked).toEqual([
      [
        'listAlerts',
        {
          tenant: 'house',
          severity: ['high', 'critical'],
          from: Date.parse('2025-11-23T23:00:00Z'),
          limit: 7,
          entity: 'a b',
        },
        'abc',
      ],
    ]);
  });

  it('take another tenant when it is named', async () => {
    await ask('/v1/events?tenant=other&category=file&text=%25');
    expect(asked).toEqual([['listEvents', { tenant: 'other', category: ['file'], text: '%', limit: 100 }, undefined]]);
  });

  it.each([
    { path: '/v1/alerts?limit=0', field: 'limit' },
    { path: '/v1/alerts?limit=1001', field: 'limit' },
    { path: '/v1/alerts?limit=', field: 'limit' },
    { path: '/v1/alerts?limit=5&limit=6', field: 'limit' },
    { path: '/v1/alerts?severity=awful', field: 'severity' },
    { path: '/v1/alerts?from=yesterday', field: 'from' },
    { path: '/v1/alerts?from=-1', field: 'from' },
    { path: '/v1/alerts?from=', field: 'from' },
    { path: '/v1/alerts?from=%20', field: 'from' },
    { path: '/v1/alerts?from=0x10', field: 'from' },
    { path: '/v1/alerts?to=1e12', field: 'to' },
    { path: '/v1/alerts?to=10413792000000', field: 'to' },
    { path: '/v1/alerts?limit=0x10', field: 'limit' },
    { path: '/v1/alerts?limit=%2B5', field: 'limit' },
    { path: '/v1/alerts?limit=5%0a', field: 'limit' },
    { path: '/v1/alerts?limit=99999999999999999999', field: 'limit' },
    { path: '/v1/events?category=,', field: 'category' },
    { path: '/v1/alerts?from=10&to=10', field: 'to' },
    { path: '/v1/alerts?cursor=bad', field: 'cursor' },
    { path: '/v1/alerts?severty=low', field: 'severty' },
    { path: '/v1/alerts?__proto__=x', field: '__proto__' },
    { path: '/v1/events?category=nonsense', field: 'category' },
    { path: `/v1/events?text=${'x'.repeat(513)}`, field: 'text' },
    { path: '/v1/sessions?agentName=', field: 'agentName' },
    { path: '/v1/alerts/xyz', field: 'alertId' },
    { path: `/v1/sessions/${'x'.repeat(257)}`, field: 'sessionId' },
    { path: `/v1/sessions/x?limit=5`, field: 'limit' },
    { path: '/v1/stream?from=1', field: 'from' },
    { path: '/v1/events?text=%FF', field: 'text' },
    { path: '/v1/events?text=%zz', field: 'text' },
    { path: '/v1/events?text=100%', field: 'text' },
    { path: '/v1/events?%FF=x', field: '%FF' },
  ])('$path is a 400 that names $field', async ({ path, field }) => {
    const got = await ask(path);
    expect(got.status).toBe(400);
    const { errors, detail } = problemOf(got);
    expect(errors?.map((error) => error.field)).toEqual([field]);
    expect(detail).toBe(`${field}: ${errors?.[0]?.message ?? ''}`);
    expect(asked).toEqual([]);
  });

  it('say in words what a field may be', async () => {
    const got = await ask('/v1/alerts?limit=1001&severity=awful&from=x&entity=' + 'x'.repeat(1025));
    expect(problemOf(got).errors).toEqual([
      { field: 'from', message: 'must be milliseconds since 1970 (until 2299) or an ISO 8601 time with a zone' },
      { field: 'severity', message: 'must be one of informational, low, medium, high, critical' },
      { field: 'entity', message: 'must be at most 1024 characters' },
      { field: 'limit', message: 'must be at most 1000' },
    ]);
  });
});

describe('single things', () => {
  it('the setup has the collector’s address and the lines for each agent', async () => {
    expect(Setup.parse(JSON.parse((await ask('/v1/setup')).text))).toEqual({
      otlpUrl: 'https://otlp.example',
      needsCredential: true,
      recipes: recipesFor({ endpoint: 'https://otlp.example', credential: 'TOKEN' }),
    });
    expect((await ask('/v1/setup?x=1')).status).toBe(400);
  });

  it('an alert comes with its evidence', async () => {
    const got = await ask(`/v1/alerts/${ALERT.alertId}`);
    expect(JSON.parse(got.text)).toEqual({ alert: ALERT, events: [EVENT], missingEventIds: [] });
  });

  it('a session id may hold anything that fits into a path', async () => {
    await ask(`/v1/sessions/${encodeURIComponent("a/b ?'ü")}`);
    expect(asked).toEqual([['findSession', 'house', "a/b ?'ü"]]);
  });

  it.each(['.', '..', '~', '~..'])(
    'a session may be named %s, however paths are shortened on the way',
    async (name) => {
      await ask(`/v1/sessions/${encodeURIComponent(segmentOfSession(name))}`);
      expect(asked).toEqual([['findSession', 'house', name]]);
    },
  );

  it.each([
    '/v1/sessions/unknown',
    `/v1/alerts/${'0'.repeat(32)}`,
    '/v1/nothing',
    '/v1',
    '/V1/alerts',
    '/v2/x',
    '/v1/unknown/more',
    '/HEALTHZ',
    '/alertsx',
    '/alerts/1',
    '/missing.js',
    '/.secret',
    '/assets/../.secret',
  ])('%s is a 404', async (path) => {
    const got = await ask(path);
    expect(got.status).toBe(404);
    problemOf(got);
  });
});

describe('what goes wrong', () => {
  it.each([
    { code: 'WAREHOUSE_UNAVAILABLE', status: 503, retryAfter: '5' },
    { code: 'WAREHOUSE_TOO_EXPENSIVE', status: 503, retryAfter: undefined },
    { code: 'WAREHOUSE_FAILED', status: 500, retryAfter: undefined },
  ])('$code is answered with $status and nothing of our insides', async ({ code, status, retryAfter }) => {
    failure = new ShellError(code, 'Code: 60. SELECT secret FROM table', { retryable: false });
    const got = await ask('/v1/alerts');
    expect(got.status).toBe(status);
    expect(got.headers['retry-after']).toBe(retryAfter);
    problemOf(got);
    expect(got.text).not.toMatch(/SELECT|secret|Code|\.ts/);
  });

  it('an unexpected error leaks neither message nor stack', async () => {
    failure = new TypeError('secret in SELECT');
    const got = await ask('/v1/events');
    expect({ status: got.status, problem: problemOf(got) }).toEqual({
      status: 500,
      problem: { type: 'about:blank', title: 'Internal Server Error', status: 500 },
    });
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s is a 405', async (method) => {
    const got = await ask('/v1/alerts', { method });
    expect({ status: got.status, allow: got.headers['allow'] }).toEqual({ status: 405, allow: 'GET, HEAD' });
    problemOf(got);
  });

  it.each(['/', '/alerts', '/sessions/x'])('POST %s is a 405 too', async (path) => {
    const got = await ask(path, { method: 'POST' });
    expect({ status: got.status, allow: got.headers['allow'] }).toEqual({ status: 405, allow: 'GET, HEAD' });
    problemOf(got);
  });

  it('a body is a 413', async () => {
    const got = await ask('/v1/alerts', { method: 'POST', body: 'x'.repeat(100) });
    expect(got.status).toBe(413);
    problemOf(got);
  });

  it.each([
    { target: 'http://localhost/v1/alerts?limit=3', status: 200 },
    { target: 'HTTP://LOCALHOST:8080?x=1', status: 200 },
    { target: 'http://x:99999999/v1/alerts', status: 421 },
    { target: 'http://[', status: 421 },
    { target: 'http://localhost@evil.example/v1/alerts', status: 421 },
    { target: '//a@[#', status: 400 },
    { target: '*', status: 400 },
  ])('the target $target is answered with $status', async ({ target, status }) => {
    const got = await askRaw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(got).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(got).toContain("\r\nContent-Security-Policy: default-src 'self'");
    if (status !== 200) expect(got).toContain('\r\nContent-Type: application/problem+json');
  });

  it('a path that is not valid encoding is a 400', async () => {
    const got = await ask('/v1/sessions/%E0%A4%A');
    expect(got.status).toBe(400);
    expect(problemOf(got).detail).toBe('The path is not percent-encoded UTF-8');
  });

  it.each([
    { sent: 'nonsense', status: 400 },
    { sent: 'GET v1/alerts HTTP/1.1', status: 400 },
    { sent: 'GET /v1/events?text=ü HTTP/1.1', status: 400 },
    { sent: `GET /${'x'.repeat(20_000)} HTTP/1.1`, status: 431 },
  ])('what is no request is a problem too: $status', async ({ sent, status }) => {
    const [head = '', body = ''] = (await askRaw(`${sent}\r\nHost: localhost\r\n\r\n`)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('\r\nContent-Type: application/problem+json');
    expect(head).toContain('\r\nX-Content-Type-Options: nosniff');
    expect(Problem.parse(JSON.parse(body)).status).toBe(status);
  });

  it('nothing is written into an answer that is under way', async () => {
    const got = await askRaw('GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n');
    expect(got.match(/HTTP\/1.1/g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(got).not.toContain('problem+json');
  });

  it('says that it is not ready, and not why', async () => {
    expect((await ask('/readyz')).status).toBe(200);
    isReady = false;
    const got = await ask('/readyz');
    expect(got.status).toBe(503);
    expect(problemOf(got).detail).not.toContain('secret');
    expect((await ask('/healthz')).status).toBe(200);
  });
});

describe('host names', () => {
  it.each([
    ['localhost', 200],
    ['localhost:8080', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:8080', 200],
    ['vigil.example', 200],
    ['VIGIL.EXAMPLE:443', 200],
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['192.168.0.7', 421],
    ['a b', 421],
  ])('%j -> %i', async (host, status) => {
    const got = await ask('/v1/alerts', { headers: { host } });
    expect(got.status).toBe(status);
  });

  it('health answers anyone', async () => {
    expect((await ask('/healthz', { headers: { host: '10.1.2.3:8080' } })).status).toBe(200);
    expect((await ask('/metrics', { headers: { host: '10.1.2.3:8080' } })).status).toBe(421);
    expect((await ask('/metrics', { headers: { host: 'vigil.example:8080' } })).status).toBe(200);
  });
});

describe('pages', () => {
  it.each(['/', '/alerts', '/sessions/abc', '/sessions/build.js', '/sessions/~..', '/alerts?x=1', '/sessions/a/b'])(
    '%s is the page',
    async (path) => {
      const got = await ask(path);
      expect(got.text).toContain('<title>pages</title>');
      expect(got.headers['cache-control']).toBe('no-cache');
    },
  );

  it('tells a browser of a screen that there is not, and a program in its own words', async () => {
    const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
    const got = await ask('/nowhere', { headers: { accept } });
    expect(got.status).toBe(404);
    expect(got.text).toContain('<title>pages</title>');
    for (const path of ['/v2/alerts', '/V1', '/missing.js']) problemOf(await ask(path, { headers: { accept } }));
    problemOf(await ask('/nowhere'));
  });

  it('keeps hashed files for ever', async () => {
    const got = await ask('/assets/main-1a2b.js');
    expect(got.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(got.headers['content-type']).toContain('javascript');
  });

  it.each(['/', '/v1/alerts', '/v1/nothing', '/healthz'])('%s comes with the security headers', async (path) => {
    const { headers } = await ask(path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    });
    const policy = String(headers['content-security-policy']);
    for (const rule of [
      "default-src 'self'",
      "script-src 'self'",
      "object-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
      expect(policy).toContain(rule);
    expect(policy).not.toContain('unsafe');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('compression', () => {
  const raw = (path: string, accepted: string) =>
    new Promise<{ readonly encoding: string | undefined; readonly vary: string | undefined; readonly body: Buffer }>(
      (resolve, reject) => {
        httpRequest(`${base}${path}`, { headers: { 'accept-encoding': accepted } }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const { 'content-encoding': encoding, vary } = response.headers;
            resolve({ encoding, vary, body: Buffer.concat(chunks) });
          });
        })
          .on('error', reject)
          .end();
      },
    );

  it.each([
    { accepted: 'gzip', encoding: 'gzip', decode: gunzipSync },
    { accepted: 'br, gzip', encoding: 'br', decode: brotliDecompressSync },
    { accepted: 'identity', encoding: undefined, decode: (body: Buffer) => body },
  ])('$accepted is answered with $encoding', async ({ accepted, encoding, decode }) => {
    for (const path of ['/v1/alerts', '/openapi.json']) {
      const got = await raw(path, accepted);
      expect([got.encoding, got.vary]).toEqual([encoding, 'Accept-Encoding']);
      expect(decode(got.body).toString()).toBe((await raw(path, 'identity')).body.toString());
    }
  });

  it('leaves the stream as it is', async () => {
    const ended = new AbortController();
    const response = await fetch(`${base}/v1/stream`, {
      headers: { 'accept-encoding': 'gzip, br' },
      signal: ended.signal,
    });
    expect(response.headers.get('content-encoding')).toBeNull();
    const first = await response.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toContain('retry: 2000');
    ended.abort();
  });
});

describe('metrics', () => {
  it('count by route, not by path', async () => {
    await ask('/v1/sessions/somebody');
    const { text } = await ask('/metrics');
    expect(text).toMatch(/audit_requests_total\{route="\/v1\/sessions\/:sessionId",status="404"\} \d+/);
    expect(text).not.toContain('somebody');
  });
});

describe('the stream', () => {
  const open = async (headers: Record<string, string> = {}, query = '') => {
    const ended = new AbortController();
    const response = await fetch(`${base}/v1/stream${query}`, { headers, signal: ended.signal });
    let text = '';
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const until = async (wanted: string): Promise<string> => {
      while (!text.includes(wanted)) {
        const chunk = await reader?.read();
        if (chunk?.done !== false) throw new Error(`the stream ended after ${text}`);
        text += chunk.value;
      }
      return text;
    };
    return { response, until, close: () => ended.abort() };
  };

  it('brings new alerts of the tenant, each once', async () => {
    const stream = await open();
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await stream.until('retry: 2000');
    const [first, second] = [
      { ...ALERT, summary: 'line\nbreak' },
      { ...ALERT, revision: 2 },
    ];
    feed.publish({ ...first, tenant: 'other' });
    feed.publish(first);
    feed.publish(first);
    feed.publish(second);
    const text = await stream.until('id: e-3');
    expect(text.match(/^event: alert$/gm)).toHaveLength(2);
    const data = [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? '') as unknown);
    expect(data).toEqual([first, second]);
    stream.close();
  });

  it('goes on after the last id that was seen, and says when that is too long ago', async () => {
    const resumed = await open({ 'last-event-id': 'e-2' });
    expect(await resumed.until('id: e-3')).not.toContain('event: reset');
    resumed.close();
    for (const id of ['other-2', 'e-99', 'e-x', 'e-', 'e-1e0', 'e-0x1', '-', 'nonsense']) {
      const lost = await open({ 'last-event-id': id });
      expect(await lost.until('event: reset')).not.toContain('event: alert');
      lost.close();
    }
  });

  it('can be gone on with by a client that was cut off before its first alert', async () => {
    const first = await open();
    const id = /^id: (.*)$/m.exec(await first.until('id: '))?.[1] ?? '';
    first.close();
    const missed = { ...ALERT, revision: 50 };
    feed.publish({ ...missed, tenant: 'other' });
    feed.publish(missed);
    const again = await open({ 'last-event-id': id });
    const text = await again.until('"revision":50');
    expect(text).not.toContain('event: reset');
    expect(text.match(/^event: alert$/gm)).toHaveLength(1);
    again.close();
  });

  it('takes a bounded number of listeners', async () => {
    const streams = await Promise.all(Array.from({ length: 104 }, () => open()));
    const statuses = streams.map(({ response }) => response.status);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(100);
    for (const stream of streams) stream.close();
    while (!(await ask('/metrics')).text.includes('audit_stream_clients 0')) await new Promise(setImmediate);
  });

  it('cuts off a client that does not read', async () => {
    const request = httpRequest(`${base}/v1/stream`, (response) => response.pause());
    request.on('error', () => undefined).end();
    await new Promise((resolve) => request.on('response', resolve));
    const big = { ...ALERT, summary: 'x'.repeat(2_000), evidence: Array.from({ length: 50 }, () => ALERT.evidence[0]) };
    for (let n = 0; n < 3_000; n += 1) feed.publish({ ...big, revision: 1_000 + n } as typeof ALERT);
    const { text } = await ask('/metrics');
    expect(text).toMatch(/audit_stream_cut_total 1\n/);
    request.destroy();
  });
});
