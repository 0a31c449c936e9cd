/** The same requests, once through a live system and once through `vigil backtest`: the same alerts. */
import { until } from './support/until.ts';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { incidentRequests } from '../cli/demo/incident.ts';
import { recordedRequests } from '../cli/demo/recordings.ts';
import { Alert } from '../schemas/records/alert.ts';
import { type Vigil, listAll, run, startVigil } from './support/programs/vigil.ts';

const data = mkdtempSync(join(tmpdir(), 'vigil-backtest-'));
let vigil: Vigil;
beforeAll(async () => {
  vigil = await startVigil(data, { environment: { VIGIL_LOG_LEVEL: 'warn' } });
}, 60_000);
afterAll(async () => {
  await vigil.stop();
  rmSync(data, { recursive: true, force: true });
});

/** What must be equal: whom and what an alert is about, and what it rests on. */
const essence = ({ alertId, detectionId, entity, severity, count, firstSeen, lastSeen, summary, evidence }: Alert) => ({
  alertId,
  detectionId,
  entity,
  severity,
  count,
  firstSeen,
  lastSeen,
  summary,
  evidence: evidence.length,
});
const byId = (a: { alertId: string }, b: { alertId: string }): number => (a.alertId < b.alertId ? -1 : 1);

it('a backtest over the recorded requests gives the alerts of the live system', async () => {
  const now = Date.now();
  const requests = [...incidentRequests(now), ...recordedRequests(now)];
  for (const { signal, body } of requests) {
    const response = await fetch(`${vigil.otlp}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(response.status).toBe(200);
  }
  const file = join(data, 'requests.ndjson');
  writeFileSync(file, requests.map(({ body }) => `${JSON.stringify(JSON.parse(body))}\n`).join(''));

  // One request per line means written anew: other bytes, hence other event ids, which the alerts’ ids do not depend on.
  const backtest = run(['backtest', '--otlp', file, '--json']);
  expect(await backtest.ended()).toBe(0);
  const expected = backtest
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => Alert.parse(JSON.parse(line)));
  expect(expected.length).toBeGreaterThan(15);
  expect(expected.map(({ detectionId }) => detectionId)).toEqual(
    expect.arrayContaining(['pipe-to-interpreter', 'tokens-per-hour', 'new-program']),
  );

  const live = (): Promise<Alert[]> => listAll<Alert>(vigil.api, '/v1/alerts?from=0');
  const ids = (alerts: readonly Alert[]): string => JSON.stringify(alerts.map(essence).sort(byId));
  // An alert with many findings is amended at ticks too, so its last count takes up to a minute.
  await until('the live system has raised them all', async () => ids(await live()) === ids(expected), 120_000).catch(
    () => undefined,
  );
  expect((await live()).map(essence).sort(byId)).toEqual(expected.map(essence).sort(byId));
}, 180_000);

it('says in one sentence what is wrong with its input', async () => {
  const file = join(data, 'bad.ndjson');
  writeFileSync(file, '{"resourceLogs":[]}\n{"resourceLogs":[}\n');
  const bad = run(['backtest', '--otlp', file]);
  expect([await bad.ended(), bad.output()]).toEqual([
    1,
    expect.stringMatching(/^vigil: .*bad\.ndjson:2: .* at byte \d+\n$/),
  ]);
  const missing = run(['backtest', '--otlp', join(data, 'none')]);
  expect([await missing.ended(), missing.output()]).toEqual([1, expect.stringMatching(/^vigil: cannot read .*none/)]);
  const usage = run(['backtest']);
  expect([await usage.ended(), usage.output()]).toEqual([2, expect.stringContaining('--otlp FILE is required')]);
}, 60_000);
