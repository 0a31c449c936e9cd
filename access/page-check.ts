/**
 * A page in somebody's browser must not send to a collector that takes requests without a credential: neither by a name
 * of its own that was made to point here (DNS rebinding) nor across sites.
 */
import { isLoopback } from '../platform/config.ts';
import { hostName } from '../platform/http/host-header.ts';
import { AccessDenied } from './access-denied.ts';

export interface PageCheck {
  /** Host names that are ours besides loopback's, without ports. */
  readonly allowedHosts: readonly string[];
}

/** An address was not looked up; what ends so is nobody's on the Internet (RFC 6761, ICANN on .internal). */
const NO_PAGES_NAME = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*|([\w-]+\.)+(localhost|internal))$/;

/** @throws AccessDenied `page` */
export function assertNoPage(
  { allowedHosts }: PageCheck,
  { host, page }: { readonly host?: string | undefined; readonly page?: string | undefined },
): void {
  const isOurs = (name: string): boolean =>
    isLoopback(name) || allowedHosts.some((allowed) => allowed.toLowerCase() === name);
  const name = hostName(host ?? '');
  if (name === undefined || !(isOurs(name) || NO_PAGES_NAME.test(name)))
    throw new AccessDenied(
      'host',
      `${shown(host)} is no name of this collector; VIGIL_ALLOWED_HOSTS names those there are besides localhost, or send a credential`,
    );
  if (page === undefined) return;
  const origin = URL.canParse(page) ? hostName(new URL(page).host) : undefined;
  if (origin === undefined || !isOurs(origin))
    throw new AccessDenied('page', `a page of ${shown(page)} may not send here without a credential`);
}

function shown(text: string | undefined): string {
  return text === undefined ? 'a request without a host' : JSON.stringify(text.slice(0, 100));
}
