import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as oracle from 'simple-statistics';
import { BaselineRule, type Rule } from '../model/detection.ts';
import { RULE_FILES } from '../test-support/arbitrary.ts';
import { expectationOf } from './expectation.ts';
import { upperTail } from './tail.ts';

const { prior: _, season: __, ...plain } = RULE_FILES.bytes;
type Baseline = Extract<Rule, { readonly kind: 'baseline' }>;
const rule = (change: object = {}): Baseline => BaselineRule.parse({ ...plain, ...change });
const closed = (values: readonly number[], every = 1) => ({
  windows: values.map((_value, index) => 500_000 + index * every),
  values,
});

const sample = fc.array(fc.integer({ min: 0, max: 10_000_000 }), { minLength: 5, maxLength: 256 });

describe('what is expected of an entity', () => {
  it('is the median and the MAD of its windows, as simple-statistics computes them', () => {
    fc.assert(
      fc.property(sample, (values) => {
        const expected = expectationOf(rule(), closed(values), 0);
        const logs = values.map((value) => Math.log1p(value));
        const m = Math.log1p(oracle.median(values));
        const deviations = logs.map((y) => Math.abs(y - m));
        const mad = oracle.median(deviations);
        const sigma = Math.max(0.25, mad > 0 ? 1.482602218505602 * mad : 1.2533141373155003 * oracle.mean(deviations));
        expect(expected?.median).toBeCloseTo(oracle.median(values), 2);
        const observed = oracle.median(values) * 50 + 100;
        const t = (Math.log1p(observed) - m) / (sigma * Math.sqrt(1 + 1 / values.length));
        expect(
          (expected?.probabilityOf(observed) ?? 0) / upperTail(t, Math.min(30, Math.max(4, 0.37 * values.length))),
        ).toBeCloseTo(1, 6);
      }),
    );
  });

  it('is too high only beyond both the curve and the entity’s own largest windows', () => {
    fc.assert(
      fc.property(sample, (values) => {
        const expected = expectationOf(rule(), closed(values), 0);
        if (expected === undefined) throw new Error('no expectation');
        expect(expected.high).toBeGreaterThanOrEqual(oracle.quantile(values, 1 - expected.allowed));
        expect(expected.probabilityOf(expected.high * (1 + 1e-9) + 1e-6)).toBeLessThanOrEqual(expected.allowed);
        expect(expected.low).toBeLessThanOrEqual(expected.median + 1e-6);
        expect(expected.median).toBeLessThanOrEqual(expected.high + 1e-6);
      }),
    );
  });

  it('is undefined while the entity is new and there is no prior', () => {
    expect(expectationOf(rule(), closed([1, 2, 3, 4]), 0)).toBeUndefined();
    expect(expectationOf(rule(), closed([1, 2, 3, 4, 5]), 0)?.level).toBe('entity');
  });

  it('moves from the prior to the entity’s own past', () => {
    const withPrior = rule({ prior: { median: 1000, spread: 3, weight: 10 }, minimumSamples: 20 });
    const at = (n: number) =>
      expectationOf(withPrior, closed(Array.from({ length: n }, (_value, i) => 20 + (i % 5))), 0);
    expect(at(0)).toMatchObject({ level: 'prior', samples: 0 });
    expect(at(0)?.median).toBeCloseTo(1000, 6);
    const medians = [0, 5, 10, 20, 100, 250].map((n) => at(n)?.median ?? 0);
    expect(medians).toEqual(medians.toSorted((a, b) => b - a));
    expect(at(250)?.median).toBeLessThan(30);
    expect(at(250)).toMatchObject({ level: 'entity', samples: 250 });
  });

  it('spreads its budget over as many windows as the entity’s days have', () => {
    const budget = 1 / 10;
    // Twenty days with eight one-hour windows each.
    const windows = Array.from({ length: 160 }, (_value, i) => Math.floor(i / 8) * 24 + (i % 8) + 480_000);
    const values = windows.map((_window, i) => 100 + (i % 7));
    const expected = expectationOf(rule(), { windows, values }, 0);
    expect(expected?.allowed).toBeCloseTo(budget / 8, 3);
    const daily = expectationOf(rule({ window: '1d' }), closed(values), 0);
    expect(daily?.allowed).toBeCloseTo(0.05, 6);
  });

  it('compares with the same hours once there are enough of them', () => {
    const seasonal = rule({ season: ['hour-of-day'] });
    // Busy from nine to eleven, quiet in the afternoon.
    const windows = Array.from({ length: 240 }, (_value, i) => Math.floor(i / 8) * 24 + 9 + (i % 8));
    const values = windows.map((window, i) => (window % 24 < 12 ? 100_000 : 100) + (i % 11));
    const morning = expectationOf(seasonal, { windows, values }, 31 * 24 + 10);
    const afternoon = expectationOf(seasonal, { windows, values }, 31 * 24 + 15);
    const night = expectationOf(seasonal, { windows, values }, 31 * 24 + 3);
    expect(morning).toMatchObject({ seasonal: true });
    expect(morning?.median).toBeGreaterThan(90_000);
    expect(afternoon?.high).toBeLessThan(1_000);
    expect(night).toMatchObject({ seasonal: false, samples: 240 });
  });

  it('stays within its budget on data that fits its assumptions', () => {
    const random = lcg(7);
    const gauss = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
    let alerts = 0;
    let judged = 0;
    for (let entity = 0; entity < 20; entity += 1) {
      const values = Array.from({ length: 400 }, () => Math.round(Math.exp(8 + 0.8 * gauss())));
      for (let at = 200; at < 400; at += 1) {
        const expected = expectationOf(rule(), closed(values.slice(at - 200, at)), 0);
        if (expected === undefined) throw new Error('no expectation');
        judged += expected.allowed;
        if ((values[at] ?? 0) > expected.high) alerts += 1;
      }
    }
    expect(alerts).toBeLessThanOrEqual(judged * 1.5);
  });
});

/** Pseudo-random numbers between 0 and 1, the same in each run (Numerical Recipes’ constants). */
function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
