import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as oracle from 'simple-statistics';
import { tailQuantile, upperTail } from './tail.ts';

describe('the tail of Student’s t', () => {
  it.each([
    // Published critical values.
    [2.132, 4, 0.05],
    [4.604, 4, 0.005],
    [7.173, 4, 0.0005 * 2],
    [1.812, 10, 0.05],
    [4.144, 10, 0.001],
    [1.697, 30, 0.05],
    [3.385, 30, 0.001],
  ])('P(T > %d) with %d degrees is %d', (t, degrees, p) => {
    expect(upperTail(t, degrees) / p).toBeCloseTo(1, 2);
    expect(tailQuantile(p, degrees)).toBeCloseTo(t, 2);
  });

  it('agrees with the closed form for four degrees, also far out', () => {
    for (const t of [0.1, 1, 3, 30, 1000]) {
      const root = Math.sqrt(t * t + 4);
      const rest = 4 / (root * (root + t));
      expect(upperTail(t, 4) / ((rest * rest * (3 - rest)) / 4)).toBeCloseTo(1, 8);
    }
  });

  it('is symmetric, and approaches the normal tail for many degrees', () => {
    expect(upperTail(-1.5, 7) + upperTail(1.5, 7)).toBeCloseTo(1, 12);
    for (const z of [0.5, 1, 2]) expect(upperTail(z, 1e5)).toBeCloseTo(1 - oracle.cumulativeStdNormalProbability(z), 3);
  });

  it('decreases as t grows, and its inverse agrees', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-9, max: 0.5, noNaN: true }),
        fc.double({ min: 4, max: 30, noNaN: true }),
        (p, degrees) => {
          const t = tailQuantile(p, degrees);
          expect(upperTail(t, degrees) / p).toBeCloseTo(1, 6);
          expect(upperTail(t + 0.01, degrees)).toBeLessThan(upperTail(t, degrees));
        },
      ),
    );
  });
});
