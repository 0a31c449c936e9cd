import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalIpv4, compileCidr, readAddress } from './address.ts';

describe('canonicalIpv4', () => {
  it.each([
    ['169.254.169.254', '169.254.169.254'],
    ['2852039166', '169.254.169.254'],
    ['0xA9FEA9FE', '169.254.169.254'],
    ['0xa9.0xfe.0xa9.0xfe', '169.254.169.254'],
    ['0251.0376.0251.0376', '169.254.169.254'],
    ['169.254.43518', '169.254.169.254'],
    ['169.16689662', '169.254.169.254'],
    ['169.254.169.254.', '169.254.169.254'],
    ['::ffff:169.254.169.254', '169.254.169.254'],
    ['[::ffff:a9fe:a9fe]', '169.254.169.254'],
    ['127.1', '127.0.0.1'],
    ['0', '0.0.0.0'],
    ['256.1.1.1', undefined],
    ['1.2.3.4.5', undefined],
    ['4294967296', undefined],
    ['example.com', undefined],
    ['fe80::1', undefined],
    ['08.1.1.1', undefined],
    ['', undefined],
    ['.', undefined],
  ])('%s is %s', (written, expected) => {
    expect(canonicalIpv4(written)).toBe(expected);
  });

  it('reads every address as a browser does', () => {
    const part = fc.nat(255);
    fc.assert(
      fc.property(part, part, part, part, fc.constantFrom(10, 8, 16), (a, b, c, d, radix) => {
        const prefix = radix === 16 ? '0x' : radix === 8 ? '0' : '';
        const host = [a, b, c, d].map((n) => prefix + n.toString(radix)).join('.');
        expect(canonicalIpv4(host)).toBe(new URL(`http://${host}/`).hostname);
      }),
    );
  });
});

describe('addresses and ranges', () => {
  it.each([
    ['10.1.2.3', true],
    ['::1', true],
    ['::', true],
    ['2001:db8::8:800:200c:417a', true],
    ['1:2:3:4:5:6:7:8', true],
    ['1:2:3:4:5:6:7::', true],
    ['::ffff:1.2.3.4', true],
    ['[fe80::1%eth0]', true],
    ['1:2:3:4:5:6:7', false],
    ['1::2::3', false],
    ['12345::', false],
    ['1.2.3', false],
    ['1.2.3.256', false],
    ['1..2.3', false],
    ['x', false],
    ['', false],
  ])('%s: %s', (text, expected) => {
    expect(readAddress(text, new Uint16Array(8))).toBe(expected);
  });

  it('a range holds what shares its prefix', () => {
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
