/** Walks all routes of the API: each is mounted, documented and guarded as its contract says. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RIGHTS_OF_USE } from '../access/rights.ts';
import { createMetrics } from '../platform/metrics.ts';
import { isAboutTenant, type RouteContract } from '../schemas/api/contract/route.ts';
import { ROUTES } from '../schemas/api/index.ts';
import type { Right } from '../schemas/api/rights.ts';
import type { Answer } from '../test/support/ask.ts';
import type { AuditContext } from './context.ts';
import { openApiDocument } from './openapi.ts';
import { handledRoutes } from './routes/index.ts';
import { bearer, CONFIGURED, OWN_PAGE, startGuardedApp, tokenOf } from '../test/support/audit/guarded-app.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

let api: Awaited<ReturnType<typeof startGuardedApp>>;
beforeAll(async () => {
  api = await startGuardedApp();
});
afterAll(() => api.stop());
beforeEach(() => api.reset());

const routes: readonly RouteContract[] = ROUTES;
const documented = openApiDocument(routes)['paths'] as Record<string, Record<string, object>>;
const named = (contracts: readonly RouteContract[]) =>
  contracts.map((contract) => ({ name: `${contract.method.toUpperCase()} ${contract.path}`, contract }));
const needing = (right: Right | 'none') => (contract: RouteContract) => contract.right === right;

/** An address of the route; its parameters name nothing that exists. */
const addressOf = ({ path }: RouteContract): string => path.replaceAll(/\{\w+\}/g, 'a'.repeat(32));
const send = (contract: RouteContract, headers: Record<string, string> = {}, query = ''): Promise<Answer> =>
  api.ask(
    addressOf(contract) + query,
    { ...(contract.onlyOwnPage === true && OWN_PAGE), ...headers },
    contract.method.toUpperCase(),
  );
/** The status for a client that may send the request. */
const served = ({ parameters }: RouteContract): number => (parameters === undefined ? 200 : 404);
const holderOf = (right: Right) => (RIGHTS_OF_USE.metrics.includes(right) ? 'prometheus' : 'ada');

describe('the list of routes', () => {
  it('has a handler for each contract, and no other', () => {
    const context = { metrics: createMetrics() } as AuditContext;
    const handled = handledRoutes(context).map(({ contract }) => contract);
    expect(handled.map(({ id }) => id).sort()).toEqual(routes.map(({ id }) => id).sort());
    expect(new Set(handled)).toEqual(new Set(routes));
  });

  it('has each operation once', () => {
    expect(new Set(routes.map(({ id }) => id)).size).toBe(routes.length);
    expect(new Set(named(routes).map(({ name }) => name)).size).toBe(routes.length);
  });

  it('declares each parameter in a path, and no other', () => {
    for (const { path, parameters } of routes)
      expect(Object.keys(parameters?.shape ?? {})).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  });

  it('leaves only these to everyone', () => {
    expect(named(routes.filter(needing('none'))).map(({ name }) => name)).toEqual([
      'GET /v1/sign-in',
      'DELETE /v1/sign-in',
      'GET /healthz',
      'GET /readyz',
    ]);
  });

  it('reads the warehouse for one tenant at a time', () => {
    expect(routes.filter((contract) => contract.readsWarehouse === true && !isAboutTenant(contract))).toEqual([]);
  });

  it('lets nothing change without a request of the own page', () => {
    expect(routes.filter(({ method, onlyOwnPage }) => method !== 'get' && onlyOwnPage !== true)).toEqual([]);
  });
});

describe.each(named(routes))('$name', ({ contract }) => {
  const { method, path, query, right } = contract;
  const ofPath = routes.filter((other) => other.path === path);

  it('is in the OpenAPI document, with its right and its parameters', () => {
    const names = [...Object.keys(contract.parameters?.shape ?? {}), ...Object.keys(query?.shape ?? {})];
    expect(documented[path]?.[method]).toMatchObject({
      operationId: contract.id,
      security: right === 'none' ? [{}] : expect.arrayContaining([{}, { bearer: [right] }]),
      ...(names.length > 0 && { parameters: names.map((name): unknown => expect.objectContaining({ name })) }),
    });
  });

  it('answers other methods with 405 and the ones it accepts', async () => {
    const accepted = ofPath.flatMap((other) => (other.method === 'get' ? ['GET', 'HEAD'] : other.method.toUpperCase()));
    const headers = right === 'none' ? {} : bearer(holderOf(right));
    for (const other of METHODS.filter((one) => !accepted.includes(one))) {
      const refused = await api.ask(addressOf(contract), headers, other);
      expect([other, refused.status, refused.headers['allow']]).toEqual([other, 405, accepted.join(', ')]);
    }
    expect(api.asked).toEqual([]);
  });

  if (query !== undefined)
    it('refuses query fields that it does not know', async () => {
      const refused = await send(contract, right === 'none' ? {} : bearer(holderOf(right)), '?no-such-parameter=1');
      expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('no-such-parameter')]);
      expect(api.asked).toEqual([]);
    });

  if (right === 'none')
    it('serves everyone', async () => {
      expect((await send(contract)).status).toBe(served(contract));
    });
  else
    it(`serves clients with the right ${right}, and tells others nothing`, async () => {
      const none = await send(contract);
      expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="vigil"']);
      expect((await send(contract, { authorization: 'Bearer wrong' })).status).toBe(401);
      expect((await send(contract, { cookie: `__Host-vigil=${'a'.repeat(43)}` })).status).toBe(401);
      for (const [name, use] of [
        ['laptop', 'telemetry'],
        ['prometheus', 'metrics'],
        ['ada', 'read'],
      ] as const)
        if (!RIGHTS_OF_USE[use].includes(right))
          expect([name, (await send(contract, bearer(name))).status]).toEqual([name, 403]);
      const wrongMethod = await api.ask(addressOf(contract), {}, 'PUT');
      expect(wrongMethod.status).toBe(ofPath.some(needing('none')) ? 405 : 401);
      expect(api.asked).toEqual([]);

      const name = holderOf(right);
      expect((await send(contract, bearer(name))).status).toBe(served(contract));
      const basic = `Basic ${Buffer.from(`${name}:${tokenOf(name)}`).toString('base64')}`;
      expect((await send(contract, { authorization: basic })).status).toBe(served(contract));
    });

  if (isAboutTenant(contract))
    it('is about the tenants that the client may read, and about no other', async () => {
      const status = async (tenant: string | undefined, headers: Record<string, string>): Promise<number> =>
        (await send(contract, headers, tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`)).status;
      for (const tenant of ['house', 'acm', 'acme2', 'ACME', '*', 'nobody']) {
        const refused = await send(contract, bearer('ada'), `?tenant=${encodeURIComponent(tenant)}`);
        expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('does not read that tenant')]);
      }
      expect(api.asked).toEqual([]);
      for (const tenant of ['acme', 'bert', undefined])
        expect(await status(tenant, bearer('ada'))).toBe(served(contract));
      for (const tenant of ['house', 'acme', 'nobody'])
        expect(await status(tenant, bearer('auditor'))).toBe(served(contract));
      expect(await status('acme', CONFIGURED)).toBe(403);
      expect(await status(undefined, CONFIGURED)).toBe(served(contract));
      const tenants = ['acme', 'bert', 'acme', 'house', 'acme', 'nobody', 'house'];
      expect(api.asked).toEqual(contract.readsWarehouse === true ? tenants : []);
    });

  if (contract.onlyOwnPage === true)
    it.each([
      ['another site', { host: '127.0.0.1', origin: 'https://evil.example' }],
      ['another site, as its browser says', { ...OWN_PAGE, 'sec-fetch-site': 'cross-site' }],
      ['no page', { host: '127.0.0.1', origin: '' }],
    ])('is refused to %s', async (_who, headers) => {
      expect((await send(contract, { ...headers, ...bearer('ada') })).status).toBe(403);
    });

  it(
    contract.anyHost === true ? 'is served under any host name' : 'is served under the own host names only',
    async () => {
      api.state.openFor = [...RIGHTS_OF_USE.read, ...RIGHTS_OF_USE.metrics];
      expect((await send(contract, { host: 'evil.example' })).status).toBe(contract.anyHost === true ? 200 : 421);
    },
  );
});
