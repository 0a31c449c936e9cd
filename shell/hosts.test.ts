import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalHost, hostsMentioned, isAddress } from './hosts.ts';

it.each([
  ['EXAMPLE.org.', 'example.org'],
  ['[2001:DB8:0::1]', '2001:db8::1'],
  ['[::ffff:a9fe:a9fe]', '169.254.169.254'],
  ['2852039166', '169.254.169.254'],
  ['0xA9.0xFE.0xA9.0xFE', '169.254.169.254'],
  ['bücher.example', 'bücher.example'],
  ['fe80::1%a b', undefined],
  ['a b', undefined],
  ['', undefined],
  ['-x', undefined],
])('canonicalHost(%s) is %s', (host, expected) => {
  expect(canonicalHost(host)).toBe(expected);
});

it('a canonical host is its own canonical form', () => {
  const part = fc.constantFrom('a', 'B', '.', ':', '0', '7', '0x', '[', ']', '%', '-', 'ffff', '::', 'é', 'İ');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
      const host = canonicalHost(parts.join(''));
      if (host !== undefined) expect(canonicalHost(host)).toBe(host);
    }),
  );
});

it.each([
  ['10.0.0.1', true],
  ['::1', true],
  ['a.example', false],
  ['10.example', false],
])('isAddress(%s) is %s', (host, expected) => {
  expect(isAddress(host)).toBe(expected);
});

describe('hostsMentioned', () => {
  it.each([
    [
      ['-s', 'https://User:pw@Example.COM.:8443/a?b=http://x'],
      ['example.com', 'x'],
    ],
    [['http://2852039166/latest'], ['169.254.169.254']],
    [['http://[::ffff:a9fe:a9fe]/latest'], ['169.254.169.254']],
    [['/dev/tcp/203.0.113.9/4444'], ['203.0.113.9']],
    [['-c', "import urllib.request as u;u.urlopen('http://a.example/x')"], ['a.example']],
    [['example.org', 'no host here', 'https://'], []],
  ])('%j', (texts, expected) => {
    expect(hostsMentioned(texts)).toEqual(expected);
  });

  it('copes with any text', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => void hostsMentioned(texts)));
  });
});
