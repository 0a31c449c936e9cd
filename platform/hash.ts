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
