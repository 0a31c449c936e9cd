import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Expiry, createExpiry } from './expiry.ts';
import { type Position, createPosition } from './position.ts';
import { SEQUENCE_STEP } from './segments/segment-list.ts';

const AGE = 24_000;
let now: number;
let position: Position;
let expired: unknown[];
/** Ends of closed segments, and when something was last added to each. */
let ends: readonly { readonly end: number; readonly addedAt: number }[];

function start(maxAgeMs: number | undefined): Expiry {
  const segments = {
    closedBefore: (after: number, instant: number) =>
      ends.find(({ end, addedAt }) => end > after && addedAt < instant)?.end,
  };
  const losses = {
    unreadable: () => undefined,
    expired: (upToSequence: number, messages: number) => void expired.push({ upToSequence, messages }),
  };
  return createExpiry({ maxAgeMs, position, segments, losses, now: () => now });
}

beforeEach(() => {
  now = 1_000_000;
  expired = [];
  ends = [];
  position = createPosition({ nextSequence: SEQUENCE_STEP, publishedSequence: 0 });
});

describe('expiry', () => {
  it('skips each segment that has waited too long, and nothing younger', () => {
    position.written(6 * SEQUENCE_STEP, 0);
    ends = [
      { end: 2 * SEQUENCE_STEP, addedAt: now - AGE - 2 },
      { end: 3 * SEQUENCE_STEP, addedAt: now - AGE - 1 },
      { end: 4 * SEQUENCE_STEP, addedAt: now - AGE },
    ];
    start(undefined).expire();
    expect(position.published()).toBe(0);
    start(AGE).expire();
    expect(expired).toEqual([
      { upToSequence: 2 * SEQUENCE_STEP, messages: 2 },
      { upToSequence: 3 * SEQUENCE_STEP, messages: 1 },
    ]);
    expect(position.published()).toBe(3 * SEQUENCE_STEP);
  });

  it('rotates segments early only while entries wait and nothing is published', () => {
    const expiry = start(AGE);
    now += AGE;
    expect(expiry.rotateBegunBefore()).toBeUndefined();
    position.written(3 * SEQUENCE_STEP, 0);
    now += AGE / 24 - 1;
    expect(expiry.rotateBegunBefore()).toBeUndefined();
    now += 1;
    expect(expiry.rotateBegunBefore()).toBe(now - AGE / 24);
    expiry.moved();
    expect(expiry.rotateBegunBefore()).toBeUndefined();
    now += AGE;
    expect(start(undefined).rotateBegunBefore()).toBeUndefined();
  });
});
