/** Brings the address of a request into the one form that the routes read. */
import type { IncomingMessage } from 'node:http';

/**
 * Rewrites an absolute target to origin form (RFC 9112, 3.2); its host replaces the Host header.
 *
 * @returns false for a target that is not a path in printable ASCII and so cannot be routed
 */
export function hasOriginForm(request: IncomingMessage): boolean {
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(request.url ?? '');
  if (absolute !== null) {
    const [, authority = '', path = ''] = absolute;
    request.headers.host = authority;
    request.url = path.startsWith('/') ? path : `/${path}`;
  }
  // Clients send no fragment, and characters beyond ASCII arrive with their encoding lost.
  return /^\/[!-"$-~]*$/.test(request.url ?? '');
}
