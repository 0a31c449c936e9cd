/** AES-256-GCM over one piece of a file: 12 random bytes of nonce, the ciphertext, 16 bytes of tag. */
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** How much longer a sealed piece is. */
export const SEAL_BYTES = NONCE_BYTES + TAG_BYTES;

/**
 * Random nonces, because a place in a file is written twice when a torn end is cut off; with a key per file they never
 * come near the number at which two might meet.
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
  /** Stands first. */
  readonly nonce: Buffer;
  update(plain: Buffer): Buffer;
  /** Stands last; nothing is sealed after it. */
  tag(): Buffer;
}

/** For what is too long to be in memory twice. @param place where it stands: read at another place, it does not open */
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

/** @param place where it stands: read at another place, it does not open */
export function seal(key: Buffer, place: Buffer, plain: Buffer): Buffer {
  const sealer = createSealer(key, place);
  return Buffer.concat([sealer.nonce, sealer.update(plain), sealer.tag()], plain.length + SEAL_BYTES);
}

/** @returns undefined when it is not what was sealed there with this key */
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
