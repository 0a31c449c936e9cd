/** The hash that ids are made of, for handing to pure code. */
import { createHash, hash } from 'node:crypto';

/** First 128 bits of the SHA-256 of the text, as 32 lower-case hex digits. */
export function hash128(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** SHA-256 of the bytes, as 64 lower-case hex digits. */
export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}

/** Most records fit; one call over one buffer costs half of what a hash object does. */
const scratch = Buffer.allocUnsafe(16_384);
/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const WIDEST = 3;

/** `hash128` over several parts, joined without separators: callers put fixed-length hashes or `\0` between texts. */
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
