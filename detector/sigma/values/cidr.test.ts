import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileCidr } from './cidr.ts';

describe('compileCidr', () => {
  it('matches the addresses that share the prefix', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (base, address, bits) => {
        const number = (ip: string) => ip.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
        const shift = BigInt(32 - bits);
        const expected = number(base) >> shift === number(address) >> shift;
        expect(compileCidr(`${base}/${bits}`)?.(address)).toBe(expected);
        expect(compileCidr(`${base}/${bits}`)?.(`::ffff:${address}`)).toBe(expected);
      }),
    );
  });

  it.each(['10.0.0.0/33', '10.0.0/8', 'fe80::/129', '10.0.0.0/', '/8', 'host'])('%s is no range', (range) => {
    expect(compileCidr(range)).toBeUndefined();
  });
});
