import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nanosToMs, signedValue, unsignedText } from './wire-time.ts';
import { runs } from '../../test/support/runs.ts';

const low = (value: bigint): number => Number(BigInt.asIntN(32, value));
const high = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));
const EDGES = [
  0n,
  1n,
  999_999_999n,
  10n ** 9n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  10n ** 18n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const anUnsigned = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(...EDGES));

describe('64-bit numbers', () => {
  it('are written as BigInt would write them', () => {
    fc.assert(
      fc.property(anUnsigned, (value) => expect(unsignedText(low(value), high(value))).toBe(String(value))),
      runs(300),
    );
  });

  it('are numbers where those are exact, else text', () => {
    fc.assert(
      fc.property(anUnsigned, (bits) => {
        const value = BigInt.asIntN(64, bits);
        const read = signedValue(low(bits), high(bits));
        expect(String(read)).toBe(String(value));
        expect(typeof read).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'string');
      }),
      runs(300),
    );
  });
});

describe('nanoseconds as milliseconds', () => {
  it.each([
    ['1795416630416946078', 1_795_416_630_416],
    ['18446744073709551615', 18_446_744_073_709],
    ['1000000', 1],
    ['999999', 0],
    ['7', 0],
    ['0', 0],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e9', undefined],
    [' 1', undefined],
    ['123456789012345678901', undefined],
    [undefined, undefined],
  ])('%s is %s', (nanos, ms) => expect(nanosToMs(nanos)).toBe(ms));
});
