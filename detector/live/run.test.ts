import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Alert } from '../../schemas/records/alert.ts';
import { HEADERS, TOPICS } from '../../schemas/topics.ts';
import { backtest } from '../engine/backtest.ts';
import { createDetectorMetrics } from './detector-metrics.ts';
import type { VersionedRule } from '../engine/rule-set.ts';
import { PartitionWorker } from './partition-worker.ts';
import { createRuleSets } from './rule-sets.ts';
import { type DetectorRun, RUN_OPTIONS, startJudging } from './run.ts';
import { RULES, TOOLS, eventOf, requests } from '../test-support/arbitrary.ts';
import { type Cluster, type Process, createCluster } from '../test-support/memory-cluster.ts';

const PARTITIONS = { [TOPICS.events]: 2, [TOPICS.alerts]: 2, [TOPICS.detectorState]: 2, [TOPICS.ruleSets]: 1 };
/** No timers that interfere; a checkpoint after every batch. */
const OPTIONS = { ...RUN_OPTIONS, checkpointMs: 3_600_000, tickMs: 3_600_000, checkpointChanges: 40 };

interface Running {
  readonly run: DetectorRun;
  readonly process: Process;
  readonly metrics: ReturnType<typeof createMetrics>;
}

async function start(
  cluster: Cluster,
  rules: readonly VersionedRule[] = RULES,
  process = cluster.process(),
  now = () => 0,
  options = OPTIONS,
): Promise<Running> {
  const metrics = createMetrics();
  const ruleSets = createRuleSets(process, TOOLS);
  const set = await ruleSets.publish(rules);
  const run = await startJudging(
    { bus: process, ruleSets, metrics: createDetectorMetrics(metrics), log: silentLog, now, ...TOOLS },
    set,
    options,
  );
  return { run, process, metrics };
}

function send(cluster: Cluster, sent: readonly (readonly AgentEvent[])[], spool = 'spool-1'): void {
  cluster.append(
    sent.map((events, index) => ({
      topic: TOPICS.events,
      key: `${events[0]?.tenant}/${events[0]?.actor}`,
      value: Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')),
      headers: {
        [HEADERS.spool]: spool,
        [HEADERS.sequence]: String(index + 1),
        [HEADERS.count]: String(events.length),
      },
    })),
  );
}

const lines = (cluster: Cluster): readonly string[] =>
  cluster.messages(TOPICS.alerts).map(({ value }) => value.toString());

/** Returns the last revision of each alert, by id. */
function standing(cluster: Cluster): ReadonlyMap<string, Alert> {
  const alerts = new Map<string, Alert>();
  for (const line of lines(cluster)) {
    const alert = JSON.parse(line) as Alert;
    if (alert.revision >= (alerts.get(alert.alertId)?.revision ?? 0)) alerts.set(alert.alertId, alert);
  }
  return alerts;
}

const sample = (seed: number) =>
  fc.sample(requests, { seed, numRuns: 12 }).sort((a, b) => b.flat().length - a.flat().length)[0] ?? [];
const sudo = (n: number, time: number) => [
  eventOf(2, n, { eventId: TOOLS.hash128(`sudo ${n}`), actor: 'test/user:0', sessionId: `s${n}`, time }),
];

describe('the detector on the bus', () => {
  it('agrees with a backtest of the same requests', async () => {
    const cluster = createCluster(PARTITIONS);
    const sent = sample(11);
    send(cluster, sent);
    let now = 0;
    const { run, process } = await start(cluster, RULES, undefined, () => now, { ...OPTIONS, tickMs: 5 });
    await process.drained();
    // Two days later everything has been published.
    now = 2 * 86_400_000;
    await new Promise((resolve) => setTimeout(resolve, 60));
    await process.drained();
    await run.stop();
    const expected = backtest(sent, { rules: RULES, ...TOOLS });
    expect(expected.length).toBeGreaterThan(3);
    expect([...standing(cluster).values()].sort((a, b) => (a.alertId < b.alertId ? -1 : 1))).toEqual(
      [...expected].sort((a, b) => (a.alertId < b.alertId ? -1 : 1)),
    );
  });

  it('publishes revisions of an alert while others send old events', async () => {
    const START = Date.UTC(2026, 2, 2, 9);
    const cluster = createCluster({ ...PARTITIONS, [TOPICS.events]: 1, [TOPICS.alerts]: 1, [TOPICS.detectorState]: 1 });
    // Each session's own command would be an alert of its own; these belong to one alert.
    const burst = Array.from({ length: 25 }, (_, n) =>
      sudo(n, START + n).map((event) => ({ ...event, sessionId: 's' })),
    );
    send(cluster, burst);
    let now = 0;
    const { run, process } = await start(cluster, RULES, undefined, () => now, { ...OPTIONS, tickMs: 5 });
    await process.drained();
    const counts = () => [...standing(cluster).values()].map(({ count }) => count);
    expect(counts()).toContain(20);
    for (let minute = 0; minute < 10; minute += 1) {
      now += 10_000;
      send(
        cluster,
        [
          [
            eventOf(0, minute, {
              eventId: TOOLS.hash128(`late ${minute}`),
              actor: 'test/user:1',
              sessionId: 'late',
              time: START - 86_400_000 + minute,
            }),
          ],
        ],
        `spool-late-${minute}`,
      );
      await process.drained();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await process.drained();
    await run.stop();
    expect(counts()).toContain(25);
  });

  it.each([1, 2, 3, 4, 5, 6])('continues where it was when it is killed at any point (%d)', async (seed) => {
    const sent = sample(seed);
    const undisturbed = createCluster(PARTITIONS);
    send(undisturbed, sent);
    const calm = await start(undisturbed);
    await calm.process.drained();
    await calm.run.stop();

    const cluster = createCluster(PARTITIONS);
    send(cluster, sent);
    let kills = 0;
    for (let life = 0; life < 25; life += 1) {
      const process = cluster.process();
      process.killAfter(2 + ((seed * 7 + life * 5) % 11));
      // A process that is killed while it starts never runs.
      const started = start(cluster, RULES, process);
      await Promise.race([started.then(() => process.drained()), until(() => process.dead())]);
      if (process.dead()) kills += 1;
      process.killAfter(0);
      void started.then(abandon);
    }
    const last = await start(cluster);
    await last.process.drained();
    await last.run.stop();
    expect(kills).toBeGreaterThan(5);
    expect([...new Set(lines(cluster))].sort()).toEqual([...new Set(lines(undisturbed))].sort());
  });

  it('publishes again what could not be published, and folds nothing twice', async () => {
    const cluster = createCluster(PARTITIONS);
    const { run, process } = await start(cluster);
    process.failNext(5);
    send(cluster, [sudo(1, 1e12), sudo(2, 1e12 + 1000)]);
    await process.drained();
    await run.stop();
    expect([...standing(cluster).values()].map(({ count, sessionId }) => [count, sessionId])).toEqual([
      [1, 's1'],
      [1, 's2'],
    ]);
  });

  it('drops a partition that another process has claimed, and joins the group again', async () => {
    const cluster = createCluster(PARTITIONS);
    const { run, process } = await start(cluster, RULES, undefined, () => 0, { ...OPTIONS, checkpointMs: 0 });
    await process.drained();
    const other = cluster.process();
    const ruleSets = createRuleSets(other, TOOLS);
    const metrics = createDetectorMetrics(createMetrics());
    const rules = await ruleSets.publish(RULES);
    const onFailures = (): void => undefined;
    const held = {
      bus: other,
      ruleSets,
      metrics,
      log: silentLog,
      now: () => 0,
      onFailures,
      checkpointChanges: 10,
      ...TOOLS,
    };
    for (const partition of run.partitions()) await PartitionWorker.claim(held, partition, rules.hash);
    send(cluster, [sudo(1, 1e12)]);
    const partition = cluster.messages(TOPICS.events)[0]?.partition ?? 0;
    // The previous holder is rejected, claims the partition again from its state, and judges the message once.
    const keys = () =>
      cluster.messages(TOPICS.detectorState).flatMap((entry) => (entry.partition === partition ? [entry.key] : []));
    const claims = (): number => keys().filter((key) => key === '["claim"]').length;
    await until(() => claims() === 3 && keys().lastIndexOf('["checkpoint"]') > keys().lastIndexOf('["claim"]'));
    expect([...standing(cluster).values()]).toMatchObject([{ count: 1 }]);
    expect(run.partitions()).toEqual([0, 1]);
    await run.stop();
  });

  it('is fenced off by the next process that claims the partition', async () => {
    const cluster = createCluster(PARTITIONS);
    const taken = async () => {
      const bus = cluster.process();
      const ruleSets = createRuleSets(bus, TOOLS);
      const { hash } = await ruleSets.publish(RULES);
      const metrics = createDetectorMetrics(createMetrics());
      return PartitionWorker.claim(
        {
          bus,
          ruleSets,
          metrics,
          log: silentLog,
          now: () => 0,
          onFailures: () => undefined,
          checkpointChanges: 10,
          ...TOOLS,
        },
        0,
        hash,
      );
    };
    const first = await taken();
    await taken();
    const before = cluster.messages(TOPICS.detectorState).length;
    cluster.append([
      { topic: TOPICS.events, partition: 0, key: 'acme/x', value: Buffer.from(JSON.stringify(sudo(1, 1e12)[0])) },
    ]);
    const messages = cluster.messages(TOPICS.events);
    await first.onBatch({ topic: TOPICS.events, partition: 0, messages, endOffset: 1 });
    await expect(first.checkpoint()).rejects.toMatchObject({ code: 'BUS_FENCED' });
    await expect(first.checkpoint()).rejects.toMatchObject({ code: 'BUS_FENCED' });
    expect(cluster.messages(TOPICS.detectorState)).toHaveLength(before);
  });

  it('judges each event by the rules that were in force for it, even if the files have changed since', async () => {
    const cluster = createCluster(PARTITIONS);
    const [only = RULES[0]] = RULES.filter(({ content }) => (content as { id: string }).id === 'sudo-used');
    if (only === undefined) throw new Error('no rule');
    const none: readonly VersionedRule[] = RULES.filter((rule) => rule !== only);

    const first = await start(cluster, [only]);
    send(cluster, [sudo(1, 1e12)]);
    await first.process.drained();
    // The process is killed with unfolded events in the log, and then the files change.
    abandon(first);
    send(cluster, [sudo(2, 1e12 + 1000)], 'spool-2');
    const second = await start(cluster, none);
    await second.process.drained();
    send(cluster, [sudo(3, 1e12 + 2000)], 'spool-3');
    await second.process.drained();
    expect([...standing(cluster).values()].map(({ sessionId }) => sessionId).sort()).toEqual(['s1', 's2']);

    // The other rules are put in force again without a restart.
    await second.run.setRules(await createRuleSets(second.process, TOOLS).publish([only]));
    send(cluster, [sudo(4, 1e12 + 3000)], 'spool-4');
    await second.process.drained();
    await second.run.stop();
    expect([...standing(cluster).values()].map(({ sessionId }) => sessionId).sort()).toEqual(['s1', 's2', 's4']);

    // The rules change and change back before the first change has been read: the last change counts.
    const third = await start(cluster, [only]);
    await third.process.drained();
    const sets = createRuleSets(third.process, TOOLS);
    const [other, back] = [await sets.publish(none), await sets.publish([only])];
    await third.run.setRules(other);
    await third.run.setRules(back);
    await third.process.drained();
    send(cluster, [sudo(5, 1e12 + 4000)], 'spool-5');
    await third.process.drained();
    await third.run.stop();
    expect([...standing(cluster).values()].map(({ sessionId }) => sessionId).sort()).toEqual(['s1', 's2', 's4', 's5']);

    // Replays the whole log, using only the log and the rule sets in it.
    const replay = createCluster(PARTITIONS);
    replay.append(cluster.messages(TOPICS.ruleSets));
    replay.append(cluster.messages(TOPICS.events));
    const again = await start(replay, [only]);
    await again.process.drained();
    await again.run.stop();
    expect([...new Set(lines(replay))].sort()).toEqual([...new Set(lines(cluster))].sort());
  });

  it('judges a recreated log from its start', async () => {
    const before = createCluster(PARTITIONS);
    const first = await start(before);
    send(before, [sudo(1, 1e12), sudo(2, 1e12), sudo(3, 1e12)]);
    await first.process.drained();
    await first.run.stop();
    const after = createCluster(PARTITIONS);
    after.append(before.messages(TOPICS.detectorState));
    send(after, [sudo(4, 1e12)], 'spool-2');
    const second = await start(after);
    await second.process.drained();
    await second.run.stop();
    expect([...standing(after).values()].map(({ sessionId }) => sessionId)).toEqual(['s4']);
  });

  it('counts what it skips', async () => {
    const cluster = createCluster(PARTITIONS);
    const { run, process, metrics } = await start(cluster);
    send(cluster, [sudo(1, 1e12)]);
    send(cluster, [sudo(1, 1e12)]);
    send(cluster, [sudo(1, 1e12)], 'spool-2');
    const value = Buffer.from(`{"not":"an event"}\n${JSON.stringify(sudo(2, 1e12 + 5)[0])}\nno json`);
    cluster.append([
      { topic: TOPICS.events, partition: 0, key: 'acme/x', value },
      {
        topic: TOPICS.events,
        partition: 0,
        key: 'control',
        value: Buffer.from('{}'),
        headers: { [HEADERS.control]: 'tick' },
      },
      {
        topic: TOPICS.events,
        partition: 0,
        key: 'control',
        value: Buffer.from('{}'),
        headers: { [HEADERS.control]: 'later' },
      },
    ]);
    await process.drained();
    await run.stop();
    const exposition = await metrics.exposition();
    expect(exposition).toMatch(/^detector_events_total 2$/m);
    expect(exposition).toMatch(/^detector_repeated_messages_total 1$/m);
    expect(exposition).toMatch(/^detector_repeated_events_total 1$/m);
    expect(exposition).toMatch(/^detector_malformed_lines_total 3$/m);
    expect(exposition).toMatch(/^detector_alerts_total\{detection="sudo-used"\} 2$/m);
  });

  it('refuses to continue without the rules that were in force', async () => {
    const cluster = createCluster(PARTITIONS);
    const { run, process, metrics } = await start(cluster);
    cluster.append([
      {
        topic: TOPICS.events,
        partition: 0,
        key: 'control',
        value: Buffer.from(JSON.stringify({ hash: 'f'.repeat(32) })),
        headers: { [HEADERS.control]: 'rules' },
      },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    send(cluster, [sudo(1, 1e12)]);
    abandon({ run, process, metrics });
    expect(lines(cluster)).toEqual([]);
    await expect(createRuleSets(cluster.process(), TOOLS).ensure('f'.repeat(32))).rejects.toThrow(
      'not in detector.rulesets.v1',
    );
  });
});

/** Stops the process abruptly and leaves no timer behind. */
function abandon({ run, process }: Running): void {
  process.killAfter(0);
  void run.stop();
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}
