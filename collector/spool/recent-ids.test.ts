import { expect, it } from '@jest/globals';
import { createRecentIds } from './recent-ids.ts';

const origin = (sender: string) => ({ tenant: 't', sender });

it('a sender of many records does not make it forget those of another', () => {
  const ids = createRecentIds(1_000, 10);
  ids.of(origin('quiet')).add('a');
  for (let n = 0; n < 10_000; n += 1) ids.of(origin('noisy')).add(String(n));
  expect([ids.of(origin('quiet')).has('a'), ids.of(origin('noisy')).has('a')]).toEqual([true, false]);
  expect([ids.of(origin('noisy')).has('9999'), ids.of(origin('noisy')).has('1')]).toEqual([true, false]);
});

it('remembers at least a share of its memory for each, and at most two', () => {
  const ids = createRecentIds(1_000, 10);
  for (let n = 0; n < 5_000; n += 1) for (const sender of ['a', 'b']) ids.of(origin(sender)).add(String(n));
  for (const sender of ['a', 'b']) {
    const known = Array.from({ length: 5_000 }, (_, n) => ids.of(origin(sender)).has(String(n))).filter(Boolean).length;
    expect(known).toBeGreaterThanOrEqual(500);
    expect(known).toBeLessThanOrEqual(1_500);
  }
});

it('forgets ids whose write failed', () => {
  const ids = createRecentIds().of(origin('a'));
  ids.add('x');
  ids.remove(['x']);
  expect(ids.has('x')).toBe(false);
});
