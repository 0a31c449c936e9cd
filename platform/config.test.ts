import { describe, expect, it } from '@jest/globals';
import { assertSafeListen, isLoopback, readConfig } from './config.ts';

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toMatchObject({
      VIGIL_OTLP_PORT: 4318,
      VIGIL_HTTP_PORT: 8080,
      VIGIL_HOST: '127.0.0.1',
      VIGIL_TENANT: 'default',
    });
  });

  it.each([
    [{ VIGIL_OTLP_PORT: '70000' }, /VIGIL_OTLP_PORT/],
    [{ VIGIL_OTLP_PRT: '4318' }, /VIGIL_OTLP_PRT is not a setting of Vigil/],
    [{ VIGIL_CREDENTIALS: 'secret' }, /VIGIL_CREDENTIALS.*sha256:tenant:sender/],
    [{ VIGIL_CLICKHOUSE_URL: 'localhost' }, /VIGIL_CLICKHOUSE_URL/],
  ])('refuses %j by name', (environment, message) => {
    expect(() => readConfig(environment)).toThrow(message);
  });

  it('reads credentials', () => {
    const tokenSha256 = 'a'.repeat(64);
    expect(readConfig({ VIGIL_CREDENTIALS: `${tokenSha256}:demo:laptop` }).VIGIL_CREDENTIALS).toEqual([
      { tokenSha256, tenant: 'demo', sender: 'laptop' },
    ]);
  });
});

describe('assertSafeListen', () => {
  it('refuses to listen in clear beyond loopback', () => {
    expect(() => assertSafeListen({ VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: false })).toThrow(
      /VIGIL_HOST is 0.0.0.0/,
    );
    expect(() => assertSafeListen({ VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: true })).not.toThrow();
  });

  it.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('%s is loopback', (host) =>
    expect(isLoopback(host)).toBe(true),
  );
  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example'])('%s is not loopback', (host) =>
    expect(isLoopback(host)).toBe(false),
  );
});
