/**
 * `npm run test:kill [-- --times 20] [--roles collector,detector,…] [--kafka]`: kills each role in the middle of its work, again and
 * again, and holds the result against an undisturbed run: every acknowledged record is in `events` exactly once, and
 * the alerts are the same. On embedded parts the recorder and the audit API are one role, `warehouse`; with `--kafka` each is a
 * process of its own, on a real Kafka and on ClickHouse's HTTP interface. Prints what it did; exit code 1 where anything differs.
 */
import { until } from '../support/until.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Alert } from '../../schemas/records/alert.ts';
import { type CapturedRequest, asCopy, capturedRequests, post } from '../support/telemetry/captures.ts';
import { type Pipeline, startPipeline } from '../support/pipeline.ts';
import { listAll } from '../support/vigil.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    roles: { type: 'string' },
    kafka: { type: 'boolean', default: false },
    copies: { type: 'string', default: '12' },
  },
});
const TIMES = Number(values.times);
const ROLES = (values.roles ?? `collector,detector,${values.kafka ? 'recorder' : 'warehouse'}`).split(',');
const COPIES = Number(values.copies);
const PAUSE_MS = 400;
/**
 * Nothing has moved for longer than anything may be on its way: a role that was killed often is started again after 5 s, and an
 * alert with many findings is told 30 s after that, by a tick that comes every 15 s.
 */
const REST_MS = 90_000;

const captured = [...capturedRequests('codex'), ...capturedRequests('claude-code')].filter(
  ({ signal }) => signal !== 'metrics',
);
/** Copies differ in their session ids, so that nothing is a repeat; the order is the same in every run. */
const load: readonly CapturedRequest[] = Array.from({ length: COPIES }, (_, copy) =>
  captured.map((request) => asCopy(request, copy + 1)),
).flat();

/** Sends in order and repeats what was not acknowledged, as an agent's exporter does. */
async function send(vigil: Pipeline, requests: readonly CapturedRequest[]): Promise<number> {
  let repeats = 0;
  for (const request of requests) {
    for (;;) {
      const acknowledged = await post(vigil.otlp, request).then(
        (response) => response.arrayBuffer().then(() => response.status === 200),
        () => false,
      );
      if (acknowledged) break;
      repeats += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return repeats;
}

interface Result {
  /** Event ids as the store has them, sorted; one entry per stored row. */
  readonly events: readonly string[];
  /** What the alerts converged to: id, count and evidence. */
  readonly alerts: readonly string[];
  /** Input records that the collector's ledger does not account for. */
  readonly unaccounted: number;
}

/** Waits until nothing moves any more, then reads everything back through the audit API. */
async function settle(vigil: Pipeline): Promise<Result> {
  let before = '';
  let restingSince = Date.now();
  await until(
    'the pipeline is at rest',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const ledger = await fetch(`${vigil.otlp}/metrics`).then(
        (response) => response.text(),
        () => '',
      );
      const waiting = sumOf(ledger, /^collector_ledger_records\{[^}]*state="waiting"[^}]*\} (\S+)/gm);
      const now = await readAll(vigil).then(
        (result) => JSON.stringify(result),
        () => 'unreachable',
      );
      if (ledger === '' || waiting > 0 || now !== before) restingSince = Date.now();
      before = now;
      return Date.now() - restingSince > REST_MS;
    },
    300_000,
  );
  return readAll(vigil);
}

function sumOf(metrics: string, sample: RegExp): number {
  return [...metrics.matchAll(sample)].reduce((sum, match) => sum + Math.abs(Number(match[1])), 0);
}

async function readAll(vigil: Pipeline): Promise<Result> {
  const metrics = await (await fetch(`${vigil.otlp}/metrics`)).text();
  const events = await listAll<AgentEvent>(vigil.api, '/v1/events?from=0');
  const alerts = await listAll<Alert>(vigil.api, '/v1/alerts?from=0');
  return {
    events: events.map(({ eventId }) => eventId).sort(),
    alerts: alerts
      .map(({ alertId, count, evidence }) => `${alertId} ${count} ${evidence.map(({ eventId }) => eventId).join(',')}`)
      .sort(),
    unaccounted: sumOf(metrics, /^collector_ledger_imbalance_records\{[^}]*\} (\S+)/gm),
  };
}

async function withVigil<T>(work: (vigil: Pipeline) => Promise<T>): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'vigil-kill-'));
  const vigil = await startPipeline(data, { kafka: values.kafka, environment: { VIGIL_LOG_LEVEL: 'silent' } });
  try {
    return await work(vigil);
  } finally {
    await vigil.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

const undisturbed = await withVigil(async (vigil) => {
  await send(vigil, load);
  return settle(vigil);
});
console.log(
  `undisturbed: ${load.length} requests, ${undisturbed.events.length} events, ${undisturbed.alerts.length} alerts`,
);
if (new Set(undisturbed.events).size !== undisturbed.events.length || undisturbed.events.length === 0) {
  console.error('the undisturbed run is already wrong: no events, or some twice');
  process.exit(1);
}

let failed = false;
for (const role of ROLES) {
  const { kills, repeats, result } = await withVigil(async (vigil) => {
    const progress = { done: false };
    let kills = 0;
    const killing = (async () => {
      while (kills < TIMES) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * Math.random()));
        const pid = vigil.roles().get(role);
        if (pid === undefined) continue;
        process.kill(pid, 'SIGKILL');
        kills += 1;
        await until(`${role} is back`, () => (vigil.roles().get(role) ?? pid) !== pid);
      }
      progress.done = true;
    })();
    let repeats = await send(vigil, load);
    // The load ends before the kills do: go on with the same requests, which changes nothing, until the last kill.
    while (!progress.done) repeats += await send(vigil, load.slice(0, captured.length));
    await killing;
    return { kills, repeats, result: await settle(vigil) };
  });
  const missing = undisturbed.events.filter((id) => !new Set(result.events).has(id)).length;
  const twice = result.events.length - new Set(result.events).size;
  const differing = [
    ...undisturbed.alerts
      .filter((alert) => !result.alerts.includes(alert))
      .map((alert) => `  only undisturbed: ${alert}`),
    ...result.alerts
      .filter((alert) => !undisturbed.alerts.includes(alert))
      .map((alert) => `  only when killed: ${alert}`),
  ];
  console.log(
    `${role}: killed ${kills} times, ${repeats} requests repeated; ${result.events.length} events, ${missing} missing, ${twice} twice; ${differing.length} alerts differ; ${result.unaccounted} records unaccounted for`,
  );
  for (const line of differing) console.log(line);
  failed ||= missing > 0 || twice > 0 || differing.length > 0 || result.unaccounted > 0;
}
process.exit(failed ? 1 : 0);
