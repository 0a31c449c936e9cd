import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { tailQuantile, upperTail } from './tail.ts';

/** Density of t with four degrees of freedom: Γ(5/2) / (√(4π) Γ(2)) = 3/8. */
const density = (t: number): number => (3 / 8) * (1 + (t * t) / 4) ** -2.5;

describe('the tail of t with four degrees of freedom', () => {
  it.each([
    // Published critical values.
    [2.132, 0.05],
    [3.747, 0.01],
    [4.604, 0.005],
    [7.173, 0.001],
  ])('P(T > %d) is %d', (t, p) => {
    expect(upperTail(t)).toBeCloseTo(p, 4);
    expect(tailQuantile(p)).toBeCloseTo(t, 2);
  });

  it('is the integral of the density', () => {
    let sum = 0;
    for (let t = 2; t < 400; t += 0.001) sum += density(t + 0.0005) * 0.001;
    expect(upperTail(2)).toBeCloseTo(sum, 6);
    expect(upperTail(-2) + upperTail(2)).toBeCloseTo(1, 12);
  });

  it('inverts itself, far out too', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 0.5, noNaN: true }), (p) => {
        expect(upperTail(tailQuantile(p)) / p).toBeCloseTo(1, 4);
      }),
    );
  });
});
