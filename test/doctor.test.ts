/** `vigil doctor` at a running Vigil: an agent with its details switched off, and parts that do not answer. */
import { until } from './support/until.ts';
import { expect, it } from '@jest/globals';
import type { Diagnosis } from '../cli/doctor-verdict.ts';
import { capturedRequests, post } from './support/telemetry/captures.ts';
import { sharedVigil } from './support/programs/shared-vigil.ts';
import { freePort, run } from './support/programs/vigil.ts';

/** The captures are of one day, and tests run on any. */
const EVER = ['--days', '9999'];

async function doctor(...args: readonly string[]): Promise<readonly [code: number | null, output: string]> {
  const process = run(['doctor', ...args]);
  return [await process.ended(), process.output()];
}

const sent = (agent: 'claude-code' | 'codex', ...scenarios: readonly string[]) =>
  capturedRequests(agent).filter(({ scenario }) => scenarios.some((name) => scenario === `${agent}/${name}`));

it('names what is missing, the detections that are blind, the setting, and the parts', async () => {
  const running = await sharedVigil('doctor');
  const headers = await running.createSender('agents');
  const options = ['--api', running.api, '--tenant', 'doctor', ...EVER];
  const [empty, said] = await doctor(...options);
  expect([empty, said]).toEqual([0, expect.stringContaining('No agent was seen in the last 9999 days')]);

  const bare = sent('claude-code', 'no-details');
  expect(bare.length).toBeGreaterThan(0);
  const diagnose = async (): Promise<Diagnosis> =>
    JSON.parse((await doctor(...options, '--detector', running.admin, '--json'))[1]) as Diagnosis;
  const agentIn = ({ agents }: Diagnosis, name: string) => agents.find(({ agent }) => agent === name);
  for (const request of [...bare, ...sent('codex', 'basic-json')])
    await (await post(running.otlp, request, headers)).arrayBuffer();
  await until('both agents are stored, and all parts answer', async () => {
    const { agents, parts } = await diagnose();
    return agents.length === 2 && parts.every(({ state }) => state === 'ok');
  });

  const found = await diagnose();
  expect(found.parts.map(({ part }) => part)).toEqual([
    'audit API',
    'warehouse, log',
    'collector',
    'ledger',
    'detector',
    'recorder',
  ]);
  const claude = agentIn(found, 'claude-code');
  const gap = claude?.gaps.find(({ field }) => field === 'commandLine');
  expect(gap).toMatchObject({ present: 0, setting: 'OTEL_LOG_TOOL_DETAILS=1' });
  expect(gap?.expected).toBeGreaterThan(0);
  expect(claude?.blind).toEqual(expect.arrayContaining(['reverse-shell', 'credential-read-by-command', 'new-program']));
  expect(claude?.versions).toEqual(['2.1.330']);
  const codex = agentIn(found, 'codex');
  expect([codex?.gaps.map(({ field }) => field).includes('commandLine'), codex?.blind]).toEqual([false, []]);

  // The same agent with its details on, on another machine: commands can be judged, and the setting is still named.
  for (const request of sent('claude-code', 'basic')) await (await post(running.otlp, request, headers)).arrayBuffer();
  await until(
    'the commands are stored',
    async () => agentIn(await diagnose(), 'claude-code')?.blind.includes('reverse-shell') === false,
  );

  const [code, text] = await doctor(...options);
  expect([code, text]).toEqual([
    0,
    expect.stringMatching(/^"claude-code" \(2\.1\.330\): \d+ sessions, \d+ events, last seen .*Z$/m),
  ]);
  expect(text).toMatch(/^unknown detector .*VIGIL_ADMIN_PORT is not set/m);

  const nobody = `http://127.0.0.1:${await freePort()}`;
  expect(await doctor(...options, '--collector', nobody)).toEqual([
    1,
    expect.stringMatching(/^broken {2}collector .*the collector does not respond/m),
  ]);
  expect(await doctor('--api', nobody)).toEqual([1, expect.stringMatching(/^broken {2}audit API .*does not respond/m)]);
}, 240_000);

it('says in a sentence what is wrong with its command line', async () => {
  expect(await doctor('--days', 'x')).toEqual([2, expect.stringMatching(/^vigil: --days x is not a number of days\n/)]);
  expect(await doctor('--api', 'nowhere')).toEqual([2, expect.stringMatching(/^vigil: --api nowhere is not a URL\n/)]);
});
