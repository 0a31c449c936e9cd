/** Whose request it is. A credential belongs to a sender; what a payload says of itself is never asked. */
import { sha256 } from '../platform/hash.ts';
import type { Origin } from './intake.ts';

export interface Credential extends Origin {
  /** SHA-256 of the bearer token, lower-case hex: the token itself is nowhere stored. */
  readonly tokenSha256: string;
}

/**
 * @param anonymous whose requests without an `Authorization` header are; undefined when they are not taken
 * @returns undefined for a header that names no known credential
 */
export function createAuthentication(
  credentials: readonly Credential[],
  anonymous: Origin | undefined,
): (authorization: string | undefined) => Origin | undefined {
  // Looked up by hash: the time it takes says nothing about how much of a token was right.
  const byHash = new Map(credentials.map(({ tokenSha256, tenant, sender }) => [tokenSha256, { tenant, sender }]));
  return (authorization) => {
    if (authorization === undefined) return anonymous;
    const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    return token === undefined ? undefined : byHash.get(sha256(token));
  };
}
