/**
 * `npm run test:endure [-- --minutes 10] [--kills 50] [--rate 16]`: the pipeline on a real Kafka and on ClickHouse's engine under
 * continuous load. Kafka is killed for `--minutes`, the collector's disk is filled and freed again twice (once meanwhile, once after),
 * and the collector is killed (SIGKILL) `--kills` times all along. Then all drains, `vigil verify ledger` must find that everything
 * adds up, and each acknowledged record must be in the store exactly once. Prints what it did; exit code 1 where anything differs.
 */
import { until } from '../support/until.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sha256 } from '../../platform/hash.ts';
import { startKafka } from '../support/kafka/kafka.ts';
import { type Pipeline, startPipeline } from '../support/pipeline.ts';
import { run } from '../support/vigil.ts';
import { type Disk, openDisk } from './disk.ts';
import { SENDERS, type Sent, requestOf, sendAll } from './senders.ts';
import { TENANT, differences, eventIdsOf } from './verdict.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    kills: { type: 'string', default: '50' },
    rate: { type: 'string', default: '16' },
  },
});
const AWAY_MS = Number(values.minutes) * 60_000;
const KILLS = Number(values.kills);
/** Before Kafka goes away and after it is back. */
const AROUND_MS = Math.max(20_000, AWAY_MS / 10);
const FULL_MS = AROUND_MS / 2;
/** Where it does not pass, so much of what each role said last is printed. */
const TOLD_CHARACTERS = 6_000;
const DRAIN_MS = 1_800_000;

const begun = Date.now();
function say(what: string): void {
  const seconds = Math.round((Date.now() - begun) / 1000);
  console.log(`${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')} ${what}`);
}

const isHealthy = (otlp: string): Promise<boolean> =>
  fetch(`${otlp}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

/** Kills the collector at random moments, on average evenly over the time. */
async function killAll(vigil: Pipeline): Promise<void> {
  const everyMs = (AWAY_MS + 2 * AROUND_MS) / (KILLS + 1);
  for (let kills = 1; kills <= KILLS; kills += 1) {
    await sleep(everyMs * (0.5 + Math.random()));
    await until('the collector listens', () => isHealthy(vigil.otlp), 300_000);
    const pid = vigil.roles().get('collector');
    if (pid === undefined) throw new Error('there is no collector');
    process.kill(pid, 'SIGKILL');
    await until('another collector is there', () => (vigil.roles().get('collector') ?? pid) !== pid);
    if (kills % 10 === 0) say(`the collector has been killed ${kills} times`);
  }
}

/** @returns for how long Kafka was away (ms) */
async function disturb(vigil: Pipeline, disk: Disk, kafka: { kill(): Promise<void>; start(): Promise<void> }) {
  await sleep(AROUND_MS);
  await kafka.kill();
  const since = Date.now();
  say('Kafka is killed');
  await sleep(AWAY_MS / 3);
  await fillFor(disk, vigil, FULL_MS);
  await sleep(Math.max(0, since + AWAY_MS - Date.now()));
  await kafka.start();
  const awayMs = Date.now() - since;
  say('Kafka is back');
  await sleep(AROUND_MS / 4);
  await fillFor(disk, vigil, FULL_MS / 2);
  await sleep(AROUND_MS / 4);
  return awayMs;
}

async function fillFor(disk: Disk, vigil: Pipeline, ms: number): Promise<void> {
  disk.fill();
  if (disk.kind === 'ulimit') process.kill(vigil.roles().get('collector') ?? 0, 'SIGKILL');
  say('the disk is full');
  await sleep(ms);
  disk.free();
  if (disk.kind === 'ulimit') process.kill(vigil.roles().get('collector') ?? 0, 'SIGKILL');
  say('the disk has room again');
}

/** Records that wait in the spool; undefined while the collector does not answer. */
async function waitingIn(otlp: string): Promise<number | undefined> {
  const text = await fetch(`${otlp}/metrics`).then(
    (response) => response.text(),
    () => undefined,
  );
  const samples = text?.matchAll(/^collector_ledger_records\{[^}]*state="waiting"[^}]*\} (\d+)$/gm);
  return samples === undefined ? undefined : [...samples].reduce((sum, [, n]) => sum + Number(n), 0);
}

/** Ids of all rows that a reader of the store gets, and how many rows there are of which it gets one. */
async function storedIds(clickhouse: string): Promise<{ readonly ids: readonly string[]; readonly rows: number }> {
  const ask = async (query: string): Promise<readonly string[]> => {
    const response = await fetch(clickhouse, { method: 'POST', body: query });
    const text = await response.text();
    if (!response.ok) throw new Error(`ClickHouse: ${text}`);
    return text.split('\n').filter((line) => line !== '');
  };
  const from = `vigil.events`;
  const ids = await ask(`SELECT eventId FROM ${from} FINAL WHERE tenant = '${TENANT}'`);
  const [rows] = await ask(`SELECT count() FROM ${from} WHERE tenant = '${TENANT}'`);
  return { ids, rows: Number(rows) };
}

const idsOf = (sent: readonly Sent[]): string[] => sent.flatMap((each) => eventIdsOf(requestOf(each)));

async function endure(vigil: Pipeline, disk: Disk, kafka: Parameters<typeof disturb>[2]): Promise<boolean> {
  let isOver = false;
  const sending = sendAll(vigil, Number(values.rate), () => isOver);
  const [awayMs] = await Promise.all([disturb(vigil, disk, kafka), killAll(vigil)]);
  isOver = true;
  const tally = await sending;
  say(`${tally.acknowledged.length} requests acknowledged; now all drains`);
  await until('nothing waits any more', async () => (await waitingIn(vigil.otlp)) === 0, DRAIN_MS);
  const verify = run(['verify', 'ledger', '--api', vigil.api, '--tenant', TENANT, '--wait', '300']);
  const code = await verify.ended();
  console.log(verify.output().trimEnd());
  const { ids, rows } = await storedIds(vigil.clickhouse ?? '');
  const found = differences(idsOf(tally.acknowledged), idsOf(tally.givenUp), ids);
  console.log(
    `Kafka away for ${(awayMs / 60_000).toFixed(1)} minutes, the disk (${disk.kind}) full twice, the collector killed ${KILLS} times`,
  );
  console.log(
    `${tally.acknowledged.length} requests acknowledged, ${tally.refused} refused, ${tally.broken} not answered, ${tally.givenUp.length} given up, ${tally.wrong.length} answered wrongly`,
  );
  console.log(
    `${found.acknowledged} events acknowledged, ${found.missing.length} missing, ${found.twice.length} twice, ${found.unknown.length} unknown, ${found.unheard} stored though their answer was lost; ${rows} rows for ${ids.length} events`,
  );
  console.log(`verify ledger: exit code ${String(code)}`);
  for (const wrong of new Set(tally.wrong)) console.log(`answer: ${wrong}`);
  for (const id of found.missing.slice(0, 10)) console.log(`missing: ${id}`);
  for (const id of found.twice.slice(0, 10)) console.log(`twice: ${id}`);
  for (const id of found.unknown.slice(0, 10)) console.log(`unknown: ${id}`);
  const differs = found.missing.length + found.twice.length + found.unknown.length + tally.wrong.length > 0;
  return code === 0 && !differs && found.acknowledged > 0;
}

const data = mkdtempSync(join(tmpdir(), 'vigil-endure-'));
const disk = openDisk(join(data, 'collector'));
const kafka = await startKafka();
const vigil = await startPipeline(data, {
  kafka: true,
  environment: {
    VIGIL_CREDENTIALS: SENDERS.map(({ name, token }) => `${sha256(token)}:${TENANT}:${name}`).join(','),
    VIGIL_TENANT: TENANT,
    // What else fills a disk does not ask: the reserve is gone.
    VIGIL_SPOOL_RESERVE_BYTES: '1',
  },
  cluster: {
    broker: kafka,
    roles: ['recorder', 'audit', 'collector'],
    fileBytes: (role) => (role === 'collector' ? disk.fileBytes() : undefined),
    onEnded: (role, ended) => {
      const last = ended.output().trimEnd().split('\n').at(-1) ?? '';
      say(`${role} ended by itself (${ended.child.signalCode ?? String(ended.child.exitCode)}): ${last.slice(0, 500)}`);
    },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const pid of vigil.roles().values()) process.kill(pid, 'SIGKILL');
    disk.remove();
    rmSync(data, { recursive: true, force: true });
    process.exit(1);
  });
}
let passed: boolean;
try {
  say('load begins');
  passed = await endure(vigil, disk, kafka);
  if (!passed)
    for (const role of vigil.roles().keys())
      console.log(`${role}:\n${vigil.output?.(role).slice(-TOLD_CHARACTERS) ?? ''}`);
} finally {
  await vigil.stop();
  await kafka.stop();
  disk.remove();
  rmSync(data, { recursive: true, force: true });
}
say(passed ? 'endured' : 'not endured');
process.exit(passed ? 0 : 1);
