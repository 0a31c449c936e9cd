/** The address a request names, in the one form that everything behind reads. */
import type { IncomingMessage } from 'node:http';

/**
 * Brings a request's target into origin form (RFC 9112, 3.2): of an absolute one the host counts and not the Host header.
 *
 * @returns false for a target that is no path of printable ASCII, and so nothing that could be routed
 */
export function hasOriginForm(request: IncomingMessage): boolean {
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(request.url ?? '');
  if (absolute !== null) {
    const [, authority = '', path = ''] = absolute;
    request.headers.host = authority;
    request.url = path.startsWith('/') ? path : `/${path}`;
  }
  // A fragment is never sent, and what is not ASCII has lost its encoding on the way here.
  return /^\/[!-"$-~]*$/.test(request.url ?? '');
}
