/** Kills the recorder repeatedly while it works: each record is stored once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { openWarehouse } from '../../platform/warehouse/index.ts';
import { syntheticEvents } from '../../test/support/clickhouse/clickhouse-events.ts';
import { startClickHouse } from '../../test/support/clickhouse/clickhouse-http.ts';
import { KILLED_ALERTS, KILLED_EVENTS } from '../../test/support/clickhouse/clickhouse-recorder.ts';

const PROGRAM = fileURLToPath(new URL('../../test/support/clickhouse/clickhouse-recorder.ts', import.meta.url));
const REGISTER = new URL('../../test/support/clickhouse/clickhouse-register.mjs', import.meta.url).href;
const KILLS = 8;

it('kill -9 and restart leave each event and alert once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-kill-'));
  const clickhouse = await startClickHouse();
  const warehouse = await openWarehouse({ kind: 'http', url: clickhouse.url });
  const run = () =>
    spawn(process.execPath, ['--import', REGISTER, PROGRAM, clickhouse.url, join(folder, 'positions.json')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  let kills = 0;
  for (; kills < KILLS; kills += 1) {
    const child = run();
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');
    // Kills at times from before the first insert to after several inserts.
    await sleep(40 + kills * 45);
    child.kill('SIGKILL');
    await exit;
  }
  const last = run();
  last.stdout.resume();
  const [code] = (await once(last, 'exit')) as [number | null];
  expect(code).toBe(0);

  const rows = async (query: string): Promise<unknown[]> =>
    (await warehouse.client('queries').query({ query, format: 'JSONEachRow' })).json();
  const ids = [...syntheticEvents(KILLED_EVENTS)].map(({ eventId }) => eventId).sort();
  const stored = (await rows('SELECT eventId FROM vigil.events ORDER BY eventId')) as { eventId: string }[];
  expect(stored.length).toBe(ids.length);
  expect(stored.every(({ eventId }, at) => eventId === ids[at])).toBe(true);
  expect(await rows('SELECT count() AS n, uniqExact(alertId) AS ids FROM vigil.alerts')).toEqual([
    { n: KILLED_ALERTS.count, ids: KILLED_ALERTS.count },
  ]);
  expect(await rows('SELECT sum(n) AS n FROM (SELECT count() AS n FROM vigil.rejects)')).toEqual([{ n: 0 }]);
  await warehouse.close();
  await clickhouse.stop();
  rmSync(folder, { recursive: true, force: true });
}, 180_000);
