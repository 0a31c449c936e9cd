/** Reads the `Authorization` header of a request: RFC 6750 (Bearer) and RFC 7617 (Basic). Pure except for Buffer. */

export type AuthorizationHeader =
  | { readonly kind: 'token'; readonly token: string; readonly user?: string }
  /** Another scheme, or broken. */
  | { readonly kind: 'malformed'; readonly message: string };

const SCHEME = /^(bearer|basic) +(\S+)$/i;

export function readAuthorization(header: string): AuthorizationHeader {
  const [, scheme = '', value = ''] = SCHEME.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return { kind: 'token', token: value };
  if (scheme === '') return { kind: 'malformed', message: 'Authorization must be Bearer or Basic' };
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const at = pair.indexOf(':');
  if (at < 0) return { kind: 'malformed', message: 'Authorization: Basic must contain client:token in base64' };
  return { kind: 'token', user: pair.slice(0, at), token: pair.slice(at + 1) };
}
