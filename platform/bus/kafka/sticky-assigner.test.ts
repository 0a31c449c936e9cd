import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Claim, shareOut } from './sticky-assigner.ts';

const aTopic = fc.record({ name: fc.constantFrom('a', 'b', 'c'), partitions: fc.integer({ min: 1, max: 13 }) });
const someTopics = fc.uniqueArray(aTopic, { selector: ({ name }) => name, maxLength: 3 });
const owned = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 6 }),
);
const aClaim = fc.record({ id: fc.uuid(), topics: fc.subarray(['a', 'b', 'c']), owned });
const someClaims = fc.uniqueArray(aClaim, { selector: ({ id }) => id, maxLength: 6 });

describe('shareOut', () => {
  it('assigns every partition to exactly one subscriber, evenly', () => {
    fc.assert(
      fc.property(someTopics, someClaims, (topics, claims) => {
        const shares = shareOut(topics, claims);
        for (const { name, partitions } of topics) {
          const subscribed = claims.filter((claim) => claim.topics.includes(name));
          const sizes = subscribed.map(({ id }) => shares.get(id)?.[name]?.length ?? 0);
          const given = claims.flatMap(({ id }) => shares.get(id)?.[name] ?? []).sort((x, y) => x - y);
          expect(given).toEqual(subscribed.length === 0 ? [] : Array.from({ length: partitions }, (_, index) => index));
          if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(someTopics, someClaims, (topics, claims) => {
        const sorted = (order: readonly Claim[]) => [...shareOut(topics, order)].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted([...claims].reverse())).toEqual(sorted(claims));
      }),
    );
  });

  it('moves no more than necessary when a member joins or leaves', () => {
    const topics = [{ name: 'a', partitions: 12 }];
    const claim = (id: string, held: readonly number[]): Claim => ({ id, topics: ['a'], owned: { a: held } });
    const three = shareOut(topics, [claim('x', [0, 1, 2, 3, 4, 5]), claim('y', [6, 7, 8, 9, 10, 11]), claim('z', [])]);
    expect([...three.values()]).toEqual([{ a: [0, 1, 2, 3] }, { a: [6, 7, 8, 9] }, { a: [4, 5, 10, 11] }]);
    const two = shareOut(topics, [claim('x', [0, 1, 2, 3]), claim('y', [6, 7, 8, 9])]);
    expect([...two.values()]).toEqual([{ a: [0, 1, 2, 3, 4, 5] }, { a: [6, 7, 8, 9, 10, 11] }]);
  });

  it('ignores partitions that a member wrongly claims to own', () => {
    const claims = ['x', 'y'].map((id) => ({ id, topics: ['a'], owned: { a: [0, 0, 7, -1], other: [1] } }));
    expect([...shareOut([{ name: 'a', partitions: 2 }], claims).values()].map((share) => share['a']?.length)).toEqual([
      1, 1,
    ]);
  });
});
