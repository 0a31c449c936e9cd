/** Beyond loopback nothing listens unprotected: it refuses to start, and says which setting is missing. */
import { type Config, isLoopback, otlpHostOf, tokensFile } from './config.ts';
import { ShellError } from './shell-error.ts';
import type { TlsFiles } from './tls/server-tls.ts';

/**
 * For what has neither TLS nor credentials of its own: the audit API, health and metrics of a role.
 *
 * @throws ShellError UNSAFE_LISTEN when the address can be reached from elsewhere
 */
export function assertSafeListen(config: Pick<Config, 'VIGIL_HOST' | 'VIGIL_ALLOW_PLAINTEXT'>): void {
  if (isLoopback(config.VIGIL_HOST) || config.VIGIL_ALLOW_PLAINTEXT) return;
  throw unsafe(
    `VIGIL_HOST is ${config.VIGIL_HOST}, which is not loopback, and the audit API and the ports for health and metrics have no TLS yet; a collector alone listens elsewhere by VIGIL_OTLP_HOST; set VIGIL_ALLOW_PLAINTEXT=1 only inside a private container network`,
  );
}

type Protection = Pick<Config, 'VIGIL_HOST' | 'VIGIL_OTLP_HOST' | 'VIGIL_ALLOW_PLAINTEXT' | 'VIGIL_CREDENTIALS' | 'VIGIL_TLS_CERT' | 'VIGIL_TLS_KEY' | 'VIGIL_TLS_CLIENT_CA' | 'VIGIL_TOKENS' | 'VIGIL_DATA'>; // prettier-ignore

/**
 * The collector beyond loopback: TLS and credentials. VIGIL_ALLOW_PLAINTEXT lifts both, where a network is private or a
 * proxy in front has TLS.
 *
 * @param hasSenders whether the file of senders holds any
 * @throws ShellError UNSAFE_LISTEN naming all that is missing; BAD_CONFIG for half a setting
 */
export function assertSafeCollector(config: Protection, hasSenders: boolean): void {
  const tls = tlsFilesOf(config);
  const host = otlpHostOf(config);
  if (isLoopback(host) || config.VIGIL_ALLOW_PLAINTEXT) return;
  const hasCredentials = hasSenders || sendsByCredentials(config) || config.VIGIL_TLS_CLIENT_CA !== undefined;
  const missing = [
    ...(tls === undefined ? ['TLS (VIGIL_TLS_CERT and VIGIL_TLS_KEY)'] : []),
    ...(hasCredentials ? [] : [`credentials (vigil tokens create writes them to ${tokensFile(config)}, VIGIL_TLS_CLIENT_CA takes client certificates)`]), // prettier-ignore
  ];
  if (missing.length === 0) return;
  const setting = config.VIGIL_OTLP_HOST === undefined ? 'VIGIL_HOST' : 'VIGIL_OTLP_HOST';
  throw unsafe(
    `${setting} is ${host}, which is not loopback, and there is something missing: ${missing.join('; ')}. Set VIGIL_ALLOW_PLAINTEXT=1 only inside a private container network or behind a proxy that has TLS`,
  );
}

/** Whether the configuration itself names a credential that sends. */
export function sendsByCredentials({ VIGIL_CREDENTIALS }: Pick<Config, 'VIGIL_CREDENTIALS'>): boolean {
  return VIGIL_CREDENTIALS?.some(({ use }) => use === 'telemetry') ?? false;
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
  throw new ShellError('BAD_CONFIG', `${half} is set and ${missing} is not; TLS needs both VIGIL_TLS_CERT and VIGIL_TLS_KEY`, { retryable: false }); // prettier-ignore
}

function unsafe(message: string): ShellError {
  return new ShellError('UNSAFE_LISTEN', message, { retryable: false });
}
