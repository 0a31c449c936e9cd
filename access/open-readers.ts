/** Who may read what a role serves, with the TLS it serves it by, put together from the configuration. */
import { type Config, type CredentialTaker, credentialsUsedBy, isLoopback, tokensFile } from '../platform/config.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { assertSafeReading, readingTlsOf } from './safe-listen.ts';
import { type ServerTls, openServerTls } from '../platform/http/server-tls.ts';
import { keepLastUsed } from './tokens/last-used.ts';
import type { Registry } from './registry.ts';
import { followSenders } from './clients-file.ts';
import { type Readers, type Reading, createReaders } from './readers.ts';

export interface ReadersDeps {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** The role that serves it. */
  readonly who: CredentialTaker;
  /** What must not be served unprotected; a credential for it has to be there. */
  readonly what: Reading;
}

export interface OpenReaders {
  readonly readers: Readers;
  /** Whether the file of senders holds any that send. */
  readonly hasSenders: () => boolean;
  /** Undefined where requests come in clear. */
  readonly tls: ServerTls | undefined;
  stop(): void;
}

/** @throws ShellError UNSAFE_LISTEN, BAD_CONFIG, BAD_TOKENS, BAD_TLS */
export function openReaders({ config, log, metrics, now, who, what }: ReadersDeps): OpenReaders {
  const senders = followSenders(tokensFile(config), log);
  let tls: ServerTls | undefined;
  try {
    assertSafeReading(config, what, senders.value().senders);
    const files = readingTlsOf(config);
    tls = files === undefined ? undefined : openServerTls({ files, clientCertificateRequired: false, log, now });
  } catch (error) {
    senders.stop();
    throw error;
  }
  if (tls !== undefined) watchCertificate(metrics, who, tls);
  const lastUsed = keepLastUsed({ path: credentialsUsedBy(config, who), who, metrics, log, now });
  const statics = config.VIGIL_CREDENTIALS ?? [];
  const isKnownFor = (use: Reading): boolean =>
    [...senders.value().senders, ...statics].some((each) => each.use === use);
  const isOpenTo = opennessOf(config, isKnownFor);
  return {
    readers: createReaders({ registry: (): Registry => senders.value(), statics, isOpenTo, onUse: lastUsed.used, now }),
    hasSenders: () => senders.value().senders.some(({ use }) => use === 'telemetry'),
    tls,
    stop: () => {
      senders.stop();
      tls?.stop();
      lastUsed.stop();
    },
  };
}

/**
 * On loopback everybody reads, unless the configuration wants credentials there too. Beyond it only where the operator has
 * said that the network is private (VIGIL_ALLOW_PLAINTEXT) and no credential for it is known, nor has been since the start:
 * what takes the last one away must not open the door.
 */
function opennessOf(config: Config, isKnownFor: (use: Reading) => boolean): (what: Reading) => boolean {
  if (config.VIGIL_REQUIRE_CREDENTIALS) return () => false;
  if (isLoopback(config.VIGIL_HOST)) return () => true;
  if (!config.VIGIL_ALLOW_PLAINTEXT) return () => false;
  const closed = new Set<Reading>();
  return (what) => {
    if (isKnownFor(what)) closed.add(what);
    return !closed.has(what);
  };
}

function watchCertificate(metrics: Metrics, who: CredentialTaker, tls: ServerTls): void {
  const end = metrics.gauge(
    `${who}_tls_certificate_not_after_seconds`,
    'When the certificate of this port ends (Unix time)',
  );
  metrics.onCollect(() => end.set({}, tls.notAfterMs() / 1000));
}
