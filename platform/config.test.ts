import { describe, expect, it } from '@jest/globals';
import { isLoopback, readConfig } from './config.ts';

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toMatchObject({
      VIGIL_OTLP_PORT: 4318,
      VIGIL_OTLP_GRPC_PORT: 4317,
      VIGIL_HTTP_PORT: 8080,
      VIGIL_HOST: '127.0.0.1',
      VIGIL_TENANT: 'default',
    });
  });

  it.each([
    [{ VIGIL_OTLP_PORT: '70000' }, 'VIGIL_OTLP_PORT is "70000"; it must be a whole number from 0 to 65535'],
    [{ VIGIL_HTTP_PORT: '80 80' }, 'VIGIL_HTTP_PORT is "80 80"; it must be a whole number from 0 to 65535'],
    [{ VIGIL_SPOOL_BYTES: '1e9' }, 'VIGIL_SPOOL_BYTES is "1e9"; it must be a whole number of at least 1'],
    [{ VIGIL_RETENTION_HOURS: '0.5' }, 'VIGIL_RETENTION_HOURS is "0.5"; it must be a number from 1 to 87600'],
    [{ VIGIL_ALLOW_PLAINTEXT: 'yes' }, 'VIGIL_ALLOW_PLAINTEXT is "yes"; it must be 0 or 1'],
    [{ VIGIL_LOG_LEVEL: 'loud' }, 'VIGIL_LOG_LEVEL is "loud"; it must be one of silent, error, warn, info, debug'],
    [{ VIGIL_TENANT: 'a b' }, 'VIGIL_TENANT is "a b"; it must be a name of at most 64 letters, digits and . @ _ -'],
    [
      { VIGIL_HOST: '[::1]' },
      'VIGIL_HOST is "[::1]"; it must be an IP address or a host name, an IPv6 address without brackets',
    ],
    [
      { VIGIL_CLICKHOUSE_URL: 'localhost:8123' },
      'VIGIL_CLICKHOUSE_URL is "localhost:8123"; it must be an address that starts with http:// or https://',
    ],
    [
      { VIGIL_CLICKHOUSE_URL: 'ftp://x' },
      'VIGIL_CLICKHOUSE_URL is "ftp://x"; it must be an address that starts with http:// or https://',
    ],
    [{ VIGIL_KAFKA_BROKERS: 'kafka' }, 'VIGIL_KAFKA_BROKERS is "kafka"; it must be host:port, separated by commas'],
    [
      { VIGIL_CREDENTIALS: 'secret' },
      'VIGIL_CREDENTIALS must be sha256:tenant:sender, sha256:tenant:sender:read or sha256:tenant:sender:metrics, separated by commas',
    ],
    [
      { VIGIL_DATA_KEY: 'not-a-key' },
      'VIGIL_DATA_KEY must be 32 bytes as 64 hex digits or in base64 (openssl rand -base64 32)',
    ],
    [
      { VIGIL_OTLP_PRT: '4318', VIGIL_PARTITIONS: '0' },
      'VIGIL_OTLP_PRT is not a setting of Vigil; VIGIL_PARTITIONS is "0"; it must be a whole number from 1 to 1024',
    ],
  ])('refuses %j in a sentence', (environment, message) => {
    expect(() => readConfig(environment as Record<string, string>)).toThrow(new Error(message));
  });

  it('reads numbers, lists and addresses', () => {
    const read = readConfig({
      VIGIL_RETENTION_HOURS: '1.5',
      VIGIL_KAFKA_BROKERS: 'a:1, [::1]:9092',
      VIGIL_OTLP_URL: 'https://x/',
    });
    expect(read).toMatchObject({
      VIGIL_RETENTION_HOURS: 1.5,
      VIGIL_KAFKA_BROKERS: ['a:1', '[::1]:9092'],
      VIGIL_OTLP_URL: 'https://x',
    });
  });

  it('reads credentials', () => {
    const tokenSha256 = 'a'.repeat(64);
    const of = { tokenSha256, tenant: 'demo' };
    expect(
      readConfig({ VIGIL_CREDENTIALS: `${tokenSha256}:demo:laptop,${tokenSha256}:demo:scraper:metrics` })
        .VIGIL_CREDENTIALS,
    ).toEqual([
      { ...of, sender: 'laptop', use: 'telemetry' },
      { ...of, sender: 'scraper', use: 'metrics' },
    ]);
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('%s is loopback', (host) =>
    expect(isLoopback(host)).toBe(true),
  );
  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example'])('%s is not loopback', (host) =>
    expect(isLoopback(host)).toBe(false),
  );
});
