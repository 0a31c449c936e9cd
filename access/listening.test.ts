import { describe, expect, it } from '@jest/globals';
import { type ListeningRole, readConfig } from '../platform/config.ts';
import { assertSafeToListen, knownUses, needsCredential, tlsFilesFor } from './listening.ts';
import type { Use } from './client.ts';

const TLS = { VIGIL_TLS_CERT: '/tls.crt', VIGIL_TLS_KEY: '/tls.key' };
const TOKEN = `${'a'.repeat(64)}:acme:laptop`;

/** @param uses uses of the clients in the file */
function start(settings: Record<string, string>, role: ListeningRole, uses: readonly Use[] = []): () => void {
  const config = readConfig(settings);
  const isKnown = knownUses(config, () => uses.map((use) => ({ use })));
  return () => assertSafeToListen(config, role, isKnown);
}

describe('the page, and the ports for health and metrics', () => {
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
    expect(start(settings, 'audit', uses)).not.toThrow();
  });

  it.each([
    [
      'nothing',
      { VIGIL_HOST: '0.0.0.0' },
      'audit',
      [],
      /^VIGIL_HOST is 0\.0\.0\.0, which is not loopback\. The page with its API cannot listen there without: TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\); a credential that reads \(vigil tokens create NAME --for read/,
    ],
    ['no TLS', { VIGIL_HOST: '::' }, 'audit', ['read'], /without: TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\)\. /],
    [
      'credentials that send',
      { VIGIL_HOST: '10.0.0.1', ...TLS, VIGIL_CREDENTIALS: TOKEN },
      'audit',
      ['telemetry', 'metrics'],
      /without: a credential that reads \(/,
    ],
    [
      'none that reads metrics',
      { VIGIL_HOST: '10.0.0.1', ...TLS },
      'detector',
      ['telemetry', 'read'],
      /The port for health and metrics \(VIGIL_ADMIN_PORT\) cannot listen there without: a credential that reads metrics \(vigil tokens create NAME --for metrics/,
    ],
  ] as const)('names what is missing where there is %s', (_what, settings, role, uses, message) => {
    expect(start(settings, role, uses)).toThrow(
      expect.objectContaining({ code: 'UNSAFE_LISTEN', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('has TLS only beyond loopback, and requests no client certificate', () => {
    const all = { ...TLS, VIGIL_TLS_CLIENT_CA: '/ca.crt' };
    expect(tlsFilesFor(readConfig(all), 'audit')).toBeUndefined();
    expect(tlsFilesFor(readConfig({ ...all, VIGIL_HOST: '0.0.0.0' }), 'audit')).toEqual({
      certificate: '/tls.crt',
      key: '/tls.key',
    });
  });
});

describe('whether agents need a credential', () => {
  it.each([
    ['on loopback', {}, false, false],
    ['on loopback, with clients', { ...TLS }, true, false],
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
  ] as const)('%s', (_where, settings, isKnown, expected) => {
    expect(needsCredential(readConfig(settings), () => isKnown)).toBe(expected);
  });
});

describe('the collector', () => {
  it.each([
    ['on loopback', {}, []],
    ['with TLS and a token of the configuration', { VIGIL_HOST: '0.0.0.0', ...TLS, VIGIL_CREDENTIALS: TOKEN }, []],
    ['with TLS and clients that send', { VIGIL_HOST: '0.0.0.0', ...TLS }, ['telemetry']],
    ['with TLS and client certificates', { VIGIL_HOST: '0.0.0.0', ...TLS, VIGIL_TLS_CLIENT_CA: '/ca.crt' }, []],
    ['in a private network', { VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: '1' }, []],
    ['on loopback, the page elsewhere', { VIGIL_HOST: '0.0.0.0', VIGIL_OTLP_HOST: '127.0.0.1' }, []],
  ] as const)('may listen %s', (_where, settings, uses) => {
    expect(start(settings, 'collector', uses)).not.toThrow();
  });

  it.each([
    [
      'nothing',
      { VIGIL_HOST: '0.0.0.0' },
      /^VIGIL_HOST is 0\.0\.0\.0, which is not loopback\. The collector cannot listen there without: TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\); credentials \(vigil tokens create NAME/,
    ],
    [
      'no TLS',
      { VIGIL_OTLP_HOST: '::', VIGIL_CREDENTIALS: TOKEN },
      /^VIGIL_OTLP_HOST is ::.*without: TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\)\./,
    ],
    ['no credentials', { VIGIL_HOST: '10.0.0.1', ...TLS }, /without: credentials \(/],
    [
      'credentials that only read metrics',
      { VIGIL_HOST: '10.0.0.1', ...TLS, VIGIL_CREDENTIALS: `${TOKEN}:metrics` },
      /without: credentials \(/,
    ],
  ])('names what is missing where there is %s', (_what, settings, message) => {
    expect(start(settings, 'collector')).toThrow(
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
  ])('accepts no half of TLS, not even on loopback: %j', (settings, message) => {
    expect(start(settings, 'collector')).toThrow(new Error(message));
  });

  it('returns the TLS files', () => {
    expect(tlsFilesFor(readConfig({}), 'collector')).toBeUndefined();
    expect(tlsFilesFor(readConfig({ ...TLS, VIGIL_TLS_CLIENT_CA: '/ca' }), 'collector')).toEqual({
      certificate: '/tls.crt',
      key: '/tls.key',
      clientCa: '/ca',
    });
  });
});
