/**
 * Tests a real broker with TLS, client certificates and SASL, and configurations that are rejected before anything is
 * sent.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../../test/support/certificates.ts';
import { type SecureKafka, startSecureKafka } from '../../../test/support/kafka/kafka.ts';
import { describeWithKafka } from '../../../test/support/kafka/kafka-suite.ts';
import { readConfig } from '../../config.ts';
import { silentLog } from '../../log.ts';
import { createBus } from '../index.ts';
import { failureOf, gather, until } from '../test-support/gathering.ts';
import { kafkaSecurity } from './kafka-security.ts';
import { createTokenSource } from './oauth-token.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-kafka-security-'));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Environment = Readonly<Record<string, string>>;

await describeWithKafka('a broker that asks who we are', () => {
  const [user, password] = ['vigil', 'a-password-of-its-own'];
  let kafka: SecureKafka;
  let tls: Environment;
  let stranger: Environment;
  let tokens: Server;
  const asked: string[] = [];

  beforeAll(async () => {
    const authority = await createAuthority();
    const broker = await authority.issue({ commonName: 'broker', dns: ['localhost'], ip: ['127.0.0.1'] });
    const client = await authority.issue({ commonName: 'vigil' });
    const other = await (await createAuthority('another')).issue({ commonName: 'vigil' });
    kafka = await startSecureKafka({ ...broker, authority: authority.certificate, user, password });
    const ca = { VIGIL_KAFKA_TLS: '1', VIGIL_KAFKA_CA: file('ca.pem', authority.certificate) };
    const pair = (name: string, issued: typeof client): Environment => ({
      VIGIL_KAFKA_CERT: file(`${name}.pem`, issued.certificate),
      VIGIL_KAFKA_KEY: file(`${name}.key`, issued.key),
    });
    tls = { ...ca, ...pair('client', client) };
    stranger = { ...ca, ...pair('stranger', other) };
    tokens = createServer((request, response) => {
      asked.push(Buffer.from(String(request.headers.authorization).slice(6), 'base64').toString());
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const now = Math.floor(Date.now() / 1000);
      const token = `${part({ alg: 'none' })}.${part({ sub: user, iat: now, exp: now + 3600 })}.`;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3600 }));
    });
    tokens.listen(0, '127.0.0.1');
    await once(tokens, 'listening');
  }, 180_000);
  afterAll(async () => {
    tokens.close();
    await kafka.stop();
  });

  const open = (brokers: string, environment: Environment) =>
    createBus({
      config: readConfig({ VIGIL_KAFKA_BROKERS: brokers, ...environment }),
      clientId: 'test',
      log: silentLog,
      embeddedPath: folder,
    });
  const signIn = (mechanism: string, secret = password): Environment => ({
    VIGIL_KAFKA_TLS: '1',
    VIGIL_KAFKA_CA: join(folder, 'ca.pem'),
    VIGIL_KAFKA_SASL: mechanism,
    VIGIL_KAFKA_USERNAME: user,
    VIGIL_KAFKA_PASSWORD: secret,
    ...(mechanism === 'oauthbearer'
      ? { VIGIL_KAFKA_OAUTH_URL: `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token` }
      : {}),
  });

  it.each(['client certificate', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'])(
    'lets us publish and read with %s',
    async (how) => {
      const bus = await (how === 'client certificate' ? open(kafka.tls, tls) : open(kafka.sasl, signIn(how)));
      const topic = `t-${randomUUID()}`;
      await bus.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
      await bus.publish([{ topic, key: 'k', value: Buffer.from(how) }]);
      const gathered = await gather(bus, { group: `g-${topic}`, topics: [topic] });
      await until('it has been read', () => gathered.texts().length > 0);
      expect(gathered.texts()).toEqual([how]);
      await bus.close();
      if (how === 'oauthbearer') expect([...new Set(asked)]).toEqual([`${user}:${password}`]);
    },
  );

  it.each<[string, () => Promise<Awaited<ReturnType<typeof open>>>]>([
    ['a wrong password', () => open(kafka.sasl, signIn('scram-sha-512', 'wrong'))],
    ['no certificate', () => open(kafka.tls, { VIGIL_KAFKA_TLS: '1', VIGIL_KAFKA_CA: join(folder, 'ca.pem') })],
    ['a certificate of another authority', () => open(kafka.tls, stranger)],
    [
      "no authority that vouches for the broker's certificate",
      () => open(kafka.sasl, { ...signIn('plain'), VIGIL_KAFKA_CA: '' }),
    ],
  ])(
    'is not reached with %s, and the error says so',
    async (_, connect) => {
      const bus = await connect();
      expect(await failureOf(bus.ping())).toMatchObject({ code: 'BUS_UNAVAILABLE' });
      await bus.close();
    },
    120_000,
  );
});

describe('the settings of Kafka', () => {
  const security = (environment: Environment) => kafkaSecurity(readConfig(environment));
  const remote = { VIGIL_KAFKA_BROKERS: '127.0.0.1:9092,kafka.example:9092' };
  const login = { VIGIL_KAFKA_USERNAME: 'u', VIGIL_KAFKA_PASSWORD: 'p' };

  it.each<[string, Environment, RegExp]>([
    ['telemetry in plaintext', remote, /kafka\.example:9092 is not on loopback.*VIGIL_KAFKA_TLS=1/],
    [
      'a password in plaintext, regardless of other permissions',
      { ...remote, ...login, VIGIL_KAFKA_SASL: 'plain', VIGIL_ALLOW_PLAINTEXT: '1' },
      /send the secret in plaintext/,
    ],
    ['SASL without a user', { VIGIL_KAFKA_SASL: 'plain' }, /needs VIGIL_KAFKA_USERNAME and VIGIL_KAFKA_PASSWORD/],
    ['a user without SASL', login, /VIGIL_KAFKA_SASL is not/],
    ['files without TLS', { VIGIL_KAFKA_CA: '/ca.pem' }, /VIGIL_KAFKA_TLS is not 1/],
    ['only one file of a pair', { VIGIL_KAFKA_TLS: '1', VIGIL_KAFKA_CERT: '/c.pem' }, /belong together/],
    ['a missing file', { VIGIL_KAFKA_TLS: '1', VIGIL_KAFKA_CA: '/nowhere/ca.pem' }, /VIGIL_KAFKA_CA: .*ENOENT/],
    ['OAuth without a URL', { ...login, VIGIL_KAFKA_SASL: 'oauthbearer' }, /needs VIGIL_KAFKA_OAUTH_URL/],
    [
      'a client secret in plaintext',
      { ...login, VIGIL_KAFKA_SASL: 'oauthbearer', VIGIL_KAFKA_OAUTH_URL: 'http://idp.example/' },
      /must be https/,
    ],
    ['an unknown mechanism', { VIGIL_KAFKA_SASL: 'gssapi' }, /must be one of plain, scram-sha-256/],
  ])('refuse %s', (_, environment, message) => {
    expect(() => security(environment)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('allow plaintext on loopback and in a network declared private', () => {
    expect(security({ VIGIL_KAFKA_BROKERS: '127.0.0.1:9092,localhost:9092,[::1]:9092' })).toEqual({});
    expect(security({ ...remote, VIGIL_ALLOW_PLAINTEXT: '1' })).toEqual({});
  });
});

describe('a token', () => {
  const answers: { readonly status: number; readonly body: string }[] = [];
  let requests = 0;
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((_, response) => {
      requests += 1;
      const { status, body } = answers.shift() ?? {
        status: 200,
        body: JSON.stringify({ access_token: `token-${requests}`, expires_in: 100 }),
      };
      response.statusCode = status;
      response.end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => void server.close());

  it('is requested once, and again before it expires', async () => {
    let now = 0;
    const next = createTokenSource({ url, clientId: 'a', secret: 'b', now: () => now });
    expect(await Promise.all([next(), next()])).toEqual(['token-1', 'token-1']);
    now = 79_000;
    expect(await next()).toBe('token-1');
    now = 81_000;
    expect(await next()).toBe('token-2');
  });

  it.each([
    { status: 401, body: 'secret detail' },
    { status: 200, body: 'secret detail' },
    { status: 200, body: '{"access_token":""}' },
  ])('that is not issued is reported without the content of the answer: $status $body', async (answer) => {
    answers.push(answer);
    const next = createTokenSource({ url, clientId: 'a', secret: 'b', now: Date.now });
    const failure = await failureOf(next());
    expect(failure).toMatchObject({ code: 'BUS_UNAVAILABLE', retryable: true });
    expect(String(failure)).not.toContain('secret detail');
    expect(await next()).toMatch(/^token-/);
  });
});
