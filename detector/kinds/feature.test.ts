import { describe as suite, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hash128 } from '../../platform/hash.ts';
import { FeatureLiteral } from '../model/literals.ts';
import { NOTHING, amountOf, describe, measure } from './feature.ts';
import { runs } from '../../test/support/runs.ts';

const distinct = FeatureLiteral.parse('distinct(filePath)');
const count = (values: readonly string[]) =>
  values.reduce((before, value) => measure(distinct, before, value, hash128), NOTHING);

suite('what a window measures', () => {
  it('counts a small number of distinct values exactly', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 300 }), (values) => {
        expect(count(values).value).toBe(new Set(values).size);
      }),
      runs(15),
    );
  });

  it.each([1_000, 20_000])(
    'estimates %d distinct values within a tenth, in bounded memory, and never decreases',
    (size) => {
      let measured = NOTHING;
      let before = 0;
      for (let at = 0; at < size; at += 1) {
        measured = measure(distinct, measured, `/src/${at}.ts`, hash128);
        expect(measured.value).toBeGreaterThanOrEqual(before);
        before = measured.value;
      }
      expect(Math.abs(measured.value - size) / size).toBeLessThan(0.1);
      expect(JSON.stringify(measured).length).toBeLessThan(10_000);
    },
  );

  it('sums values and keeps maxima', () => {
    const sum = FeatureLiteral.parse('sum(bytesOut)');
    const max = FeatureLiteral.parse('max(bytesOut)');
    const fold = (feature: typeof sum) =>
      [3, 9, 4].reduce((m, value) => measure(feature, m, value, hash128), NOTHING).value;
    expect(fold(sum)).toBe(16);
    expect(fold(max)).toBe(9);
  });

  it.each([
    ['sum(bytesOut)', 1_536, '1.5 KiB'],
    ['sum(bytesOut)', 900_000_000, '858 MiB'],
    ['max(durationMs)', 90_000, '1.5 min'],
    ['sum(costUsd)', 3.456, '$3.46'],
    ['count()', 12_345, '12,345'],
    ['sum(inputTokens)', 1_234_567.8, '1,234,568'],
    ['distinct(filePath)', 7, '7'],
  ])('formats %s of %d as %s', (feature, value, text) => {
    expect(amountOf(FeatureLiteral.parse(feature), value)).toBe(text);
  });

  it('names what it measured', () => {
    expect(describe(FeatureLiteral.parse('sum(bytesOut)'), 2048)).toBe('2 KiB (bytes sent)');
    expect(describe(FeatureLiteral.parse('count()'), 1)).toBe('1 event');
    expect(describe(distinct, 7)).toBe('7 different filePath');
  });
});
