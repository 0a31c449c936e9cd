import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.ts';
import { assertSafeCollector, assertSafeListen, tlsFilesOf } from './safe-listen.ts';

const TLS = { VIGIL_TLS_CERT: '/tls.crt', VIGIL_TLS_KEY: '/tls.key' };
const TOKEN = `${'a'.repeat(64)}:acme:laptop`;

describe('assertSafeListen', () => {
  it('refuses to listen in clear beyond loopback', () => {
    expect(() => assertSafeListen(readConfig({}))).not.toThrow();
    expect(() => assertSafeListen(readConfig({ VIGIL_HOST: '0.0.0.0' }))).toThrow(/VIGIL_HOST is 0.0.0.0/);
    expect(() => assertSafeListen(readConfig({ VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: '1' }))).not.toThrow();
    expect(() => assertSafeListen(readConfig({ VIGIL_OTLP_HOST: '0.0.0.0' }))).not.toThrow();
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
    ['nothing', { VIGIL_HOST: '0.0.0.0' }, /^VIGIL_HOST is 0\.0\.0\.0.*TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\); credentials \(vigil tokens create/],
    ['no TLS', { VIGIL_OTLP_HOST: '::', VIGIL_CREDENTIALS: TOKEN }, /^VIGIL_OTLP_HOST is ::.*missing: TLS \(VIGIL_TLS_CERT and VIGIL_TLS_KEY\)\./],
    ['no credentials', { VIGIL_HOST: '10.0.0.1', ...TLS }, /missing: credentials \(/],
    ['credentials that only read metrics', { VIGIL_HOST: '10.0.0.1', ...TLS, VIGIL_CREDENTIALS: `${TOKEN}:metrics` }, /missing: credentials \(/],
  ])('names what is missing where there is %s', (_what, settings, message) => {
    expect(start(settings)).toThrow(expect.objectContaining({ code: 'UNSAFE_LISTEN', message: expect.stringMatching(message) as unknown }));
  }); // prettier-ignore

  it.each([
    [{ VIGIL_TLS_CERT: '/x' }, 'VIGIL_TLS_CERT is set and VIGIL_TLS_KEY is not; TLS needs both VIGIL_TLS_CERT and VIGIL_TLS_KEY'],
    [{ VIGIL_TLS_KEY: '/x' }, 'VIGIL_TLS_KEY is set and VIGIL_TLS_CERT is not; TLS needs both VIGIL_TLS_CERT and VIGIL_TLS_KEY'],
    [{ VIGIL_TLS_CLIENT_CA: '/x' }, 'VIGIL_TLS_CLIENT_CA is set and VIGIL_TLS_CERT is not; TLS needs both VIGIL_TLS_CERT and VIGIL_TLS_KEY'],
  ])('takes no half of TLS, on loopback neither: %j', (settings, message) => {
    expect(start(settings)).toThrow(new Error(message));
  }); // prettier-ignore

  it('gives the files of TLS', () => {
    expect(tlsFilesOf(readConfig({}))).toBeUndefined();
    expect(tlsFilesOf(readConfig({ ...TLS, VIGIL_TLS_CLIENT_CA: '/ca' }))).toEqual({ certificate: '/tls.crt', key: '/tls.key', clientCa: '/ca' }); // prettier-ignore
  });
});
