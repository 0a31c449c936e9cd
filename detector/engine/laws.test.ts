/** The laws of the fold: a replay changes nothing, and a backtest agrees with the live run. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Alert } from '../../schemas/records/alert.ts';
import { createBacktest } from './backtest.ts';
import { RULES, TOOLS, requests } from '../test-support/arbitrary.ts';
import { Partition } from './partition.ts';
import type { EngineInput } from '../model/engine-input.ts';
import { armRuleSet } from './rule-set.ts';
import { runs } from '../../test/support/runs.ts';

const ALL = armRuleSet(RULES, TOOLS);
const FEWER = armRuleSet(RULES.slice(0, 2), TOOLS);
const SETS = new Map([ALL, FEWER].map((set) => [set.hash, set]));
const DEPS = {
  ...TOOLS,
  ruleSetOf: (hash: string) => {
    const set = SETS.get(hash);
    if (set === undefined) throw new Error(`no set ${hash}`);
    return set;
  },
};
const HOUR_MS = 3_600_000;

/** A log of messages with the sequence numbers of a collector's spool, with ticks and a rule change in between. */
const log: fc.Arbitrary<readonly EngineInput[]> = fc
  .record({
    sent: requests,
    ticks: fc.array(fc.record({ at: fc.nat(80), hours: fc.nat(100) }), { maxLength: 8 }),
    change: fc.option(fc.nat(60)),
  })
  .map(({ sent, ticks, change }) => {
    const records: EngineInput[] = [];
    let watermark = 0;
    for (const [index, events] of sent.entries()) {
      if (index === change) records.push({ kind: 'rules', hash: FEWER.hash });
      records.push({ kind: 'events', origin: { spool: 'spool-1', sequence: index + 1 }, events });
      watermark = Math.max(watermark, ...events.map(({ time }) => time));
      for (const { at, hours } of ticks)
        if (at === index) records.push({ kind: 'tick', time: watermark + hours * HOUR_MS });
    }
    return records;
  });

const fresh = (stored: Iterable<readonly [string, string]> = []) => new Partition(DEPS, ALL.hash, stored);
const foldAll = (partition: Partition, records: readonly EngineInput[]) =>
  records.flatMap((record) => partition.fold(record)).map((alert) => JSON.stringify(alert));

describe('replay', () => {
  it('gives the same alerts, byte for byte, when the process dies at any point and continues from its last checkpoint', () => {
    fc.assert(
      fc.property(
        log,
        fc.array(fc.record({ records: fc.integer({ min: 1, max: 12 }), dies: fc.boolean() }), {
          minLength: 1,
          maxLength: 20,
        }),
        (records, cuts) => {
          const undisturbed = foldAll(fresh(), records);

          const stored = new Map<string, string>();
          const published = new Set<string>();
          let checkpoint = 0;
          let position = 0;
          let partition = fresh();
          for (let turn = 0; position < records.length; turn += 1) {
            const { records: length, dies } = cuts[turn % cuts.length] ?? { records: 5, dies: false };
            for (const alert of foldAll(partition, records.slice(position, position + length))) published.add(alert);
            position = Math.min(records.length, position + length);
            // The process dies at most every other turn, so that the run makes progress.
            if (dies && turn % 2 === 1) {
              partition = fresh(stored);
              position = checkpoint;
              if (turn > 500) break;
              continue;
            }
            for (const { key, value } of partition.changes()) {
              if (value === undefined) stored.delete(key);
              else stored.set(key, value);
            }
            partition.settle();
            checkpoint = position;
          }
          expect([...published]).toEqual([...new Set(undisturbed)]);
        },
      ),
      runs(6),
    );
  });

  it('ignores repeated messages and events', () => {
    fc.assert(
      fc.property(log, fc.infiniteStream(fc.nat(9)), (records, choice) => {
        const next = (): number => choice.next().value as number;
        const disturbed: EngineInput[] = [];
        let retries = 0;
        for (const record of records) {
          disturbed.push(record);
          if (record.kind !== 'events') continue;
          // The forwarder publishes a message again, and an agent sends the same events again through another
          // collector.
          if (next() < 3) disturbed.push(record);
          if (next() < 3) disturbed.push({ ...record, origin: { spool: 'spool-2', sequence: (retries += 1) } });
          if (next() < 1) disturbed.push({ kind: 'events', events: record.events });
        }
        expect(foldAll(fresh(), disturbed)).toEqual(foldAll(fresh(), records));
      }),
      runs(6),
    );
  });

  it('does not modify its inputs', () => {
    fc.assert(
      fc.property(log, (records) => {
        const before = JSON.stringify(records);
        foldAll(fresh(), records);
        expect(JSON.stringify(records)).toBe(before);
      }),
      runs(4),
    );
  });
});

describe('a backtest', () => {
  it('converges to the alerts of the live run with its ticks', () => {
    let alerts = 0;
    let amended = 0;
    fc.assert(
      fc.property(requests, fc.infiniteStream(fc.nat(20)), (sent, choice) => {
        const live = fresh();
        const latest = new Map<string, Alert>();
        const keep = (revisions: readonly Alert[]): void => {
          for (const alert of revisions) latest.set(alert.alertId, alert);
        };
        const backtest = createBacktest({ rules: RULES, ...TOOLS });
        for (const events of sent) {
          keep(live.fold({ kind: 'events', events }));
          const hours = choice.next().value as number;
          if (hours > 10) keep(live.fold({ kind: 'tick', time: live.watermark + (hours - 10) * 12 * HOUR_MS }));
          backtest.fold(events);
        }
        keep(live.fold({ kind: 'tick', time: live.watermark + 48 * HOUR_MS }));
        const converged = backtest.finish();
        const byId = (a: Alert, b: Alert): number => (a.alertId < b.alertId ? -1 : 1);
        expect([...latest.values()].sort(byId)).toEqual([...converged].sort(byId));
        alerts += converged.length;
        amended += converged.filter(({ count }) => count > 40).length;
      }),
      runs(25),
    );
    // The generator must produce enough alerts to make the test meaningful.
    expect(alerts).toBeGreaterThan(100);
    expect(amended).toBeGreaterThan(2);
  });

  it('raises alerts that are valid, each with its evidence among the events', () => {
    fc.assert(
      fc.property(requests, (sent) => {
        const backtest = createBacktest({ rules: RULES, ...TOOLS });
        for (const events of sent) backtest.fold(events);
        const ids = new Set(sent.flat().map(({ eventId }) => eventId));
        for (const alert of backtest.finish()) {
          expect(Alert.safeParse(alert).error).toBeUndefined();
          expect(alert.evidence.every(({ eventId }) => ids.has(eventId))).toBe(true);
          expect(new Set(alert.evidence.map(({ eventId }) => eventId)).size).toBe(alert.evidence.length);
        }
        expect(backtest.takeCounts().failures).toEqual([]);
      }),
      runs(6),
    );
  });
});
