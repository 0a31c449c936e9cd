/**
 * Bearer tokens: `vigil_<id>_<secret>`. The id is ten hex digits and no secret; the secret is 256 random bits as 64 hex
 * digits. Nobody can guess 256 random bits, so a plain SHA-256 protects it as well as a slow hash, in microseconds.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256 } from '../../platform/hash.ts';

const FORM = /^vigil_([0-9a-f]{10})_[0-9a-f]{64}$/;

export interface NewToken {
  readonly id: string;
  /** Shown once; only its hash is stored. */
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

/** The id in a text that has the form of a token. */
export function idOfToken(token: string): string | undefined {
  return FORM.exec(token)?.[1];
}

/** Compares in constant time, so that the time reveals nothing about how much of the hash is right. */
export function isTokenOf(token: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(token), 'hex'), Buffer.from(hash, 'hex'));
}
