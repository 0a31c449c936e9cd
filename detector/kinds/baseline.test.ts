import { describe, expect, it } from '@jest/globals';
import { backtest } from '../engine/backtest.ts';
import { createBacktest } from '../engine/backtest.ts';
import { BaselineRule } from '../model/detection.ts';
import { eventsOf } from '../catalogue/fixture-events.ts';
import { Fixture } from '../model/fixture.ts';
import { versioned } from '../test-support/versioned.ts';
import { RULE_FILES, TOOLS } from '../test-support/arbitrary.ts';

const { prior: _, season: __, group: ___, ...plain } = RULE_FILES.bytes;
const file = { ...plain, minimumSamples: 20, atLeast: '1 MB' };

const run = (steps: unknown, change: object = {}) =>
  backtest([eventsOf(Fixture.parse(steps), TOOLS.hash128)], {
    ...TOOLS,
    rules: [versioned({ ...file, ...change }, TOOLS)],
  });

const host = 'api.example';
const quiet = (times: number, bytesOut = 20_000) => ({
  repeat: { times, every: '1h' },
  event: { networkHost: host, bytesOut },
  cycle: { bytesOut: [bytesOut, bytesOut * 1.5, bytesOut * 0.7, bytesOut * 1.1] },
});
const flood = { after: '1h', event: { networkHost: host, bytesOut: 900_000_000, callId: 'call-7' } };

describe('a baseline', () => {
  it.each([
    { name: 'a flood after forty quiet hours', steps: [quiet(40), flood], alerts: 1 },
    { name: 'a flood before there are enough hours', steps: [quiet(19), flood], alerts: 0 },
    { name: 'a usual amount', steps: [quiet(60)], alerts: 0 },
    {
      name: 'far more than usual, but below the floor',
      steps: [quiet(40, 20), { after: '1h', event: { networkHost: host, bytesOut: 900_000 } }],
      alerts: 0,
    },
    {
      name: 'many events that add up within the hour',
      steps: [
        quiet(40),
        { after: '1h', repeat: { times: 50, every: '1m' }, event: { networkHost: host, bytesOut: 100_000 } },
      ],
      alerts: 1,
    },
    {
      name: 'the same number spread over days',
      steps: [
        quiet(40),
        { after: '1h', repeat: { times: 50, every: '1h' }, event: { networkHost: host, bytesOut: 30_000 } },
      ],
      alerts: 0,
    },
    {
      name: 'another actor’s flood',
      steps: [quiet(40), { ...flood, event: { ...flood.event, actor: 'fixture/user:bob' } }],
      alerts: 0,
    },
    {
      name: 'events that are not selected',
      steps: [quiet(40), { ...flood, event: { ...flood.event, category: 'mcp' } }],
      alerts: 0,
    },
    {
      name: 'a flood on the first day, with a prior',
      steps: [flood],
      alerts: 1,
      change: { prior: { median: '200 KB', spread: 4, weight: 20 } },
    },
    {
      name: 'a usual amount on the first day, with a prior',
      steps: [quiet(3, 400_000)],
      alerts: 0,
      change: { prior: { median: '200 KB', spread: 4, weight: 20 } },
    },
  ])('$name -> $alerts alerts', ({ steps, alerts, change }) => {
    expect(run(steps, change)).toHaveLength(alerts);
  });

  it('does not name a multiple when the usual amount is zero', () => {
    const namesAfter = (usual: number) =>
      run([quiet(40, usual), flood])[0]?.explanation.contributions?.map(({ name }) => name);
    expect(namesAfter(20_000)).toEqual(['times the usual', 'tail probability', 'allowed per window']);
    expect(namesAfter(0)).toEqual(['tail probability', 'allowed per window']);
  });

  it('explains its finding', () => {
    const [alert] = run([quiet(40), flood]);
    expect(alert).toMatchObject({
      summary: 'Something unusual: 858 MiB (bytes sent) in 1 h, usually 19.5 KiB and at most 89.4 KiB',
      entity: { kind: 'actor', id: 'fixture/user:alice' },
      count: 1,
      severity: 'high',
      evidence: [{ callId: 'call-7', sessionId: 'session-1' }],
      explanation: { feature: 'sum(bytesOut)', observed: 900_000_000, samples: 39, level: 'entity' },
    });
    expect(alert?.score).toBeGreaterThan(70);
    expect(alert?.probability).toBeLessThan(0.001);
    const { window, history = [], expected } = alert?.explanation ?? {};
    expect((window?.to ?? 0) - (window?.from ?? 0)).toBe(3_600_000);
    // The hour before the flood may still get late events.
    expect(history).toHaveLength(39);
    expect(history.at(-1)?.from).toBe((window?.from ?? 0) - 2 * 3_600_000);
    expect(expected?.high).toBeGreaterThan(expected?.median ?? Infinity);
  });

  it('names the events that led to the finding, the largest first', () => {
    const [alert] = run([
      quiet(40),
      { after: '1h', repeat: { times: 30, every: '10s' }, event: { networkHost: host, bytesOut: 1_000 } },
      {
        events: [
          { networkHost: host, bytesOut: 900_000, callId: 'large' },
          { networkHost: host, bytesOut: 200_000, callId: 'last' },
        ],
      },
    ]);
    expect(alert).toMatchObject({ count: 1 });
    expect(alert?.evidence).toHaveLength(8);
    expect(alert?.evidence.slice(-2).map(({ callId }) => callId)).toEqual(['large', 'last']);
  });

  it('is reported again while the window grows, as the same alert', () => {
    const [alert] = run([quiet(40), { ...flood, repeat: { times: 5, every: '1m' } }]);
    expect(alert).toMatchObject({ count: 5, revision: 5, state: 'amended', explanation: { observed: 4_500_000_000 } });
    expect(alert?.evidence).toHaveLength(5);
  });

  it('does not learn from what it has flagged', () => {
    const repeated = { repeat: { times: 10, every: '1d' }, events: [{ networkHost: host, bytesOut: 900_000_000 }] };
    const calm = { after: '2h', event: { networkHost: host, bytesOut: 20_000 } };
    const days = Array.from({ length: 10 }, () => [calm, flood]).flat();
    expect(run([quiet(40), ...days])).toHaveLength(10);
    expect(run([quiet(40), repeated])).toHaveLength(10);
  });

  it('accepts a new level that lasts', () => {
    const levelled = {
      after: '1h',
      repeat: { times: 60, every: '1h' },
      event: { networkHost: host, bytesOut: 5_000_000 },
    };
    const alerts = run([quiet(40), levelled]);
    // It takes `minimumSamples` windows, plus those that were still open when they had arrived.
    expect(alerts.length).toBeGreaterThanOrEqual(20);
    expect(alerts.length).toBeLessThanOrEqual(22);
  });

  it('judges late events in their own window while it is open, and counts later ones', () => {
    const steps = [quiet(40), { at: '45h', event: { networkHost: host, bytesOut: 10 } }];
    const late = (at: string) => [...steps, { at, event: { networkHost: host, bytesOut: 900_000_000 } }];
    expect(run(late('44h'))).toHaveLength(1);
    const count = (at: string): number => {
      const counted = createBacktest({ ...TOOLS, rules: [versioned(file, TOOLS)] });
      counted.fold(eventsOf(Fixture.parse(late(at)), TOOLS.hash128));
      expect(counted.finish()).toEqual([]);
      return counted.takeCounts().late;
    };
    expect(count('42h')).toBe(1);
  });

  it('accepts any event: missing and hostile values are not measurements', () => {
    expect(BaselineRule.parse(file).feature.text).toBe('sum(bytesOut)');
    expect(run([quiet(40), { after: '1h', event: { networkHost: host, category: 'network' } }])).toEqual([]);
  });
});
