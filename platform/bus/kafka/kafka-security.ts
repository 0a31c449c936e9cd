/** Builds the TLS and SASL options for the brokers from the configuration. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { KafkaConfig, SASLOptions } from 'kafkajs';
import { type Config, isLoopback } from '../../config.ts';
import { ShellError, messageOf } from '../../shell-error.ts';
import { createTokenSource } from './oauth-token.ts';

export type KafkaSecurityConfig = Pick<
  Config,
  | 'VIGIL_KAFKA_BROKERS'
  | 'VIGIL_KAFKA_TLS'
  | 'VIGIL_KAFKA_CA'
  | 'VIGIL_KAFKA_CERT'
  | 'VIGIL_KAFKA_KEY'
  | 'VIGIL_KAFKA_SASL'
  | 'VIGIL_KAFKA_USERNAME'
  | 'VIGIL_KAFKA_PASSWORD'
  | 'VIGIL_KAFKA_OAUTH_URL'
  | 'VIGIL_KAFKA_OAUTH_SCOPE'
  | 'VIGIL_ALLOW_PLAINTEXT'
>;

export type KafkaSecurity = Pick<KafkaConfig, 'ssl' | 'sasl'>;

/** @throws ShellError BAD_CONFIG naming what is missing, or what would be sent in plaintext */
export function kafkaSecurity(config: KafkaSecurityConfig): KafkaSecurity {
  const ssl = tlsOf(config);
  const sasl = saslOf(config);
  if (ssl === undefined) assertPrivate(config);
  return { ...(ssl === undefined ? {} : { ssl }), ...(sasl === undefined ? {} : { sasl }) };
}

function tlsOf(config: KafkaSecurityConfig): ConnectionOptions | undefined {
  const { VIGIL_KAFKA_TLS, VIGIL_KAFKA_CA, VIGIL_KAFKA_CERT, VIGIL_KAFKA_KEY } = config;
  const files = { VIGIL_KAFKA_CA, VIGIL_KAFKA_CERT, VIGIL_KAFKA_KEY };
  if (!VIGIL_KAFKA_TLS) {
    const [unused] = Object.entries(files).find(([, path]) => path !== undefined) ?? [];
    if (unused !== undefined) throw wrong(`${unused} is set, but VIGIL_KAFKA_TLS is not 1`);
    return undefined;
  }
  if ((VIGIL_KAFKA_CERT === undefined) !== (VIGIL_KAFKA_KEY === undefined))
    throw wrong('VIGIL_KAFKA_CERT and VIGIL_KAFKA_KEY belong together, and only one is set');
  return {
    minVersion: 'TLSv1.2',
    ...(VIGIL_KAFKA_CA === undefined ? {} : { ca: fileOf('VIGIL_KAFKA_CA', VIGIL_KAFKA_CA) }),
    ...(VIGIL_KAFKA_CERT === undefined ? {} : { cert: fileOf('VIGIL_KAFKA_CERT', VIGIL_KAFKA_CERT) }),
    ...(VIGIL_KAFKA_KEY === undefined ? {} : { key: fileOf('VIGIL_KAFKA_KEY', VIGIL_KAFKA_KEY) }),
  };
}

function saslOf(config: KafkaSecurityConfig): SASLOptions | undefined {
  const { VIGIL_KAFKA_SASL: mechanism, VIGIL_KAFKA_USERNAME: username, VIGIL_KAFKA_PASSWORD: password } = config;
  if (mechanism === undefined) {
    if (username !== undefined) throw wrong('VIGIL_KAFKA_USERNAME is set, but VIGIL_KAFKA_SASL is not');
    return undefined;
  }
  if (username === undefined || password === undefined)
    throw wrong(`VIGIL_KAFKA_SASL=${mechanism} needs VIGIL_KAFKA_USERNAME and VIGIL_KAFKA_PASSWORD`);
  if (mechanism !== 'oauthbearer') return { mechanism, username, password };
  const { VIGIL_KAFKA_OAUTH_URL: url, VIGIL_KAFKA_OAUTH_SCOPE: scope } = config;
  if (url === undefined) throw wrong('VIGIL_KAFKA_SASL=oauthbearer needs VIGIL_KAFKA_OAUTH_URL');
  if (!url.startsWith('https:') && !isLoopback(new URL(url).hostname))
    throw wrong('VIGIL_KAFKA_OAUTH_URL must be https: the secret would be sent in plaintext');
  const nextToken = createTokenSource({ url, clientId: username, secret: password, scope, now: Date.now });
  return { mechanism, oauthBearerProvider: async () => ({ value: await nextToken() }) };
}

/** Beyond loopback nothing is sent in plaintext unless the network is declared private; a password never is. */
function assertPrivate({
  VIGIL_KAFKA_BROKERS = [],
  VIGIL_KAFKA_SASL,
  VIGIL_ALLOW_PLAINTEXT,
}: KafkaSecurityConfig): void {
  const outside = VIGIL_KAFKA_BROKERS.find(
    (broker) => !isLoopback(broker.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')),
  );
  if (outside === undefined) return;
  if (VIGIL_KAFKA_SASL === 'plain' || VIGIL_KAFKA_SASL === 'oauthbearer')
    throw wrong(
      `the Kafka broker ${outside} is not on loopback, and VIGIL_KAFKA_SASL=${VIGIL_KAFKA_SASL} would send the secret in plaintext: set VIGIL_KAFKA_TLS=1`,
    );
  if (VIGIL_ALLOW_PLAINTEXT) return;
  throw wrong(
    `the Kafka broker ${outside} is not on loopback, and telemetry would be sent in plaintext: set VIGIL_KAFKA_TLS=1, or VIGIL_ALLOW_PLAINTEXT=1 inside a private container network`,
  );
}

function fileOf(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(`${setting}: ${messageOf(error)}`);
  }
}

const wrong = (message: string): ShellError => new ShellError('BAD_CONFIG', message, { retryable: false });
