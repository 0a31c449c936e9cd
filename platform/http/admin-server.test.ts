import { afterEach, expect, it } from '@jest/globals';
import { type AdminServer, startAdminServer } from './admin-server.ts';
import { sha256 } from '../hash.ts';
import { createMetrics } from '../metrics.ts';
import { metricsDenialBy } from '../../access/metrics-denial.ts';
import { testAccess } from '../../test/support/access.ts';

const USES = ['telemetry', 'read', 'metrics'] as const;
let admin: AdminServer | undefined;
afterEach(async () => {
  await admin?.stop();
});

async function start(
  isOpen: boolean,
): Promise<(path: string, token?: string) => Promise<{ status: number; text: string }>> {
  const { authenticate } = testAccess({
    configured: USES.map((use) => ({ tokenSha256: sha256(use), tenant: 'acme', sender: use, use })),
    open: () => (isOpen ? ['metrics.read'] : []),
  });
  const metricsDenial = metricsDenialBy(authenticate);
  const ready = (): Promise<void> => Promise.reject(new Error('broker-7 is away'));
  const started = (admin = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics(),
    ready,
    metricsDenial: ({ headers: { authorization } }) => metricsDenial({ authorization }),
  }));
  return async (path, token) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${started.port}${path}`, { headers });
    return { status: response.status, text: await response.text() };
  };
}

it('answers health to everybody, and metrics and reasons to a credential that reads metrics', async () => {
  const ask = await start(false);
  expect(await ask('/healthz')).toEqual({ status: 200, text: 'ok\n' });
  expect(await ask('/readyz')).toEqual({ status: 503, text: 'not ready\n' });
  const answers = await Promise.all([undefined, 'wrong', ...USES].map((token) => ask('/metrics', token)));
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 403, 200]);
  expect(await ask('/readyz', 'metrics')).toEqual({ status: 503, text: 'broker-7 is away\n' });
});

it('answers everything where no credential is needed, and refuses a wrong one all the same', async () => {
  const ask = await start(true);
  expect([(await ask('/metrics')).status, (await ask('/metrics', 'wrong')).status]).toEqual([200, 401]);
  expect((await ask('/readyz')).text).toBe('broker-7 is away\n');
});

it('only reads, and serves nothing else', async () => {
  await start(true);
  const base = `http://127.0.0.1:${admin?.port ?? 0}`;
  const posted = await fetch(`${base}/metrics`, { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await fetch(`${base}/healthz`, { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(`${base}/`)).status).toBe(404);
  expect((await fetch(`${base}/__proto__`)).status).toBe(404);
});
