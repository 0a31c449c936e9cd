import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../platform/config.ts';
import { assertSafeCollector, assertSafeReading, needsCredential, readingTlsOf, tlsFilesOf } from './safe-listen.ts';
import type { Use } from './client.ts';

const TLS = { VIGIL_TLS_CERT: '/tls.crt', VIGIL_TLS_KEY: '/tls.key' };
const TOKEN = `${'a'.repeat(64)}:acme:laptop`;

describe('assertSafeReading', () => {
  const start = (settings: Record<string, string>, what: 'read' | 'metrics', uses: readonly Use[] = []) => {
    return () =>
      assertSafeReading(
        readConfig(settings),
        what,
        uses.map((use) => ({ use })),
      );
  };

  it.each([
    ['on loopback', {}, []],
    ['on loopback, the collector elsewhere', { VIGIL_OTLP_HOST: '0.0.0.0' }, []],
    ['with TLS and a credential that reads', { VIGIL_HOST: '0.0.0.0', ...TLS }, ['read']],
    [
      'with TLS and one of the configuration',
      { VIGIL_HOST: '0.0.0.0', ...TLS, VIGIL_CREDENTIALS: `${TOKEN}:read` },
      [],
    ],
    ['in a private network', { VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: '1' }, []],
  ] as const)('lets the page be served %s', (_where, settings, uses) => {
    expect(start(settings, 'read', uses)).not.toThrow();
  });

  it.each([
    [
      'nothing',
      { VIGIL_HOST: '0.0.0.0' },
      'read',
      [],
      /^VIGIL_HOST is 0\.0\.0\.0.* the page and its API need what is missing: TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\); a credential that reads \(vigil tokens create --for read/,
    ],
    ['no TLS', { VIGIL_HOST: '::' }, 'read', ['read'], /missing: TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\)\. /],
    [
      'credentials that send',
      { VIGIL_HOST: '10.0.0.1', ...TLS, VIGIL_CREDENTIALS: TOKEN },
      'read',
      ['telemetry', 'metrics'],
      /missing: a credential that reads \(/,
    ],
    [
      'none that reads metrics',
      { VIGIL_HOST: '10.0.0.1', ...TLS },
      'metrics',
      ['telemetry', 'read'],
      /the port for health and metrics \(VIGIL_ADMIN_PORT\) needs what is missing: a credential that reads metrics \(vigil tokens create --for metrics/,
    ],
  ] as const)('names what is missing where there is %s', (_what, settings, what, uses, message) => {
    expect(start(settings, what, uses)).toThrow(
      expect.objectContaining({ code: 'UNSAFE_LISTEN', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('has TLS beyond loopback only, and asks nobody for a certificate', () => {
    const all = { ...TLS, VIGIL_TLS_CLIENT_CA: '/ca.crt' };
    expect(readingTlsOf(readConfig(all))).toBeUndefined();
    expect(readingTlsOf(readConfig({ ...all, VIGIL_HOST: '0.0.0.0' }))).toEqual({
      certificate: '/tls.crt',
      key: '/tls.key',
    });
  });
});

describe('whether agents need a credential', () => {
  it.each([
    ['on loopback', {}, false, false],
    ['on loopback, with senders', { ...TLS }, true, false],
    ['on loopback, closed', { VIGIL_REQUIRE_CREDENTIALS: '1' }, false, true],
    ['beyond it', { VIGIL_OTLP_HOST: '0.0.0.0' }, false, true],
    ['of a collector elsewhere', { VIGIL_OTLP_URL: 'https://otlp.example:4318' }, false, true],
    [
      'in a private network, while none is known',
      { VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: '1', VIGIL_OTLP_URL: 'http://127.0.0.1:4318' },
      false,
      false,
    ],
    ['in a private network, with one', { VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: '1' }, true, true],
  ] as const)('%s', (_where, settings, hasSenders, expected) => {
    expect(needsCredential(readConfig(settings), hasSenders)).toBe(expected);
  });
});

describe('assertSafeCollector', () => {
  const start = (settings: Record<string, string>, hasSenders = false) => {
    return () => assertSafeCollector(readConfig(settings), hasSenders);
  };

  it.each([
    ['on loopback', {}, false],
    ['with TLS and a token of the configuration', { VIGIL_HOST: '0.0.0.0', ...TLS, VIGIL_CREDENTIALS: TOKEN }, false],
    ['with TLS and senders', { VIGIL_HOST: '0.0.0.0', ...TLS }, true],
    ['with TLS and client certificates', { VIGIL_HOST: '0.0.0.0', ...TLS, VIGIL_TLS_CLIENT_CA: '/ca.crt' }, false],
    ['in a private network', { VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: '1' }, false],
    ['on loopback, the page elsewhere', { VIGIL_HOST: '0.0.0.0', VIGIL_OTLP_HOST: '127.0.0.1' }, false],
  ])('lets it listen %s', (_where, settings, hasSenders) => {
    expect(start(settings, hasSenders)).not.toThrow();
  });

  it.each([
    [
      'nothing',
      { VIGIL_HOST: '0.0.0.0' },
      /^VIGIL_HOST is 0\.0\.0\.0.*TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\); credentials \(vigil tokens create/,
    ],
    [
      'no TLS',
      { VIGIL_OTLP_HOST: '::', VIGIL_CREDENTIALS: TOKEN },
      /^VIGIL_OTLP_HOST is ::.*missing: TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\)\./,
    ],
    ['no credentials', { VIGIL_HOST: '10.0.0.1', ...TLS }, /missing: credentials \(/],
    [
      'credentials that only read metrics',
      { VIGIL_HOST: '10.0.0.1', ...TLS, VIGIL_CREDENTIALS: `${TOKEN}:metrics` },
      /missing: credentials \(/,
    ],
  ])('names what is missing where there is %s', (_what, settings, message) => {
    expect(start(settings)).toThrow(
      expect.objectContaining({ code: 'UNSAFE_LISTEN', message: expect.stringMatching(message) as unknown }),
    );
  });

  it.each([
    [
      { VIGIL_TLS_CERT: '/x' },
      'VIGIL_TLS_CERT is set and VIGIL_TLS_KEY is not; TLS needs both VIGIL_TLS_CERT and VIGIL_TLS_KEY',
    ],
    [
      { VIGIL_TLS_KEY: '/x' },
      'VIGIL_TLS_KEY is set and VIGIL_TLS_CERT is not; TLS needs both VIGIL_TLS_CERT and VIGIL_TLS_KEY',
    ],
    [
      { VIGIL_TLS_CLIENT_CA: '/x' },
      'VIGIL_TLS_CLIENT_CA is set and VIGIL_TLS_CERT is not; TLS needs both VIGIL_TLS_CERT and VIGIL_TLS_KEY',
    ],
  ])('takes no half of TLS, on loopback neither: %j', (settings, message) => {
    expect(start(settings)).toThrow(new Error(message));
  });

  it('gives the files of TLS', () => {
    expect(tlsFilesOf(readConfig({}))).toBeUndefined();
    expect(tlsFilesOf(readConfig({ ...TLS, VIGIL_TLS_CLIENT_CA: '/ca' }))).toEqual({
      certificate: '/tls.crt',
      key: '/tls.key',
      clientCa: '/ca',
    });
  });
});
