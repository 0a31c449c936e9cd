import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as oracle from 'simple-statistics';
import { medianAbsoluteDeviation, quantile, robustSigma, sorted } from './robust.ts';

const sample = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 256 });
/** Uses few distinct values, so that ties are common. */
const tied = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 64 });

describe('robust statistics agree with simple-statistics', () => {
  it.each([
    { name: 'doubles', values: sample },
    { name: 'ties', values: tied },
  ])('on $name', ({ values }) => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (sampled, p) => {
        const ascending = sorted(sampled);
        const median = quantile(ascending, 0.5);
        expect(median).toBe(oracle.median(sampled));
        expect(quantile(ascending, p)).toBe(oracle.quantile(sampled, p));
        expect(medianAbsoluteDeviation(ascending, median)).toBeCloseTo(oracle.medianAbsoluteDeviation(sampled), 3);
      }),
    );
  });

  it('finds the spread of samples in which most values are equal', () => {
    expect(robustSigma(sorted([5, 5, 5, 5, 5]), 5)).toBe(0);
    expect(robustSigma(sorted([5, 5, 5, 5, 25]), 5)).toBeCloseTo(1.2533 * 4, 3);
  });

  it('estimates sigma of normal quantiles', () => {
    const normal = Array.from({ length: 255 }, (_, index) => oracle.probit((index + 1) / 256));
    expect(robustSigma(sorted(normal), 0)).toBeCloseTo(1, 1);
  });
});
