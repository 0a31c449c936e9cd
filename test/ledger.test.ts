/** `vigil verify ledger` at a running Vigil, and at one whose ledger does not add up. */
import { until } from './support/until.ts';
import { afterAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PipelineLedger } from '../schemas/api/pipeline.ts';
import { capturedRequests, post } from './support/telemetry/captures.ts';
import { sharedVigil } from './support/programs/shared-vigil.ts';
import { type Vigil, freePort, run, startVigil } from './support/programs/vigil.ts';

const data = mkdtempSync(join(tmpdir(), 'vigil-ledger-'));
let vigil: Vigil | undefined;
let server: Server | undefined;
afterAll(async () => {
  await vigil?.stop();
  server?.close();
  rmSync(data, { recursive: true, force: true });
});

async function verify(...args: readonly string[]): Promise<readonly [code: number | null, output: string]> {
  const process = run(['verify', 'ledger', ...args]);
  return [await process.ended(), process.output()];
}

it('adds up over the captures, after a kill, and not when a record is missing', async () => {
  const running = (vigil = await startVigil(data, { environment: { VIGIL_LOG_LEVEL: 'error' } }));
  const api = ['--api', running.api];
  expect(await verify(...api, '--wait', '0')).toEqual([
    1,
    expect.stringContaining('no collector has reported any record'),
  ]);

  const captured = [...capturedRequests('codex'), ...capturedRequests('claude-code')];
  const sendAll = async (): Promise<void> => {
    for (const request of captured) await (await post(running.otlp, request)).arrayBuffer();
  };
  await sendAll();
  process.kill(running.roles().get('collector') ?? 0, 'SIGKILL');
  await until('the collector is back', () =>
    fetch(`${running.otlp}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  await sendAll();
  const readLedger = async (): Promise<PipelineLedger> =>
    PipelineLedger.parse(await (await fetch(`${running.api}/v1/pipeline/ledger?stored=true`)).json());
  const duplicates = async (): Promise<number> =>
    (await readLedger()).accounts.reduce((sum, { duplicate }) => sum + duplicate, 0);
  await until('the repeats are counted', async () => (await duplicates()) >= 500);
  const [code, output] = await verify(...api, '--wait', '60');
  expect([code, output]).toEqual([0, expect.stringMatching(/^The ledger adds up\.$/m)]);
  expect(output).toMatch(
    / local logs: \d+ received = \d+ published \+ 0 waiting \+ \d+ skipped \+ \d+ rejected \+ [1-9]\d* duplicate \+ 0 lost\n/,
  );
  const [, events, stored] = /^(\d+) events published, (\d+) stored, 0 refused/m.exec(output) ?? [];
  expect([Number(events) > 500, stored]).toEqual([true, events]);

  const [, derived, storedDerived] =
    /^of them derived from command lines: (\d+) published, (\d+) stored$/m.exec(output) ?? [];
  expect([Number(derived) > 20, storedDerived]).toEqual([true, derived]);
  const metrics = await (await fetch(`${running.otlp}/metrics`)).text();
  const counted = [...metrics.matchAll(/^collector_ledger_derived_events\{[^}]*\} (\d+)$/gm)];
  expect(counted.reduce((sum, [, n]) => sum + Number(n), 0)).toBe(Number(derived));

  const ledger = await readLedger();
  const [first, ...others] = ledger.accounts;
  if (first === undefined) throw new Error('no account');
  const bent = [
    { ...ledger, accounts: [{ ...first, received: first.received + 1 }, ...others] },
    { ...ledger, stored: { bySender: [], refused: 0 } },
  ];
  server = createServer((_, response) => response.end(JSON.stringify(bent.shift())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const other = ['--api', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, '--wait', '0'];
  expect(await verify(...other)).toEqual([1, expect.stringMatching(/FAULT: .*: 1 records are not accounted for/)]);
  expect(await verify(...other, '--json')).toEqual([
    1,
    expect.stringMatching(/^\{"faults":\["\d+ published events are not in the warehouse"\]/),
  ]);
  expect(await verify(...other)).toEqual([1, expect.stringMatching(/is not the ledger of an audit API\n$/)]);
}, 180_000);

it('adds up where two senders of one tenant sent the same records', async () => {
  const running = await sharedVigil('ledger');
  for (const sender of ['laptops', 'runners']) {
    const headers = await running.createSender(sender);
    for (const request of capturedRequests('codex'))
      expect((await post(running.otlp, request, headers)).status).toBe(200);
  }
  const [code, output] = await verify('--api', running.api, '--tenant', 'ledger', '--wait', '60');
  expect([code, output]).toEqual([0, expect.stringMatching(/^The ledger adds up\.$/m)]);
  const [published, stored, repeated] = [
    /(\d+) events published/,
    / (\d+) stored/,
    /^(\d+) of the published events had arrived before/m,
  ].map((count) => Number(count.exec(output)?.[1]));
  expect([Number(stored) > 100, repeated, published]).toEqual([true, stored, 2 * Number(stored)]);
}, 120_000);

it('says in a sentence what is wrong with its command line, or that nobody answers', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  expect(await verify('--api', nobody)).toEqual([
    1,
    expect.stringMatching(/^vigil: .*the audit API does not respond \(.*\)\n$/),
  ]);
  expect(await verify('--api', 'nowhere')).toEqual([2, expect.stringMatching(/^vigil: --api nowhere is not a URL\n/)]);
  expect(await verify('--wait', 'long')).toEqual([2, expect.stringMatching(/^vigil: --wait long is not a number/)]);
});
