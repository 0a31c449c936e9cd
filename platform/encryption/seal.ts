/** AES-256-GCM over one part of a file: a nonce of 12 random bytes, the ciphertext, a tag of 16 bytes. */
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** How many bytes sealing adds. */
export const SEAL_BYTES = NONCE_BYTES + TAG_BYTES;

/**
 * Nonces are random because a position in a file is written twice after a torn end was cut off. With one key per file
 * their number stays far below the point where two could be equal.
 */
const nonces = Buffer.alloc(NONCE_BYTES * 1024);
let nextNonce = nonces.length;

function newNonce(): Buffer {
  if (nextNonce === nonces.length) {
    randomFillSync(nonces);
    nextNonce = 0;
  }
  nextNonce += NONCE_BYTES;
  return nonces.subarray(nextNonce - NONCE_BYTES, nextNonce);
}

export interface Sealer {
  /** Written before the ciphertext. */
  readonly nonce: Buffer;
  update(plain: Buffer): Buffer;
  /** Written after the ciphertext; nothing can be sealed after it. */
  tag(): Buffer;
}

/**
 * Seals data that is too large to be in memory twice. @param place where the data is stored: it does not open at
 * another place
 */
export function createSealer(key: Buffer, place: Buffer): Sealer {
  const nonce = newNonce();
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(place);
  return {
    nonce,
    update: (plain) => cipher.update(plain),
    tag: () => {
      cipher.final();
      return cipher.getAuthTag();
    },
  };
}

/** @param place where the data is stored: it does not open at another place */
export function seal(key: Buffer, place: Buffer, plain: Buffer): Buffer {
  const sealer = createSealer(key, place);
  return Buffer.concat([sealer.nonce, sealer.update(plain), sealer.tag()], plain.length + SEAL_BYTES);
}

/** @returns undefined when this key did not seal it at this place */
export function unseal(key: Buffer, place: Buffer, sealed: Buffer): Buffer | undefined {
  if (sealed.length < SEAL_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAAD(place);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plain;
}
