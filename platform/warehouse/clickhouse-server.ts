/** Builds the client options for the configured ClickHouse server: address, user and TLS. */
import { readFileSync } from 'node:fs';
import { type Config, isLoopback } from '../config.ts';
import { ShellError, messageOf } from '../shell-error.ts';
import type { WarehouseConfig } from './warehouse.ts';

type Settings = Pick<
  Config,
  | 'VIGIL_CLICKHOUSE_DATABASE'
  | 'VIGIL_CLICKHOUSE_USER'
  | 'VIGIL_CLICKHOUSE_PASSWORD'
  | 'VIGIL_CLICKHOUSE_CA'
  | 'VIGIL_CLICKHOUSE_CERT'
  | 'VIGIL_CLICKHOUSE_KEY'
  | 'VIGIL_CLICKHOUSE_PROFILE'
  | 'VIGIL_ALLOW_PLAINTEXT'
>;

/** @throws ShellError BAD_CONFIG naming what is missing, or what would be sent in plaintext */
export function clickHouseServer(url: string, config: Settings): WarehouseConfig & { readonly kind: 'http' } {
  const {
    VIGIL_CLICKHOUSE_USER: username,
    VIGIL_CLICKHOUSE_PASSWORD: password,
    VIGIL_CLICKHOUSE_PROFILE: profile,
  } = config;
  const isTls = url.startsWith('https:');
  if (!isTls && !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, '')) && !config.VIGIL_ALLOW_PLAINTEXT)
    throw wrong(
      'VIGIL_CLICKHOUSE_URL is not on loopback, and telemetry would be sent in plaintext: set an https address, or VIGIL_ALLOW_PLAINTEXT=1 inside a private container network',
    );
  const tls = tlsOf(config);
  if (tls !== undefined && !isTls)
    throw wrong('VIGIL_CLICKHOUSE_CA or VIGIL_CLICKHOUSE_CERT is set, but VIGIL_CLICKHOUSE_URL is not https');
  return {
    kind: 'http',
    url,
    database: config.VIGIL_CLICKHOUSE_DATABASE,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    ...(profile === undefined ? {} : { profile }),
  };
}

function tlsOf({ VIGIL_CLICKHOUSE_CA: ca, VIGIL_CLICKHOUSE_CERT: cert, VIGIL_CLICKHOUSE_KEY: key }: Settings) {
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  // The client library accepts a client certificate only together with the authority's.
  if (ca === undefined) throw wrong('VIGIL_CLICKHOUSE_CERT needs VIGIL_CLICKHOUSE_CA');
  if ((cert === undefined) !== (key === undefined))
    throw wrong('VIGIL_CLICKHOUSE_CERT and VIGIL_CLICKHOUSE_KEY belong together, and only one is set');
  const authority = fileOf('VIGIL_CLICKHOUSE_CA', ca);
  if (cert === undefined || key === undefined) return { ca_cert: authority };
  return { ca_cert: authority, cert: fileOf('VIGIL_CLICKHOUSE_CERT', cert), key: fileOf('VIGIL_CLICKHOUSE_KEY', key) };
}

function fileOf(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw wrong(`${setting}: ${messageOf(error)}`);
  }
}

const wrong = (message: string): ShellError => new ShellError('BAD_CONFIG', message, { retryable: false });
