/** Tests a ClickHouse engine behind TLS, and configurations that are rejected before anything is sent. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { type Server, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../test/support/certificates.ts';
import { type ClickHouseProcess, startClickHouse } from '../../test/support/clickhouse/clickhouse-http.ts';
import { readConfig } from '../config.ts';
import { clickHouseServer } from './clickhouse-server.ts';
import { openWarehouse } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-clickhouse-tls-'));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
type Environment = Readonly<Record<string, string>>;
const serverOf = (environment: Environment) => {
  const config = readConfig(environment);
  return clickHouseServer(config.VIGIL_CLICKHOUSE_URL ?? '', config);
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a ClickHouse behind TLS', () => {
  let engine: ClickHouseProcess;
  let door: Server;
  let url: string;
  let certificates: Environment;
  const seen = new Set<string>();
  const queries: string[] = [];

  beforeAll(async () => {
    engine = await startClickHouse({ password: 'sesame' });
    const authority = await createAuthority();
    const server = await authority.issue({ ip: ['127.0.0.1'] });
    const client = await authority.issue({ commonName: 'vigil-recorder' });
    // Serves TLS like a ClickHouse server's https port, and forwards the requests to the real engine.
    const options = {
      key: server.key,
      cert: server.certificate,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    };
    door = createServer(options, (request, response) => {
      if (request.socket instanceof TLSSocket) seen.add(String(request.socket.getPeerCertificate().subject.CN));
      const { method, headers } = request;
      queries.push(request.url ?? '');
      const inside = httpRequest(`${engine.url}${request.url ?? '/'}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(inside);
    });
    door.listen(0, '127.0.0.1');
    await once(door, 'listening');
    url = `https://127.0.0.1:${(door.address() as AddressInfo).port}`;
    certificates = {
      VIGIL_CLICKHOUSE_CA: file('ca.pem', authority.certificate),
      VIGIL_CLICKHOUSE_CERT: file('client.pem', client.certificate),
      VIGIL_CLICKHOUSE_KEY: file('client.key', client.key),
    };
  }, 60_000);
  afterAll(async () => {
    door.closeAllConnections();
    door.close();
    await engine.stop();
  });

  const login = { VIGIL_CLICKHOUSE_USER: 'default', VIGIL_CLICKHOUSE_PASSWORD: 'sesame' };

  it('runs every statement with the configured settings profile, overridden by Vigil’s own limits', async () => {
    const one = { query: 'SELECT 1' };
    for (const [profile, works] of [
      ['default', true],
      ['nobodys', false],
    ] as const) {
      queries.length = 0;
      const warehouse = await openWarehouse(
        serverOf({ VIGIL_CLICKHOUSE_URL: url, ...certificates, ...login, VIGIL_CLICKHOUSE_PROFILE: profile }),
      );
      const asked = warehouse.client('queries').command(one);
      // The engine itself reports that there is no such profile.
      if (works) await asked;
      else await expect(asked).rejects.toMatchObject({ message: expect.stringMatching(/profile/i) as unknown });
      await warehouse.close();
      const parameters = [...new URL(queries[0] ?? '', url).searchParams];
      const at = (setting: string): number => parameters.findIndex(([name]) => name === setting);
      expect(parameters[at('profile')]).toEqual(['profile', profile]);
      expect(at('profile')).toBeLessThan(at('max_execution_time'));
    }
  });

  it('is read and written as the configured user and with the configured certificate', async () => {
    const warehouse = await openWarehouse(serverOf({ VIGIL_CLICKHOUSE_URL: url, ...certificates, ...login }));
    await warehouse.ping();
    const client = warehouse.client('inserts');
    await client.command({ query: 'CREATE DATABASE IF NOT EXISTS vigil' });
    await client.command({ query: 'CREATE TABLE vigil.t (n UInt8) ENGINE = Memory' });
    await warehouse.insertLines('inserts', { table: 't', lines: Buffer.from('{"n":7}'), settings: {} });
    const answer = await client.query({ query: 'SELECT n FROM vigil.t', format: 'JSONEachRow' });
    expect([await answer.json(), [...seen]]).toEqual([[{ n: 7 }], ['vigil-recorder']]);
    await warehouse.close();
  });

  it.each<[string, () => Environment]>([
    ['an unknown authority', () => ({ VIGIL_CLICKHOUSE_URL: url })],
    [
      'no client certificate',
      () => ({ VIGIL_CLICKHOUSE_URL: url, VIGIL_CLICKHOUSE_CA: certificates['VIGIL_CLICKHOUSE_CA'] ?? '' }),
    ],
    [
      'a wrong password',
      () => ({ VIGIL_CLICKHOUSE_URL: url, ...certificates, ...login, VIGIL_CLICKHOUSE_PASSWORD: 'x' }),
    ],
  ])('does not answer with %s', async (_, environment) => {
    const warehouse = await openWarehouse(serverOf(environment()));
    await expect(warehouse.ping()).rejects.toMatchObject({ code: 'WAREHOUSE_UNAVAILABLE' });
    await warehouse.close();
  });
});

describe('the settings of ClickHouse', () => {
  it.each<[string, Environment, RegExp]>([
    ['telemetry in plaintext', { VIGIL_CLICKHOUSE_URL: 'http://ch.example:8123' }, /is not on loopback/],
    [
      'certificates without TLS',
      { VIGIL_CLICKHOUSE_URL: 'http://127.0.0.1:8123', VIGIL_CLICKHOUSE_CA: file('any.pem', 'x') },
      /is not https/,
    ],
    [
      'only one file of a pair',
      {
        VIGIL_CLICKHOUSE_URL: 'https://ch.example',
        VIGIL_CLICKHOUSE_CA: file('any.pem', 'x'),
        VIGIL_CLICKHOUSE_KEY: '/k',
      },
      /belong together/,
    ],
    [
      'a certificate without its authority',
      { VIGIL_CLICKHOUSE_URL: 'https://ch.example', VIGIL_CLICKHOUSE_CERT: '/c', VIGIL_CLICKHOUSE_KEY: '/k' },
      /needs VIGIL_CLICKHOUSE_CA/,
    ],
    [
      'a missing file',
      { VIGIL_CLICKHOUSE_URL: 'https://ch.example', VIGIL_CLICKHOUSE_CA: '/nowhere/ca' },
      /VIGIL_CLICKHOUSE_CA: .*ENOENT/,
    ],
  ])('refuse %s', (_, environment, message) => {
    expect(() => serverOf(environment)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('allow plaintext on loopback and in a network declared private', () => {
    for (const environment of [
      { VIGIL_CLICKHOUSE_URL: 'http://[::1]:8123' },
      { VIGIL_CLICKHOUSE_URL: 'http://ch:8123', VIGIL_ALLOW_PLAINTEXT: '1' },
    ])
      expect(serverOf(environment)).toMatchObject({ url: environment.VIGIL_CLICKHOUSE_URL });
  });
});
