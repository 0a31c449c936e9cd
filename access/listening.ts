/** How a role may listen. Beyond loopback a role refuses to start without TLS and credentials, and says which setting is missing. */
import { type Config, type ListeningRole, isLoopback, otlpHostOf, tokensFile } from '../platform/config.ts';
import { ShellError } from '../platform/shell-error.ts';
import type { TlsFiles } from '../platform/http/server-tls.ts';
import type { RegisteredClient, Use } from './client.ts';

type TlsSettings = Pick<Config, 'VIGIL_TLS_CERT' | 'VIGIL_TLS_KEY' | 'VIGIL_TLS_CLIENT_CA'>;
type Hosts = Pick<Config, 'VIGIL_HOST' | 'VIGIL_OTLP_HOST'>;
type CredentialSettings = Pick<Config, 'VIGIL_CREDENTIALS' | 'VIGIL_TLS_CLIENT_CA'>;
type ListeningSettings = Hosts &
  TlsSettings &
  CredentialSettings &
  Pick<Config, 'VIGIL_ALLOW_PLAINTEXT' | 'VIGIL_TOKENS' | 'VIGIL_DATA'>;

interface Listening {
  /** What listens, as a sentence begins with it. */
  readonly what: string;
  /** The use of the clients that it is for. */
  readonly use: Use;
  readonly credentials: (file: string) => string;
}

const HEALTH_AND_METRICS: Listening = {
  what: 'The port for health and metrics (VIGIL_ADMIN_PORT)',
  use: 'metrics',
  credentials: (file) =>
    `a credential that reads metrics (vigil tokens create NAME --for metrics writes it to ${file})`,
};

const LISTENING: Readonly<Record<ListeningRole, Listening>> = {
  collector: {
    what: 'The collector',
    use: 'telemetry',
    credentials: (file) =>
      `credentials (vigil tokens create NAME writes them to ${file}, VIGIL_TLS_CLIENT_CA accepts client certificates)`,
  },
  audit: {
    what: 'The page with its API',
    use: 'read',
    credentials: (file) => `a credential that reads (vigil tokens create NAME --for read writes it to ${file})`,
  },
  detector: HEALTH_AND_METRICS,
  recorder: HEALTH_AND_METRICS,
};

const TLS_MISSING = 'TLS (VIGIL_TLS_CERT and VIGIL_TLS_KEY)';
const PLAINTEXT = 'Set VIGIL_ALLOW_PLAINTEXT=1 only in a private container network or behind a proxy that has TLS';

export function hostOf(config: Hosts, role: ListeningRole): string {
  return role === 'collector' ? otlpHostOf(config) : config.VIGIL_HOST;
}

/** For which uses there is a credential: in the file of clients, in VIGIL_CREDENTIALS, or from an authority of client certificates. */
export function knownUses(
  { VIGIL_CREDENTIALS = [], VIGIL_TLS_CLIENT_CA }: CredentialSettings,
  clients: () => readonly Pick<RegisteredClient, 'use'>[],
): (use: Use) => boolean {
  const configured = new Set(VIGIL_CREDENTIALS.map(({ use }) => use));
  if (VIGIL_TLS_CLIENT_CA !== undefined) configured.add('telemetry');
  return (use) => configured.has(use) || clients().some((client) => client.use === use);
}

/**
 * Beyond loopback a role needs TLS, and a credential for its use. VIGIL_ALLOW_PLAINTEXT lifts both, for a private network
 * or a proxy in front that has TLS.
 *
 * @throws ShellError UNSAFE_LISTEN naming everything that is missing; BAD_CONFIG when only half of TLS is set
 */
export function assertSafeToListen(
  config: ListeningSettings,
  role: ListeningRole,
  isKnown: (use: Use) => boolean,
): void {
  const tls = tlsFilesOf(config);
  const host = hostOf(config, role);
  if (isLoopback(host) || config.VIGIL_ALLOW_PLAINTEXT) return;
  const { what, use, credentials } = LISTENING[role];
  const missing = [
    ...(tls === undefined ? [TLS_MISSING] : []),
    ...(isKnown(use) ? [] : [credentials(tokensFile(config))]),
  ];
  if (missing.length === 0) return;
  const setting = role === 'collector' && config.VIGIL_OTLP_HOST !== undefined ? 'VIGIL_OTLP_HOST' : 'VIGIL_HOST';
  const other = role === 'collector' ? '' : '. VIGIL_OTLP_HOST is for a collector that alone listens beyond loopback';
  throw new ShellError(
    'UNSAFE_LISTEN',
    `${setting} is ${host}, which is not loopback. ${what} cannot listen there without: ${missing.join('; ')}${other}. ${PLAINTEXT}`,
    { retryable: false },
  );
}

/** Whether agents need a credential, for the lines that people paste. For a collector elsewhere the address decides. */
export function needsCredential(
  config: Hosts & Pick<Config, 'VIGIL_OTLP_URL' | 'VIGIL_REQUIRE_CREDENTIALS' | 'VIGIL_ALLOW_PLAINTEXT'>,
  isKnown: (use: Use) => boolean,
): boolean {
  if (config.VIGIL_REQUIRE_CREDENTIALS) return true;
  const { VIGIL_OTLP_URL: url } = config;
  const isElsewhere = url !== undefined && !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''));
  if (isElsewhere) return true;
  if (isLoopback(otlpHostOf(config))) return false;
  return !config.VIGIL_ALLOW_PLAINTEXT || isKnown('telemetry');
}

/** The files of TLS for what a role serves; undefined where it serves plaintext. @throws ShellError BAD_CONFIG */
export function tlsFilesFor(config: Hosts & TlsSettings, role: ListeningRole): TlsFiles | undefined {
  const files = tlsFilesOf(config);
  if (files === undefined || role === 'collector') return files;
  if (isLoopback(hostOf(config, role))) return undefined;
  // A browser would ask every visitor for a client certificate; people sign in with a token.
  return { certificate: files.certificate, key: files.key };
}

/** @throws ShellError BAD_CONFIG when only half of TLS is set */
function tlsFilesOf({ VIGIL_TLS_CERT, VIGIL_TLS_KEY, VIGIL_TLS_CLIENT_CA }: TlsSettings): TlsFiles | undefined {
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
    { retryable: false },
  );
}
