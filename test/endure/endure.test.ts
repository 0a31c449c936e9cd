/** What `npm run test:endure` holds the store against. */
import { expect, it } from '@jest/globals';
import { CAPTURED, requestOf } from './senders.ts';
import { differences, eventIdsOf } from './verdict.ts';

it('finds what is missing, twice, or nobody sent', () => {
  expect(differences(['a', 'b', 'c'], ['d', 'e'], ['a', 'c', 'c', 'd', 'x'])).toEqual({
    acknowledged: 3,
    missing: ['b'],
    twice: ['c'],
    unknown: ['x'],
    unheard: 1,
  });
  expect(differences(['a'], [], ['a'])).toMatchObject({ missing: [], twice: [], unknown: [] });
});

it('sends copies whose events have ids of their own', () => {
  // Every tenth capture is enough here: the long run checks them all.
  for (let index = 0; index < CAPTURED.length; index += 10) {
    const ids = [1, 2].map((copy) => eventIdsOf(requestOf({ index, copy })));
    expect(new Set(ids.flat()).size).toBe(new Set(ids[0]).size * 2);
  }
  expect(CAPTURED.length).toBeGreaterThan(100);
});
