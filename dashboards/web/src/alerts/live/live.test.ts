import { describe, expect, it } from '@jest/globals';
import { anAlert, idOf, NOW } from '../../../testing/fixtures.ts';
import { NOTHING_LIVE, PENDING_KEPT, accept, arrive, belongs, reachesShown, rowsOf } from './live.ts';

const a = anAlert('a', { time: NOW - 5 });
const b = anAlert('b', { time: NOW });

describe('the alerts that arrived during a gap', () => {
  const shown = new Map([[a.alertId, a.revision]]);
  it.each([
    { name: 'reach what is shown', items: [b, a], nextCursor: 'more', whole: true },
    { name: 'are all alerts there are', items: [b], nextCursor: null, whole: true },
    { name: 'end before what is shown', items: [b], nextCursor: 'more', whole: false },
    {
      name: 'include a shown alert only in a newer revision',
      items: [b, { ...a, revision: 9 }],
      nextCursor: 'more',
      whole: false,
    },
  ])('$name', ({ items, nextCursor, whole }) => {
    expect(reachesShown({ items, nextCursor }, shown)).toBe(whole);
    expect(reachesShown({ items, nextCursor }, new Map())).toBe(true);
  });
});

describe('live alerts', () => {
  it('wait in their newest revision, and go to the top newest first', () => {
    const grown = anAlert('a', { time: NOW - 1, revision: 3 });
    let live = [a, b, grown, a].reduce((state, alert) => arrive(state, alert, undefined), NOTHING_LIVE);
    expect([...live.pending.values()]).toEqual([grown, b]);
    live = accept(live);
    expect(live.accepted).toEqual([b, grown]);
    expect(live.pending.size).toBe(0);
  });

  it('that are already on the page do not wait', () => {
    expect(arrive(NOTHING_LIVE, a, 1)).toBe(NOTHING_LIVE);
    expect(arrive(NOTHING_LIVE, a, 0).pending.size).toBe(1);
  });

  it('beyond the limit are dropped, and the list says so', () => {
    let live = NOTHING_LIVE;
    for (let n = 0; n < PENDING_KEPT + 5; n += 1) live = arrive(live, { ...a, alertId: idOf(String(n)) }, undefined);
    expect([live.pending.size, live.overflow]).toEqual([PENDING_KEPT, true]);
  });

  it("are in the list once, in their newest revision, without changing the server's order", () => {
    const old = anAlert('a', { revision: 1 });
    const newer = anAlert('a', { revision: 2 });
    const c = anAlert('c', {});
    expect(
      rowsOf(
        [b],
        [
          [c, old],
          [newer, c],
        ],
      ).map(({ alertId, revision }) => [alertId, revision]),
    ).toEqual([
      [b.alertId, 1],
      [c.alertId, 1],
      [old.alertId, 2],
    ]);
  });

  it.each([
    { filter: {}, yes: true },
    { filter: { severity: ['high'] as const }, yes: false },
    { filter: { severity: ['high', 'medium'] as const }, yes: true },
    { filter: { detectionId: 'other' }, yes: false },
    { filter: { entity: a.entity.id }, yes: true },
    { filter: { range: '1h' as const }, yes: true },
    { filter: { to: '2020-01-01T00:00:00Z' }, yes: false },
  ])('match $filter: $yes', ({ filter, yes }) => {
    expect(belongs(a, filter, NOW)).toBe(yes);
  });
});
