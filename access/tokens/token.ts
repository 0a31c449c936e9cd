/**
 * Bearer tokens: `vigil_<id>_<secret>`, the id ten hex digits that may be told, the secret 256 random bits as 64 hex
 * digits. With that much chance in it a plain SHA-256 is as good to keep as a slow hash, and costs microseconds.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256 } from '../../platform/hash.ts';

const FORM = /^vigil_([0-9a-f]{10})_[0-9a-f]{64}$/;

export interface NewToken {
  readonly id: string;
  /** Told once; only its hash is kept. */
  readonly token: string;
  readonly sha256: string;
}

export function newId(): string {
  return randomBytes(5).toString('hex');
}

export function newToken(): NewToken {
  const id = newId();
  const token = `vigil_${id}_${randomBytes(32).toString('hex')}`;
  return { id, token, sha256: sha256(token) };
}

/** The id of what looks like a token. */
export function idOfToken(token: string): string | undefined {
  return FORM.exec(token)?.[1];
}

/** Whether the hash is the token's, in a time that does not tell how much of it is. */
export function isTokenOf(token: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(token), 'hex'), Buffer.from(hash, 'hex'));
}
