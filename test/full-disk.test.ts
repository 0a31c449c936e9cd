/** A collector whose Kafka is away and whose disk fills up: it refuses, lives on, and loses nothing it took. */
import { until } from './support/until.ts';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asCopy, capturedRequests, post } from './support/telemetry/captures.ts';
import { type Process, freePort, run } from './support/programs/vigil.ts';

const data = mkdtempSync(join(tmpdir(), 'vigil-full-disk-'));
const FILE_BYTES = 2 * 1024 ** 2;
const LOGS = capturedRequests('codex').filter(
  ({ signal, contentType }) => signal === 'logs' && contentType === 'application/json',
);
let running: Process | undefined;
afterEach(kill);
afterAll(() => rmSync(data, { recursive: true, force: true }));

async function startCollector(fileBytes?: number): Promise<string> {
  const port = await freePort();
  running = run(
    ['collector'],
    {
      VIGIL_DATA: data,
      VIGIL_OTLP_PORT: String(port),
      VIGIL_OTLP_GRPC_PORT: '0',
      VIGIL_KAFKA_BROKERS: `127.0.0.1:${await freePort()}`,
      // What else fills a disk does not ask: the reserve is gone.
      VIGIL_SPOOL_RESERVE_BYTES: '1',
    },
    { fileBytes },
  );
  const otlp = `http://127.0.0.1:${port}`;
  await until('the collector listens', () =>
    fetch(`${otlp}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return otlp;
}

async function kill(): Promise<void> {
  running?.child.kill('SIGKILL');
  await running?.ended();
}

/** Input records by state, and what the ledger does not account for, over all signals. */
async function ledgerOf(otlp: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${otlp}/metrics`)).text();
  const totals: Record<string, number> = { imbalance: 0 };
  for (const [, state = '', value] of text.matchAll(/^collector_ledger_records\{[^}]*state="(\w+)"[^}]*\} (\S+)/gm))
    totals[state] = (totals[state] ?? 0) + Number(value);
  for (const [, value] of text.matchAll(/^collector_ledger_imbalance_records\{[^}]*\} (\S+)/gm))
    totals['imbalance'] = (totals['imbalance'] ?? 0) + Math.abs(Number(value));
  return totals;
}

/** Posts copies of the captured requests until `enough`; the statuses that came. */
async function postUntil(otlp: string, from: number, enough: (statuses: readonly number[]) => boolean) {
  const statuses: number[] = [];
  for (let copy = from; !enough(statuses); copy += 1) {
    for (const request of LOGS) {
      const response = await post(otlp, asCopy(request, copy));
      statuses.push(response.status);
      if (response.status === 503) expect(response.headers.get('retry-after')).toBe('1');
      await response.arrayBuffer();
    }
    if (statuses.length > 20_000) throw new Error('the disk never filled up');
  }
  return statuses;
}

const refused = (statuses: readonly number[]): number => statuses.filter((status) => status === 503).length;

it('refuses with 503 while the disk is full, before and after a kill, and goes on when there is room', async () => {
  let otlp = await startCollector(FILE_BYTES);
  const statuses = await postUntil(otlp, 1, (seen) => refused(seen) >= 50);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(20);
  const full = await ledgerOf(otlp);
  expect(full['imbalance']).toBe(0);
  expect(full['waiting']).toBeGreaterThan(0);
  expect(running?.child.exitCode).toBeNull();
  await kill();

  otlp = await startCollector(FILE_BYTES);
  const again = await ledgerOf(otlp);
  expect({ waiting: again['waiting'], imbalance: again['imbalance'] }).toEqual({
    waiting: full['waiting'],
    imbalance: 0,
  });
  // Files opened before the kill may already be full, and the next file has room for a while.
  await postUntil(otlp, 100_000, (seen) => refused(seen) > 0);
  await kill();

  otlp = await startCollector();
  const before = (await ledgerOf(otlp))['waiting'] ?? 0;
  expect(before).toBeGreaterThanOrEqual(full['waiting'] ?? 0);
  const roomy = await postUntil(otlp, 200_000, (seen) => seen.length > 0);
  expect(new Set(roomy)).toEqual(new Set([200]));
  const after = await ledgerOf(otlp);
  expect(after['imbalance']).toBe(0);
  expect(after['waiting']).toBeGreaterThan(before);
}, 120_000);
