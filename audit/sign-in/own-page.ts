/**
 * Whether the server's own page sent a request, which another page could forge (CSRF). Browsers say so (Fetch Metadata),
 * except for pages served in plaintext: there the origin must be the host of the request.
 */
import type { IncomingMessage } from 'node:http';

export function isOfOwnPage({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  return site === undefined ? new URL(origin).host === host?.toLowerCase() : site === 'same-origin';
}
