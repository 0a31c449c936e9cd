import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { hash128, hashParts, sha256 } from './hash.ts';

const whole = (parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

describe('hashes', () => {
  it('are SHA-256 over the concatenated parts, however long they are', () => {
    const part = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 50 }),
      fc.uint8Array({ maxLength: 50 }),
      fc.nat(9_000).map((length) => 'é'.repeat(length)),
      fc.nat(20_000).map((length) => new Uint8Array(length).fill(7)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        expect(hashParts(...parts)).toBe(whole(parts).slice(0, 32));
      }),
    );
  });

  it('of one text are the same with both functions', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect([hash128(text), sha256(text), sha256(Buffer.from(text))]).toEqual([
          hashParts(text),
          whole([text]),
          whole([text]),
        ]);
      }),
    );
  });
});
