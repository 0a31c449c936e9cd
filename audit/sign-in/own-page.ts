/**
 * Whether a request that changes something was made by our own page, so that no other can have it made (CSRF). Browsers say
 * so themselves (Fetch Metadata); where they do not, because the page came in clear, the origin has to be this very host.
 */
import type { IncomingMessage } from 'node:http';

export function isOfOwnPage({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  return site === undefined ? new URL(origin).host === host?.toLowerCase() : site === 'same-origin';
}
