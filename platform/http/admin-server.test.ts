import { afterEach, expect, it } from '@jest/globals';
import { type AdminServer, startAdminServer } from './admin-server.ts';
import { sha256 } from '../hash.ts';
import { createMetrics } from '../metrics.ts';
import { metricsDenialBy } from '../../access/metrics-denial.ts';
import { createReaders } from '../../access/readers.ts';
import { createRegistry } from '../../access/registry.ts';

const USES = ['telemetry', 'read', 'metrics'] as const;
let admin: AdminServer | undefined;
afterEach(async () => {
  await admin?.close();
});

async function start(
  isOpen: boolean,
): Promise<(path: string, token?: string) => Promise<{ status: number; text: string }>> {
  const readers = createReaders({
    registry: () => createRegistry([]),
    statics: USES.map((use) => ({ tokenSha256: sha256(use), tenant: 'acme', sender: use, use })),
    isOpenTo: () => isOpen,
    onUse: () => undefined,
    now: Date.now,
  });
  const ready = (): Promise<void> => Promise.reject(new Error('broker-7 is away'));
  const started = (admin = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics(),
    ready,
    metricsDenial: metricsDenialBy(readers),
  }));
  return async (path, token) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${started.port}${path}`, { headers });
    return { status: response.status, text: await response.text() };
  };
}

it('tells health to everybody, and metrics and reasons to a credential that reads metrics', async () => {
  const ask = await start(false);
  expect(await ask('/healthz')).toEqual({ status: 200, text: 'ok\n' });
  expect(await ask('/readyz')).toEqual({ status: 503, text: 'not ready\n' });
  const answers = await Promise.all([undefined, 'wrong', ...USES].map((token) => ask('/metrics', token)));
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 403, 200]);
  expect(await ask('/readyz', 'metrics')).toEqual({ status: 503, text: 'broker-7 is away\n' });
});

it('tells everything where no credential is needed, and refuses a wrong one all the same', async () => {
  const ask = await start(true);
  expect([(await ask('/metrics')).status, (await ask('/metrics', 'wrong')).status]).toEqual([200, 401]);
  expect((await ask('/readyz')).text).toBe('broker-7 is away\n');
});
