/** The cookie of a sign-in (RFC 6265bis). Its prefix makes browsers accept it only from this host, over TLS or on loopback. */

const NAME = '__Host-vigil';
/** Hidden from scripts, never sent in plaintext, and not sent with requests that other sites cause. */
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict';
const ID = /^[\w-]{43}$/;

/** @param lifeMs time until it expires */
export function cookieOf(id: string, lifeMs: number): string {
  return `${NAME}=${id}; ${ATTRIBUTES}; Max-Age=${Math.max(0, Math.floor(lifeMs / 1000))}`;
}

export const NO_COOKIE = `${NAME}=; ${ATTRIBUTES}; Max-Age=0`;

/** The id in a `Cookie` header. */
export function signInIdOf(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (pair.slice(0, at).trim() !== NAME) continue;
    const id = pair.slice(at + 1).trim();
    return ID.test(id) ? id : undefined;
  }
  return undefined;
}
