/** What the `Authorization` header of a request shows: RFC 6750 (Bearer) and RFC 7617 (Basic). Pure but for Buffer. */

export type Authorization =
  | { readonly kind: 'token'; readonly token: string; readonly user?: string }
  /** Neither of the two, or broken. */
  | { readonly kind: 'strange'; readonly message: string };

const SCHEME = /^(bearer|basic) +(\S+)$/i;

export function readAuthorization(header: string): Authorization {
  const [, scheme = '', value = ''] = SCHEME.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return { kind: 'token', token: value };
  if (scheme === '') return { kind: 'strange', message: 'Authorization must be Bearer or Basic' };
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const at = pair.indexOf(':');
  if (at < 0) return { kind: 'strange', message: 'Authorization: Basic must hold sender:token in base64' };
  return { kind: 'token', user: pair.slice(0, at), token: pair.slice(at + 1) };
}
