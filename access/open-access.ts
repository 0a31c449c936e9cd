/** Opens everything by which a role decides who may use it: the file of clients, TLS, and the times of last use. */
import { type Config, type ListeningRole, credentialsUsedBy, tokensFile } from '../platform/config.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Right } from '../schemas/api/rights.ts';
import { type ServerTls, openServerTls } from '../platform/http/server-tls.ts';
import { anonymousClient } from './anonymous.ts';
import { type Authentication, createAuthentication } from './authentication.ts';
import type { Client, Use } from './client.ts';
import { followClients } from './clients-file.ts';
import { assertSafeToListen, knownUses, tlsFilesFor } from './listening.ts';
import { hasRight } from './rights.ts';
import { keepLastUsed } from './tokens/last-used.ts';

export interface AccessDeps {
  readonly config: Config;
  /** The role that listens. */
  readonly role: ListeningRole;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
}

export interface Access extends Authentication {
  /** Whether a request without a credential has this right. */
  readonly isOpenFor: (right: Right) => boolean;
  /** A client of the file on its present terms; undefined when the file has no such client. */
  readonly registered: (tenant: string, sender: string) => Client | undefined;
  /** Whether a credential for this use is known. */
  readonly isKnown: (use: Use) => boolean;
  /** Undefined where the role serves plaintext. */
  readonly tls: ServerTls | undefined;
  stop(): void;
}

/** @throws ShellError UNSAFE_LISTEN, BAD_CONFIG, BAD_TOKENS, BAD_TLS */
export function openAccess({ config, role, log, metrics, now }: AccessDeps): Access {
  const clients = followClients({ path: tokensFile(config), configured: config.VIGIL_CREDENTIALS ?? [], log });
  const isKnown = knownUses(config, () => clients.value().clients);
  let tls: ServerTls | undefined;
  try {
    assertSafeToListen(config, role, isKnown);
    const files = tlsFilesFor(config, role);
    const clientCertificateRequired =
      files?.clientCa !== undefined && config.VIGIL_TLS_CLIENT_CERTIFICATE === 'required';
    tls = files === undefined ? undefined : openServerTls({ files, clientCertificateRequired, log, now });
  } catch (error) {
    clients.stop();
    throw error;
  }
  if (tls !== undefined) measureCertificate(metrics, role, tls);
  const lastUsed = keepLastUsed({ path: credentialsUsedBy(config, role), role, metrics, log, now });
  const anonymous = anonymousClient(config, role, isKnown);
  return {
    ...createAuthentication({
      registry: clients.value,
      anonymous,
      // The audit API checks the host name of every request itself; metrics ports are for programs only.
      pages: role === 'collector' ? { allowedHosts: config.VIGIL_ALLOWED_HOSTS ?? [] } : undefined,
      tenant: config.VIGIL_TENANT,
      onUse: lastUsed.used,
      now,
    }),
    isOpenFor: (right) => {
      const client = anonymous();
      return client !== undefined && hasRight(client, right);
    },
    registered: (tenant, sender) => clients.value().byName(tenant, sender),
    isKnown,
    tls,
    stop: () => {
      clients.stop();
      tls?.stop();
      lastUsed.stop();
    },
  };
}

function measureCertificate(metrics: Metrics, role: ListeningRole, tls: ServerTls): void {
  const end = metrics.gauge(
    `${role}_tls_certificate_not_after_seconds`,
    'When the certificate of this role ends (Unix time)',
  );
  metrics.onCollect(() => end.set({}, tls.notAfterMs() / 1000));
}
