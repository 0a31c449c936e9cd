/** The audit API with clients of each use, over a store that records which tenants it was asked for. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RegisteredClient } from '../../../access/client.ts';
import { newToken } from '../../../access/tokens/token.ts';
import { createApp } from '../../../audit/app.ts';
import { createAlertsFeed } from '../../../audit/feed/alerts-feed.ts';
import { sha256 } from '../../../platform/hash.ts';
import { silentLog } from '../../../platform/log.ts';
import { createMetrics } from '../../../platform/metrics.ts';
import type { Right } from '../../../schemas/api/rights.ts';
import type { Queries } from '../../../store/queries/index.ts';
import { testAccess } from '../access.ts';
import { type Answer, askPort } from '../ask.ts';

const made = { ada: newToken(), auditor: newToken(), laptop: newToken(), prometheus: newToken() };
export type ClientName = keyof typeof made;

const credentialOf = ({ id, sha256: hash }: ReturnType<typeof newToken>) => ({
  kind: 'token' as const,
  id,
  sha256: hash,
  createdAt: 0,
});
export const clients = (): RegisteredClient[] => [
  { tenant: 'acme', sender: 'ada', use: 'read', reads: ['bert'], credentials: [credentialOf(made.ada)] },
  { tenant: 'house', sender: 'auditor', use: 'read', reads: ['*'], credentials: [credentialOf(made.auditor)] },
  { tenant: 'acme', sender: 'laptop', use: 'telemetry', credentials: [credentialOf(made.laptop)] },
  { tenant: 'acme', sender: 'prometheus', use: 'metrics', credentials: [credentialOf(made.prometheus)] },
];
export const tokenOf = (name: ClientName): string => made[name].token;
export const bearer = (name: ClientName): Record<string, string> => ({ authorization: `Bearer ${tokenOf(name)}` });
/** A client that reads the tenant `house` and that the configuration names. */
export const CONFIGURED = { authorization: 'Bearer configured-token' };
/** What the browser sends with a request of the server's own page. */
export const OWN_PAGE = { origin: 'http://127.0.0.1', host: '127.0.0.1' };

export async function startGuardedApp() {
  const asked: string[] = [];
  const state = { registered: clients(), openFor: [] as readonly Right[], now: 0 };
  const access = testAccess({
    clients: () => state.registered,
    configured: [{ tokenSha256: sha256('configured-token'), tenant: 'house', sender: 'script', use: 'read' }],
    open: () => state.openFor,
    tenant: 'house',
    now: () => state.now,
  });
  const feed = createAlertsFeed({ newId: () => crypto.randomUUID() });
  const metrics = createMetrics();
  const app = createApp({
    queries: recordingQueries(asked),
    alertsFeed: feed,
    access,
    metrics,
    log: silentLog,
    ready: () => Promise.resolve(),
    needsCredential: () => true,
    webRoot: '/nowhere',
    now: () => state.now,
  });
  const server = createServer(app.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    askPort(port, path, { method, headers });
  return {
    port,
    feed,
    metrics,
    /** Tenants that the store was asked for. */
    asked,
    /** What a test may change while the app runs. */
    state,
    ask,
    statusOf: async (path: string, headers?: Record<string, string>): Promise<number> =>
      (await ask(path, headers)).status,
    reset: (): void => {
      asked.length = 0;
      Object.assign(state, { registered: clients(), openFor: [], now: 0 });
    },
    stop: async (): Promise<void> => {
      app.closeStreams();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function recordingQueries(asked: string[]): Queries {
  const ofFilter =
    <T>(value: T) =>
    ({ tenant }: { readonly tenant: string }): Promise<T> => (asked.push(tenant), Promise.resolve(value));
  const ofTenant =
    <T>(value: T) =>
    (tenant: string): Promise<T> => (asked.push(tenant), Promise.resolve(value));
  const page = { kind: 'page', items: [], nextCursor: null } as const;
  return {
    listAlerts: ofFilter(page),
    listEvents: ofFilter(page),
    listSessions: ofFilter(page),
    findAlert: ofTenant(undefined),
    findSession: ofTenant(undefined),
    ledger: ofTenant({ accounts: [] }),
    agents: ofTenant([]),
    ping: () => Promise.resolve(),
  };
}
