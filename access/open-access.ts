/** Who may send, and how much: the parts of it with what they follow, put together from the configuration. */
import { type Config, credentialsUsedBy, isLoopback, otlpHostOf, tokensFile } from '../platform/config.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { assertSafeCollector, sendsByCredentials, tlsFilesOf } from './safe-listen.ts';
import { type ServerTls, openServerTls } from '../platform/http/server-tls.ts';
import { keepLastUsed } from './tokens/last-used.ts';
import { followSenders } from './clients-file.ts';
import type { Origin } from '../schemas/otlp/request.ts';
import { type Authenticate, createAuthentication } from './authentication.ts';

export interface AccessDeps {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
}

export interface Access {
  readonly authenticate: Authenticate;
  /** A sender of the file of senders on its terms of now. */
  readonly registered: (tenant: string, sender: string) => Origin | undefined;
  /** Undefined where requests come in clear. */
  readonly tls: ServerTls | undefined;
  stop(): void;
}

/** @throws ShellError UNSAFE_LISTEN, BAD_CONFIG, BAD_TOKENS, BAD_TLS */
export function openAccess({ config, log, metrics, now }: AccessDeps): Access {
  const files = tlsFilesOf(config);
  const senders = followSenders(tokensFile(config), log);
  const hasSenders = (): boolean => senders.value().senders.some(({ use }) => use === 'telemetry');
  let tls: ServerTls | undefined;
  try {
    assertSafeCollector(config, hasSenders());
    const clientCertificateRequired = config.VIGIL_TLS_CLIENT_CERTIFICATE === 'required';
    tls = files === undefined ? undefined : openServerTls({ files, clientCertificateRequired, log, now });
  } catch (error) {
    senders.stop();
    throw error;
  }
  if (tls !== undefined) watchCertificate(metrics, tls);
  const lastUsed = keepLastUsed({ path: credentialsUsedBy(config, 'collector'), who: 'collector', metrics, log, now });
  return {
    authenticate: createAuthentication({
      registry: senders.value,
      statics: config.VIGIL_CREDENTIALS ?? [],
      anonymous: anonymousFor(config, hasSenders),
      tenant: config.VIGIL_TENANT,
      pages: { allowedHosts: config.VIGIL_ALLOWED_HOSTS ?? [] },
      onUse: lastUsed.used,
      now,
    }),
    registered: (tenant, sender) => senders.value().sender(tenant, sender),
    tls,
    stop: () => {
      senders.stop();
      tls?.stop();
      lastUsed.stop();
    },
  };
}

/**
 * Whose requests without a credential are. Beyond loopback they are taken only where the operator has said that the network
 * is private (VIGIL_ALLOW_PLAINTEXT) and no credential is known, nor has been since the start: what takes the last one away
 * must not open the door.
 */
function anonymousFor(config: Config, hasSenders: () => boolean): () => Origin | undefined {
  const origin = { tenant: config.VIGIL_TENANT, sender: config.VIGIL_SENDER };
  if (config.VIGIL_REQUIRE_CREDENTIALS) return () => undefined;
  if (isLoopback(otlpHostOf(config))) return () => origin;
  let isClosed = sendsByCredentials(config) || config.VIGIL_TLS_CLIENT_CA !== undefined;
  return () => {
    isClosed ||= hasSenders();
    return isClosed ? undefined : origin;
  };
}

function watchCertificate(metrics: Metrics, tls: ServerTls): void {
  const end = metrics.gauge(
    'collector_tls_certificate_not_after_seconds',
    'When the certificate of the OTLP ports ends (Unix time)',
  );
  metrics.onCollect(() => end.set({}, tls.notAfterMs() / 1000));
}
