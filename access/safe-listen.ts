/** Beyond loopback nothing listens unprotected: it refuses to start, and says which setting is missing. */
import { type Config, isLoopback, otlpHostOf, tokensFile } from '../platform/config.ts';
import type { Reading } from './readers.ts';
import { ShellError } from '../platform/shell-error.ts';
import type { TlsFiles } from '../platform/http/server-tls.ts';
import type { Sender } from './client.ts';

type Shared = Pick<
  Config,
  | 'VIGIL_HOST'
  | 'VIGIL_ALLOW_PLAINTEXT'
  | 'VIGIL_CREDENTIALS'
  | 'VIGIL_TLS_CERT'
  | 'VIGIL_TLS_KEY'
  | 'VIGIL_TLS_CLIENT_CA'
  | 'VIGIL_TOKENS'
  | 'VIGIL_DATA'
>;

const READ: Readonly<Record<Reading, { readonly served: string; readonly credentials: string }>> = {
  read: { served: 'the page and its API need', credentials: 'a credential that reads' },
  metrics: {
    served: 'the port for health and metrics (VIGIL_ADMIN_PORT) needs',
    credentials: 'a credential that reads metrics',
  },
};

/**
 * The audit API, or the health and metrics of a role, beyond loopback: TLS, and a credential by which it can be read.
 * VIGIL_ALLOW_PLAINTEXT lifts both, where a network is private or a proxy in front has TLS.
 *
 * @throws ShellError UNSAFE_LISTEN naming all that is missing; BAD_CONFIG for half a setting
 */
export function assertSafeReading(config: Shared, what: Reading, senders: readonly Pick<Sender, 'use'>[]): void {
  const tls = tlsFilesOf(config);
  if (isLoopback(config.VIGIL_HOST) || config.VIGIL_ALLOW_PLAINTEXT) return;
  const { served, credentials } = READ[what];
  const isKnown = [...senders, ...(config.VIGIL_CREDENTIALS ?? [])].some(({ use }) => use === what);
  const missing = [
    ...(tls === undefined ? [TLS_MISSING] : []),
    ...(isKnown ? [] : [`${credentials} (vigil tokens create --for ${what} writes it to ${tokensFile(config)})`]),
  ];
  if (missing.length === 0) return;
  throw unsafe(
    `VIGIL_HOST is ${config.VIGIL_HOST}, which is not loopback, and ${served} what is missing: ${missing.join('; ')}. A collector alone listens elsewhere by VIGIL_OTLP_HOST; ${LIFTED}`,
  );
}

/** The page, its API and the ports for health and metrics speak TLS beyond loopback; undefined where they do not. */
export function readingTlsOf(config: Pick<Config, 'VIGIL_HOST'> & TlsSettings): TlsFiles | undefined {
  const files = tlsFilesOf(config);
  if (files === undefined || isLoopback(config.VIGIL_HOST)) return undefined;
  // Browsers would ask everybody for a certificate; people sign in with a token.
  return { certificate: files.certificate, key: files.key };
}

const TLS_MISSING = 'TLS (VIGIL_TLS_CERT and VIGIL_TLS_KEY)';
const LIFTED = 'set VIGIL_ALLOW_PLAINTEXT=1 only inside a private container network or behind a proxy that has TLS';

type Protection = Shared & Pick<Config, 'VIGIL_OTLP_HOST'>;

/**
 * The collector beyond loopback: TLS and credentials. VIGIL_ALLOW_PLAINTEXT lifts both, where a network is private or a
 * proxy in front has TLS.
 *
 * @param hasSenders whether the file of senders holds any that send
 * @throws ShellError UNSAFE_LISTEN naming all that is missing; BAD_CONFIG for half a setting
 */
export function assertSafeCollector(config: Protection, hasSenders: boolean): void {
  const tls = tlsFilesOf(config);
  const host = otlpHostOf(config);
  if (isLoopback(host) || config.VIGIL_ALLOW_PLAINTEXT) return;
  const hasCredentials = hasSenders || sendsByCredentials(config) || config.VIGIL_TLS_CLIENT_CA !== undefined;
  const missing = [
    ...(tls === undefined ? [TLS_MISSING] : []),
    ...(hasCredentials
      ? []
      : [
          `credentials (vigil tokens create writes them to ${tokensFile(config)}, VIGIL_TLS_CLIENT_CA takes client certificates)`,
        ]),
  ];
  if (missing.length === 0) return;
  const setting = config.VIGIL_OTLP_HOST === undefined ? 'VIGIL_HOST' : 'VIGIL_OTLP_HOST';
  throw unsafe(
    `${setting} is ${host}, which is not loopback, and there is something missing: ${missing.join('; ')}. S${LIFTED.slice(1)}`,
  );
}

/** Whether the configuration itself names a credential that sends. */
export function sendsByCredentials({ VIGIL_CREDENTIALS }: Pick<Config, 'VIGIL_CREDENTIALS'>): boolean {
  return VIGIL_CREDENTIALS?.some(({ use }) => use === 'telemetry') ?? false;
}

type Sending = Pick<
  Config,
  | 'VIGIL_HOST'
  | 'VIGIL_OTLP_HOST'
  | 'VIGIL_OTLP_URL'
  | 'VIGIL_REQUIRE_CREDENTIALS'
  | 'VIGIL_ALLOW_PLAINTEXT'
  | 'VIGIL_CREDENTIALS'
  | 'VIGIL_TLS_CLIENT_CA'
>;

/**
 * Whether agents need a credential, for lines that are told to people. Of a collector elsewhere it is a guess by the address
 * at which agents reach it.
 *
 * @param hasSenders whether the file of senders holds any that send
 */
export function needsCredential(config: Sending, hasSenders: boolean): boolean {
  if (config.VIGIL_REQUIRE_CREDENTIALS) return true;
  const { VIGIL_OTLP_URL: told } = config;
  const isElsewhere = told !== undefined && !isLoopback(new URL(told).hostname.replace(/^\[|\]$/g, ''));
  if (isElsewhere) return true;
  if (isLoopback(otlpHostOf(config))) return false;
  if (!config.VIGIL_ALLOW_PLAINTEXT) return true;
  return hasSenders || sendsByCredentials(config) || config.VIGIL_TLS_CLIENT_CA !== undefined;
}

type TlsSettings = Pick<Config, 'VIGIL_TLS_CERT' | 'VIGIL_TLS_KEY' | 'VIGIL_TLS_CLIENT_CA'>;

/** @returns undefined when there is to be no TLS @throws ShellError BAD_CONFIG for half a setting */
export function tlsFilesOf({ VIGIL_TLS_CERT, VIGIL_TLS_KEY, VIGIL_TLS_CLIENT_CA }: TlsSettings): TlsFiles | undefined {
  if (VIGIL_TLS_CERT !== undefined && VIGIL_TLS_KEY !== undefined)
    return {
      certificate: VIGIL_TLS_CERT,
      key: VIGIL_TLS_KEY,
      ...(VIGIL_TLS_CLIENT_CA === undefined ? {} : { clientCa: VIGIL_TLS_CLIENT_CA }),
    };
  const given = { VIGIL_TLS_CERT, VIGIL_TLS_KEY, VIGIL_TLS_CLIENT_CA };
  const [half] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (half === undefined) return undefined;
  const missing = VIGIL_TLS_CERT === undefined ? 'VIGIL_TLS_CERT' : 'VIGIL_TLS_KEY';
  throw new ShellError(
    'BAD_CONFIG',
    `${half} is set and ${missing} is not; TLS needs both VIGIL_TLS_CERT and VIGIL_TLS_KEY`,
    {
      retryable: false,
    },
  );
}

function unsafe(message: string): ShellError {
  return new ShellError('UNSAFE_LISTEN', message, { retryable: false });
}
