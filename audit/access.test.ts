/** Who reads what: every route of the API with every kind of credential, and with none. */
import { type Server, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sha256 } from '../platform/hash.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { RegisteredClient } from '../access/client.ts';
import { newToken } from '../access/tokens/token.ts';
import { TenantQuery } from '../schemas/api/api.ts';
import type { Right } from '../schemas/api/rights.ts';
import type { Queries } from '../store/queries/index.ts';
import { testAccess } from '../test/support/access.ts';
import { type Answer, askPort } from '../test/support/ask.ts';
import { syntheticAlerts } from '../test/support/clickhouse/clickhouse-events.ts';
import { until } from '../test/support/vigil.ts';
import { createAlertsFeed } from './feed/alerts-feed.ts';
import { type App, createApp } from './app.ts';
import { openApiDocument } from './openapi.ts';
import { SIGN_IN_MS } from './sign-in/sign-ins.ts';

const made = { ada: newToken(), auditor: newToken(), laptop: newToken(), prometheus: newToken() };
const CONFIGURED = 'of-the-configuration';
const credentialOf = ({ id, sha256: hash }: ReturnType<typeof newToken>) => ({
  kind: 'token' as const,
  id,
  sha256: hash,
  createdAt: 0,
});
const clients = (): RegisteredClient[] => [
  { tenant: 'acme', sender: 'ada', use: 'read', reads: ['bert'], credentials: [credentialOf(made.ada)] },
  { tenant: 'house', sender: 'auditor', use: 'read', reads: ['*'], credentials: [credentialOf(made.auditor)] },
  { tenant: 'acme', sender: 'laptop', use: 'telemetry', credentials: [credentialOf(made.laptop)] },
  { tenant: 'acme', sender: 'prometheus', use: 'metrics', credentials: [credentialOf(made.prometheus)] },
];
const bearer = (name: keyof typeof made): Record<string, string> => ({ authorization: `Bearer ${made[name].token}` });

/** Which tenants the store was asked for. */
const asked: string[] = [];
const ofFilter =
  <T>(value: T) =>
  ({ tenant }: { readonly tenant: string }): Promise<T> => (asked.push(tenant), Promise.resolve(value));
const ofTenant =
  <T>(value: T) =>
  (tenant: string): Promise<T> => (asked.push(tenant), Promise.resolve(value));
const page = { kind: 'page', items: [], nextCursor: null } as const;
const queries = {
  listAlerts: ofFilter(page),
  listEvents: ofFilter(page),
  listSessions: ofFilter(page),
  findAlert: ofTenant(undefined),
  findSession: ofTenant(undefined),
  ledger: ofTenant({ accounts: [] }),
  agents: ofTenant([]),
  ping: () => Promise.resolve(),
} as unknown as Queries;

let registered = clients();
let openFor: readonly Right[] = [];
let now = 0;
const feed = createAlertsFeed({ newId: () => crypto.randomUUID() });
const metrics = createMetrics();
let app: App;
let server: Server;
beforeAll(async () => {
  const access = testAccess({
    clients: () => registered,
    configured: [{ tokenSha256: sha256(CONFIGURED), tenant: 'house', sender: 'script', use: 'read' }],
    open: () => openFor,
    tenant: 'house',
    now: () => now,
  });
  const ready = (): Promise<void> => Promise.resolve();
  app = createApp({
    queries,
    alertsFeed: feed,
    access,
    metrics,
    log: silentLog,
    ready,
    needsCredential: () => true,
    webRoot: '/nowhere',
    now: () => now,
  });
  server = createServer(app.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  app.closeStreams();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  asked.length = 0;
  registered = clients();
  openFor = [];
  now = 0;
});

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return askPort((server.address() as AddressInfo).port, path, { method, headers });
}
const statusOf = async (path: string, headers?: Record<string, string>): Promise<number> =>
  (await ask(path, headers)).status;

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
  readonly security: readonly object[];
}
const paths = openApiDocument()['paths'] as Readonly<Record<string, { readonly get: Operation }>>;
const addressOf = (path: string): string => path.replace('{alertId}', 'a'.repeat(32)).replace('{sessionId}', 's-1');
/** Not there, which is told only to who may know. */
const found = (path: string): number => (path.includes('{') ? 404 : 200);
const OPEN = ['/healthz', '/readyz', '/v1/sign-in'];
const PROTECTED = Object.keys(paths).filter((path) => !OPEN.includes(path) && path !== '/metrics');
const OF_TENANTS = PROTECTED.filter((path) =>
  paths[path]?.get.parameters?.some(({ name }) => name in TenantQuery.shape),
);

describe('where a credential is needed', () => {
  it('this is what there is to be protected', () => {
    expect(OF_TENANTS).toEqual([
      '/v1/alerts',
      '/v1/alerts/{alertId}',
      '/v1/events',
      '/v1/sessions',
      '/v1/sessions/{sessionId}',
      '/v1/pipeline/ledger',
      '/v1/pipeline/agents',
      '/v1/stream',
    ]);
    expect(PROTECTED).toEqual([...OF_TENANTS, '/v1/setup', '/openapi.json']);
  });

  it.each(PROTECTED)('%s wants one that reads, and tells others nothing', async (path) => {
    const address = addressOf(path);
    const none = await ask(address);
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="vigil"']);
    expect(await statusOf(address, { authorization: 'Bearer wrong' })).toBe(401);
    expect(await statusOf(address, { cookie: `__Host-vigil=${'a'.repeat(43)}` })).toBe(401);
    expect(await statusOf(address, bearer('laptop'))).toBe(403);
    expect(await statusOf(address, bearer('prometheus'))).toBe(403);
    expect(asked).toEqual([]);
    expect(await statusOf(address, bearer('ada'))).toBe(found(path));
    const basic = `Basic ${Buffer.from(`ada:${made.ada.token}`).toString('base64')}`;
    expect(await statusOf(address, { authorization: basic })).toBe(found(path));
  });

  it.each(OF_TENANTS)('%s is of the tenants that the credential reads, and of no other', async (path) => {
    const of = (tenant: string): string => `${addressOf(path)}?tenant=${tenant}`;
    for (const tenant of ['house', 'acm', 'acme2', 'ACME', '*', 'nobody']) {
      const refused = await ask(of(encodeURIComponent(tenant)), bearer('ada'));
      expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('does not read that tenant')]);
    }
    expect(asked).toEqual([]);
    for (const tenant of ['acme', 'bert']) expect(await statusOf(of(tenant), bearer('ada'))).toBe(found(path));
    expect(await statusOf(addressOf(path), bearer('ada'))).toBe(found(path));
    for (const tenant of ['house', 'acme', 'nobody'])
      expect(await statusOf(of(tenant), bearer('auditor'))).toBe(found(path));
    expect(await statusOf(of('acme'), { authorization: `Bearer ${CONFIGURED}` })).toBe(403);
    expect(await statusOf(addressOf(path), { authorization: `Bearer ${CONFIGURED}` })).toBe(found(path));
    const tenants = ['acme', 'bert', 'acme', 'house', 'acme', 'nobody', 'house'];
    expect(asked).toEqual(path === '/v1/stream' ? [] : tenants);
  });

  it('metrics want one that reads metrics', async () => {
    expect(await Promise.all(['/metrics', '/metrics/'].map((path) => statusOf(path)))).toEqual([401, 401]);
    for (const name of ['ada', 'auditor', 'laptop'] as const)
      expect(await statusOf('/metrics', bearer(name))).toBe(403);
    expect(await statusOf('/metrics', bearer('prometheus'))).toBe(200);
  });

  it('no spelling of an address goes past it', async () => {
    for (const path of [
      '/v1/alerts/',
      '/v1//alerts',
      '/v1/alerts?',
      '//v1/alerts',
      '/v1',
      '/v1/nothing',
      '/openapi.json/',
      '/v1/sign-in/../alerts',
      '/V1/alerts',
      '/v1/%61lerts',
      '/healthz/../v1/alerts',
      'http://x/v1/alerts',
    ]) {
      const { status, text } = await ask(path);
      expect([path, status === 401 || (status === 404 && !text.includes('items'))]).toEqual([path, true]);
    }
    expect(asked).toEqual([]);
  });

  it('health tells everybody, whatever name it is asked by', async () => {
    for (const path of ['/healthz', '/readyz']) expect(await statusOf(path, { host: 'anything.example' })).toBe(200);
    expect(await statusOf('/v1/alerts', { host: 'anything.example', ...bearer('ada') })).toBe(200);
  });

  it('a wrong one is refused also where none is needed, and a limited one stays limited', async () => {
    openFor = ['events.read', 'alerts.read', 'metrics.read'];
    expect(await statusOf('/v1/alerts')).toBe(200);
    expect(await statusOf('/metrics')).toBe(200);
    expect(await statusOf('/v1/alerts', { authorization: 'Bearer wrong' })).toBe(401);
    expect(await statusOf('/v1/alerts?tenant=house', bearer('ada'))).toBe(403);
    expect(await statusOf('/v1/alerts', bearer('laptop'))).toBe(403);
    expect(await statusOf('/v1/alerts', { host: 'evil.example' })).toBe(421);
    expect(asked).toEqual(['house']);
  });

  it('is counted when it fails, by reason', async () => {
    expect(await metrics.exposition()).toMatch(/audit_refusals_total\{reason="tenant"\} [1-9]/);
  });
});

const OWN = { origin: 'http://127.0.0.1', host: '127.0.0.1' };
const signIn = async (name: keyof typeof made, headers: Record<string, string> = OWN): Promise<Answer> =>
  ask('/v1/sign-in', { ...headers, ...bearer(name) }, 'POST');
const cookieIn = ({ headers }: Answer): string => String((headers['set-cookie'] as string[])[0]).split(';')[0] ?? '';

describe('signing in', () => {
  it('gives a cookie in place of the token, which reads until it is signed out', async () => {
    expect(JSON.parse((await ask('/v1/sign-in')).text)).toEqual({ state: 'signed_out' });
    const answer = await signIn('ada');
    expect(answer.status).toBe(200);
    const [set = ''] = answer.headers['set-cookie'] as string[];
    expect(set).toMatch(/^__Host-vigil=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict; Max-Age=43200$/);
    expect(set + answer.text).not.toContain(made.ada.token.slice(-64));
    const cookie = cookieIn(answer);
    const state = { state: 'signed_in', sender: 'ada', tenant: 'acme', reads: ['bert'], endsAt: SIGN_IN_MS };
    expect(JSON.parse(answer.text)).toEqual(state);
    expect(JSON.parse((await ask('/v1/sign-in', { cookie })).text)).toEqual(state);
    expect(await statusOf('/v1/alerts', { cookie })).toBe(200);
    expect(await statusOf('/v1/alerts?tenant=house', { cookie })).toBe(403);
    expect(await statusOf('/metrics', { cookie })).toBe(403);
    const out = await ask('/v1/sign-in', { ...OWN, cookie }, 'DELETE');
    expect([out.status, out.headers['set-cookie']]).toEqual([200, [expect.stringContaining('Max-Age=0')]]);
    expect(await statusOf('/v1/alerts', { cookie })).toBe(401);
  });

  it.each(['laptop', 'prometheus'] as const)('is not for what is no reader: %s', async (name) => {
    const answer = await signIn(name);
    expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
  });

  it('takes a credential of the request, and no cookie for it', async () => {
    const cookie = cookieIn(await signIn('ada'));
    expect((await ask('/v1/sign-in', { ...OWN, cookie }, 'POST')).status).toBe(401);
    expect((await ask('/v1/sign-in', { ...OWN, authorization: 'Bearer wrong' }, 'POST')).status).toBe(401);
    openFor = ['events.read', 'alerts.read'];
    expect((await ask('/v1/sign-in', OWN, 'POST')).status).toBe(401);
  });

  it.each([
    ['another site', { host: '127.0.0.1', origin: 'https://evil.example' }],
    ['another site, as its browser says', { ...OWN, 'sec-fetch-site': 'cross-site' }],
    ['no page', { host: '127.0.0.1' }],
  ])('and out is not done for %s', async (_who, headers) => {
    const cookie = cookieIn(await signIn('ada'));
    expect((await signIn('ada', headers)).status).toBe(403);
    expect((await ask('/v1/sign-in', { ...headers, cookie }, 'DELETE')).status).toBe(403);
    expect(await statusOf('/v1/alerts', { cookie })).toBe(200);
  });

  it('ends with the day, and at once with its credential', async () => {
    const cookie = cookieIn(await signIn('ada'));
    now = SIGN_IN_MS - 1;
    expect(await statusOf('/v1/alerts', { cookie })).toBe(200);
    registered = clients().map((client) => ({
      ...client,
      credentials: client.credentials.map((each) => ({ ...each, revokedAt: 1 })),
    }));
    expect(await statusOf('/v1/alerts', { cookie })).toBe(401);
    registered = clients();
    now = SIGN_IN_MS;
    expect(await statusOf('/v1/alerts', { cookie })).toBe(401);
  });

  it('allows nothing else there', async () => {
    const answer = await ask('/v1/sign-in', OWN, 'PUT');
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, HEAD, POST, DELETE']);
  });
});

describe('the stream', () => {
  /** What has come on it, and whether it has ended. */
  function follow(headers: Record<string, string>): { readonly text: () => string; readonly ended: () => boolean } {
    let [text, ended] = ['', false];
    const { port } = server.address() as AddressInfo;
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
    feed.publish(other);
    feed.publish(own);
    await until('its own is there', () => stream.text().includes(own.alertId));
    expect(stream.text()).not.toContain('"tenant":"house"');
    registered = [];
    feed.publish({ ...own, revision: own.revision + 1 });
    await until('it has ended', () => stream.ended());
    expect(stream.text()).not.toContain(`"revision":${own.revision + 1}`);
  });
});
