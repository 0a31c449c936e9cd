/** The guard beyond single routes: addresses, sign-ins and streams. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RIGHTS_OF_USE } from '../access/rights.ts';
import type { Answer } from '../test/support/ask.ts';
import { syntheticAlerts } from '../test/support/clickhouse/clickhouse-events.ts';
import { until } from '../test/support/until.ts';
import { SIGN_IN_MS } from './sign-in/sign-ins.ts';
import {
  bearer,
  type ClientName,
  clients,
  OWN_PAGE,
  startGuardedApp,
  tokenOf,
} from '../test/support/audit/guarded-app.ts';

let api: Awaited<ReturnType<typeof startGuardedApp>>;
beforeAll(async () => {
  api = await startGuardedApp();
});
afterAll(() => api.stop());
beforeEach(() => api.reset());

describe('where a credential is needed', () => {
  it('no spelling of an address goes past it', async () => {
    for (const path of [
      '/v1/alerts/',
      '/v1//alerts',
      '/v1/alerts?',
      '//v1/alerts',
      '/v1',
      '/v1/nothing',
      '/openapi.json/',
      '/metrics/',
      '/v1/sign-in/../alerts',
      '/V1/alerts',
      '/v1/%61lerts',
      '/healthz/../v1/alerts',
      'http://x/v1/alerts',
    ]) {
      const { status, text } = await api.ask(path);
      expect([path, status === 401 || (status === 404 && !text.includes('items'))]).toEqual([path, true]);
    }
    expect(api.asked).toEqual([]);
  });

  it('health answers everybody, under any host name', async () => {
    for (const path of ['/healthz', '/readyz'])
      expect(await api.statusOf(path, { host: 'anything.example' })).toBe(200);
    expect(await api.statusOf('/v1/alerts', { host: 'anything.example', ...bearer('ada') })).toBe(200);
  });

  it('a wrong one is refused also where none is needed, and a limited one stays limited', async () => {
    api.state.openFor = [...RIGHTS_OF_USE.read, ...RIGHTS_OF_USE.metrics];
    expect(await api.statusOf('/v1/alerts')).toBe(200);
    expect(await api.statusOf('/metrics')).toBe(200);
    expect(await api.statusOf('/v1/alerts', { authorization: 'Bearer wrong' })).toBe(401);
    expect(await api.statusOf('/v1/alerts?tenant=house', bearer('ada'))).toBe(403);
    expect(await api.statusOf('/v1/alerts', bearer('laptop'))).toBe(403);
    expect(await api.statusOf('/v1/alerts', { host: 'evil.example' })).toBe(421);
    expect(api.asked).toEqual(['house']);
  });

  it('is counted when it fails, by reason', async () => {
    expect(await api.metrics.exposition()).toMatch(/audit_refusals_total\{reason="tenant"\} [1-9]/);
  });
});

const signIn = async (name: ClientName, headers: Record<string, string> = OWN_PAGE): Promise<Answer> =>
  api.ask('/v1/sign-in', { ...headers, ...bearer(name) }, 'POST');
const cookieIn = ({ headers }: Answer): string => String((headers['set-cookie'] as string[])[0]).split(';')[0] ?? '';

describe('signing in', () => {
  it('gives a cookie in place of the token, which reads until it is signed out', async () => {
    expect(JSON.parse((await api.ask('/v1/sign-in')).text)).toEqual({ state: 'signed_out' });
    const answer = await signIn('ada');
    expect(answer.status).toBe(200);
    const [set = ''] = answer.headers['set-cookie'] as string[];
    expect(set).toMatch(/^__Host-vigil=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict; Max-Age=43200$/);
    expect(set + answer.text).not.toContain(tokenOf('ada').slice(-64));
    const cookie = cookieIn(answer);
    const state = { state: 'signed_in', sender: 'ada', tenant: 'acme', reads: ['bert'], endsAt: SIGN_IN_MS };
    expect(JSON.parse(answer.text)).toEqual(state);
    expect(JSON.parse((await api.ask('/v1/sign-in', { cookie })).text)).toEqual(state);
    expect(await api.statusOf('/v1/alerts', { cookie })).toBe(200);
    expect(await api.statusOf('/v1/alerts?tenant=house', { cookie })).toBe(403);
    expect(await api.statusOf('/metrics', { cookie })).toBe(403);
    const out = await api.ask('/v1/sign-in', { ...OWN_PAGE, cookie }, 'DELETE');
    expect([out.status, out.headers['set-cookie']]).toEqual([200, [expect.stringContaining('Max-Age=0')]]);
    expect(await api.statusOf('/v1/alerts', { cookie })).toBe(401);
  });

  it.each(['laptop', 'prometheus'] as const)('is not for what is no reader: %s', async (name) => {
    const answer = await signIn(name);
    expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
  });

  it('takes a credential of the request, and no cookie for it', async () => {
    const cookie = cookieIn(await signIn('ada'));
    expect((await api.ask('/v1/sign-in', { ...OWN_PAGE, cookie }, 'POST')).status).toBe(401);
    expect((await api.ask('/v1/sign-in', { ...OWN_PAGE, authorization: 'Bearer wrong' }, 'POST')).status).toBe(401);
    api.state.openFor = RIGHTS_OF_USE.read;
    expect((await api.ask('/v1/sign-in', OWN_PAGE, 'POST')).status).toBe(401);
  });

  it.each([
    ['another site', { host: '127.0.0.1', origin: 'https://evil.example' }],
    ['another site, as its browser says', { ...OWN_PAGE, 'sec-fetch-site': 'cross-site' }],
    ['no page', { host: '127.0.0.1' }],
  ])('and out is not done for %s', async (_who, headers) => {
    const cookie = cookieIn(await signIn('ada'));
    expect((await signIn('ada', headers)).status).toBe(403);
    expect((await api.ask('/v1/sign-in', { ...headers, cookie }, 'DELETE')).status).toBe(403);
    expect(await api.statusOf('/v1/alerts', { cookie })).toBe(200);
  });

  it('ends with the day, and at once with its credential', async () => {
    const cookie = cookieIn(await signIn('ada'));
    api.state.now = SIGN_IN_MS - 1;
    expect(await api.statusOf('/v1/alerts', { cookie })).toBe(200);
    api.state.registered = clients().map((client) => ({
      ...client,
      credentials: client.credentials.map((each) => ({ ...each, revokedAt: 1 })),
    }));
    expect(await api.statusOf('/v1/alerts', { cookie })).toBe(401);
    api.state.registered = clients();
    api.state.now = SIGN_IN_MS;
    expect(await api.statusOf('/v1/alerts', { cookie })).toBe(401);
  });

  it('allows nothing else there', async () => {
    const answer = await api.ask('/v1/sign-in', OWN_PAGE, 'PUT');
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, HEAD, POST, DELETE']);
  });
});

describe('the stream', () => {
  /** What has come on it, and whether it has ended. */
  function follow(headers: Record<string, string>): { readonly text: () => string; readonly ended: () => boolean } {
    let [text, ended] = ['', false];
    const { port } = api;
    const sent = httpRequest({ host: '127.0.0.1', port, path: '/v1/stream', headers }, (response) => {
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => (ended = true));
    });
    sent.end();
    return { text: () => text, ended: () => ended };
  }

  it('is of one tenant, and ends when the credential does', async () => {
    const cookie = cookieIn(await signIn('ada'));
    const stream = follow({ cookie });
    await until('it is open', () => stream.text().includes('id: '));
    const [own] = syntheticAlerts({ count: 1, tenant: 'acme' });
    const [other, later] = syntheticAlerts({ count: 2, tenant: 'house' });
    if (own === undefined || other === undefined || later === undefined) throw new Error('no alerts');
    api.feed.publish(other);
    api.feed.publish(own);
    await until('its own is there', () => stream.text().includes(own.alertId));
    expect(stream.text()).not.toContain('"tenant":"house"');
    api.state.registered = [];
    api.feed.publish({ ...own, revision: own.revision + 1 });
    await until('it has ended', () => stream.ended());
    expect(stream.text()).not.toContain(`"revision":${own.revision + 1}`);
  });
});
