/**
 * Serves only the server's own host names. Without this, a page under a foreign name that resolves to this address (DNS
 * rebinding) could read the API.
 */
import type { RequestHandler } from 'express';
import { isLoopback } from '../../platform/config.ts';
import { hostName } from '../../platform/http/host-header.ts';
import { sendProblem } from './problem.ts';

export interface HostCheckOptions {
  /** Host names, without port, in addition to loopback's. */
  readonly allowed: readonly string[];
  /** Paths that are served under any name. */
  readonly anyHost: ReadonlySet<string>;
  /** Whether requests without a credential are answered. Where they are not, a rebound page has no credential to send. */
  readonly isOpen: () => boolean;
}

export function hostCheck({ allowed, anyHost, isOpen }: HostCheckOptions): RequestHandler {
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  return (request, response, next) => {
    const name = hostName(request.headers.host ?? '');
    if (anyHost.has(request.path) || !isOpen() || (name !== undefined && (isLoopback(name) || names.has(name)))) next();
    else
      sendProblem(response, 421, {
        detail: 'This host name is not served here; VIGIL_ALLOWED_HOSTS names those that are',
      });
  };
}
