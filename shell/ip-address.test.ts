import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalIpv4, canonicalIpv6, readAddress } from './ip-address.ts';

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

describe('readAddress', () => {
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
});

describe('canonicalIpv6', () => {
  it.each([
    ['[2001:DB8:0:0:0:0:0:1]', '2001:db8::1'],
    ['fd00:0ec2:0000::0254', 'fd00:ec2::254'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::', '::'],
    ['FE80::1%eth0', 'fe80::1%eth0'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['10.0.0.1', undefined],
    ['1::2::3', undefined],
  ])('%s is %s', (written, expected) => {
    expect(canonicalIpv6(written)).toBe(expected);
  });

  it('is the form that a browser gives', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const expected = new URL(`http://[${address}]/`).hostname.slice(1, -1);
        const found = canonicalIpv6(address);
        // A browser keeps a mapped address in the form of IPv6.
        if (found?.includes('.') !== true) expect(found).toBe(expected);
      }),
    );
  });
});
