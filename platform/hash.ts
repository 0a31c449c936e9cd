/** The hash that ids are made of, for handing to pure code. */
import { createHash } from 'node:crypto';

/** First 128 bits of the SHA-256 of the text, as 32 lower-case hex digits. */
export function hash128(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** SHA-256 of the bytes, as 64 lower-case hex digits. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `hash128` over several parts, joined without separators: callers put fixed-length hashes or `\0` between texts. */
export function hashParts(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 32);
}
