/** The excerpts of rejects are bounded, report what they omit, and contain no secret at a cut. */
import { describe, expect, it } from '@jest/globals';
import { hashParts, sha256 } from '../../platform/hash.ts';
import { Reject } from '../../schemas/records/reject.ts';
import { type Protection, createProtection } from '../privacy/protection.ts';
import { EXCERPT_BYTES, EXCERPT_BYTES_PER_REQUEST, DETAILED_RECORDS, RejectedRecords } from './rejected-records.ts';

const utf8 = new TextEncoder();
const real = createProtection(undefined, hashParts, () => undefined);

/** Rejects of records with these texts, and how much text was redacted for them (UTF-16 units). */
function tell(wholes: readonly (string | Uint8Array)[], detail = 'why') {
  let redacted = 0;
  const counted = (text: string): string => {
    redacted += text.length;
    return text;
  };
  const protection: Protection = {
    ...real,
    refused: (text, kept) => real.refused(counted(text), kept),
    detail: (text) => real.detail(counted(text)),
  };
  const rejectedRecords = new RejectedRecords({ tenant: 't', sender: 's', hash128: hashParts, sha256, protection });
  for (const [record, whole] of wholes.entries())
    rejectedRecords.add({ signal: 'log', record, reason: 'malformed_record', detail, whole, receivedAt: 1 });
  const rejects = rejectedRecords.finish().rejects.map((reject) => Reject.parse(reject));
  return { rejects, redacted, text: rejects.map(({ body }) => body).join('') };
}

describe('the excerpt of a reject', () => {
  it('is all of a short one, with no mark', () => {
    expect(tell(['short', utf8.encode('bytes')]).rejects.map(({ body }) => body)).toEqual(['short', 'bytes']);
  });

  it.each([
    ['text', (text: string) => text],
    ['bytes', (text: string) => utf8.encode(text)],
  ])('is a beginning of a long one (%s), with its hash, its length and what is left out', (_, as) => {
    const whole = 'ä'.repeat(8 * 1024 ** 2);
    const { rejects, redacted, text } = tell([as(whole)], 'z'.repeat(1024 ** 2));
    const sizeBytes = 16 * 1024 ** 2;
    expect(rejects[0]).toMatchObject({ sizeBytes, sha256: sha256(whole) });
    expect(text).toBe(
      `${'ä'.repeat(EXCERPT_BYTES / 2)}\n[LEFT OUT: ${sizeBytes - EXCERPT_BYTES} of ${sizeBytes} bytes]`,
    );
    expect(redacted).toBeLessThan(2 * EXCERPT_BYTES);
  });

  it('is little of many long ones together, each with its own hash', () => {
    const wholes = Array.from({ length: 200 }, (_, n) => `${n} ${'x'.repeat(100_000)}`);
    const { rejects, redacted } = tell(wholes);
    expect(redacted).toBeLessThan(1.5 * EXCERPT_BYTES_PER_REQUEST);
    expect(new Set(rejects.map(({ sha256: digest }) => digest)).size).toBe(200);
    expect(rejects.at(-1)?.body).toBe('[LEFT OUT: 100004 of 100004 bytes]');
  });

  it('is a number where there are too many', () => {
    const { rejects } = tell(Array.from({ length: DETAILED_RECORDS + 7 }, (_, n) => String(n)));
    expect(rejects).toHaveLength(DETAILED_RECORDS + 1);
    expect(rejects.at(-1)).toMatchObject({
      detail: 'why; this and 6 more records of the request are only counted',
      body: '[LEFT OUT: 5 of 5 bytes]',
    });
  });

  it('has no secret that lies across its end, nor one that markers before it would move into it', () => {
    const secret = `ghp_${'a1B2'.repeat(9)}`;
    const key = `-----BEGIN PRIVATE KEY-----\n${'Ab1/'.repeat(3_000)}\n-----END PRIVATE KEY-----`;
    for (let shift = 0; shift < 60; shift += 7) {
      const across = `${'x '.repeat(EXCERPT_BYTES / 2 - 30)}${'y'.repeat(shift)} ${secret} ${'z'.repeat(100_000)}`;
      expect(tell([across]).text).not.toContain('a1B2a1B2');
      const end = EXCERPT_BYTES + 8192;
      const moved =
        `${key} ${'x '.repeat((end - key.length) / 2)}`.slice(0, end - 50 + shift) + ` ${secret}${'z'.repeat(100_000)}`;
      expect(tell([moved]).text).not.toContain('ghp_');
    }
  });
});
