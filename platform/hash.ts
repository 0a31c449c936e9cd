/** The hash functions for ids, passed to pure code. */
import { createHash, hash } from 'node:crypto';

/** Returns the first 128 bits of the SHA-256 of the text, as 32 lower-case hex digits. */
export function hash128(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** Returns the SHA-256 of the bytes, as 64 lower-case hex digits. */
export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}

/** Most inputs fit into this buffer; one call over one buffer costs half as much as a hash object. */
const scratch = Buffer.allocUnsafe(16_384);
/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const WIDEST = 3;

/**
 * Like `hash128` over several parts, joined without separators: callers put fixed-length hashes or `\0` between texts.
 */
export function hashParts(...parts: readonly (string | Uint8Array)[]): string {
  let end = 0;
  for (const part of parts) {
    if (end + part.length * WIDEST > scratch.length) return hashLong(parts);
    if (typeof part === 'string') end += scratch.write(part, end);
    else {
      scratch.set(part, end);
      end += part.length;
    }
  }
  return hash('sha256', scratch.subarray(0, end), 'hex').slice(0, 32);
}

function hashLong(parts: readonly (string | Uint8Array)[]): string {
  const whole = createHash('sha256');
  for (const part of parts) whole.update(part);
  return whole.digest('hex').slice(0, 32);
}
