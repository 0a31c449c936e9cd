/** The demo as its user meets it: played, removed, and played again on the same data. */
import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Alert } from '../schemas/alert.ts';
import type { AlertDetail } from '../schemas/api.ts';
import { type Vigil, listAll, run, startVigil, until } from './support/vigil.ts';

const data = mkdtempSync(join(tmpdir(), 'vigil-demo-'));
let vigil: Vigil | undefined;
afterAll(async () => {
  await vigil?.stop();
  rmSync(data, { recursive: true, force: true });
});

const ALERTS = '/v1/alerts?tenant=demo&from=0';

async function played(): Promise<{ readonly vigil: Vigil; readonly alerts: readonly Alert[] }> {
  const started = (vigil = await startVigil(data, { args: ['--demo'] }));
  let alerts: readonly Alert[] = [];
  await until('the demo’s alerts stand', async () => {
    const before = alerts.length;
    if (!started.process.output().includes('The demo has been played')) return false;
    alerts = await listAll<Alert>(started.api, ALERTS);
    // The incident's last step, and nothing more on its way.
    return alerts.some(({ detectionId }) => detectionId === 'trace-clearing') && alerts.length === before;
  });
  return { vigil: started, alerts };
}

it('shows alerts, is removed by one command, and played again shows alerts whose evidence is all there', async () => {
  const first = await played();
  expect(first.alerts.length).toBeGreaterThan(20);
  const removing = run(['demo', 'remove', '--data', data]);
  expect([await removing.ended(), removing.output()]).toEqual([0, 'The demo’s data has been removed.\n']);
  await first.vigil.stop();

  const again = await played();
  const known = new Set(first.alerts.map(({ alertId }) => alertId));
  expect(again.alerts.filter(({ alertId }) => known.has(alertId))).toEqual([]);
  expect(again.alerts.length).toBeGreaterThanOrEqual(first.alerts.length - 2);
  for (const { alertId } of again.alerts) {
    const answer = await fetch(`${again.vigil.api}/v1/alerts/${alertId}?tenant=demo`);
    const { missingEventIds, events } = (await answer.json()) as AlertDetail;
    expect(missingEventIds).toEqual([]);
    expect(events.length).toBeGreaterThan(0);
  }
}, 120_000);
