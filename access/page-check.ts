/**
 * A page in a browser must not send to a server that accepts requests without a credential: neither under a host name of
 * its own that was made to point here (DNS rebinding), nor across sites.
 */
import { isLoopback } from '../platform/config.ts';
import { hostName } from '../platform/http/host-header.ts';
import { type Denial, denied } from './denial.ts';

export interface PageCheck {
  /** Host names of this server besides loopback's, without ports. */
  readonly allowedHosts: readonly string[];
}

/** IP addresses need no lookup, and nobody can register these names on the Internet (RFC 6761, ICANN on .internal). */
const NO_PAGES_NAME = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*|([\w-]+\.)+(localhost|internal))$/;

export function pageDenial(
  { allowedHosts }: PageCheck,
  { host, page }: { readonly host?: string | undefined; readonly page?: string | undefined },
): Denial | undefined {
  const isOurs = (name: string): boolean =>
    isLoopback(name) || allowedHosts.some((allowed) => allowed.toLowerCase() === name);
  const name = hostName(host ?? '');
  if (name === undefined || !(isOurs(name) || NO_PAGES_NAME.test(name)))
    return denied(
      'host',
      `${shown(host)} is not a name of this collector; add it to VIGIL_ALLOWED_HOSTS, or send a credential`,
    );
  if (page === undefined) return undefined;
  const origin = URL.canParse(page) ? hostName(new URL(page).host) : undefined;
  return origin === undefined || !isOurs(origin)
    ? denied('page', `a page of ${shown(page)} may not send here without a credential`)
    : undefined;
}

function shown(text: string | undefined): string {
  return text === undefined ? 'a request without a host' : JSON.stringify(text.slice(0, 100));
}
