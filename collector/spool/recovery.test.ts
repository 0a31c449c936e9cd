import { expect, it } from '@jest/globals';
import { hash128 } from '../../platform/hash.ts';
import { TOPICS } from '../../schemas/topics.ts';
import type { ActorAssignment, Actors } from './actors/actors.ts';
import { createRecentIds } from './recent-ids.ts';
import { recover } from './recovery.ts';
import type { SpooledEntry } from './segments/segment-list.ts';

it('remembers the ids of the entries that are left, and the actors that their table does not have', () => {
  const entry = (sequence: number, topic: string, ...sessions: readonly string[]): SpooledEntry => ({
    topic,
    key: topic === TOPICS.events ? 't/s/user:ann' : 't',
    count: 1,
    sender: 's',
    signal: 'logs',
    records: 1,
    sequence,
    value: Buffer.from(
      sessions.map((sessionId) => JSON.stringify({ eventId: hash128(sessionId), sessionId })).join('\n'),
    ),
  });
  const held: ActorAssignment[] = [];
  const actors = {
    keptTo: () => 1024,
    hold: (assignments: readonly ActorAssignment[]) => void held.push(...assignments),
    request: () => {
      const made: ActorAssignment[] = [];
      return {
        assign: (sessionKey: string, actor: string) => void made.push({ sessionKey, actor, actorKey: actor }),
        assignments: () => made,
      };
    },
  } as unknown as Actors;
  const recentIds = createRecentIds();
  const kept = [
    entry(1024, TOPICS.events, 'old'),
    entry(2048, TOPICS.rejects, 'reject'),
    entry(3072, TOPICS.events, 'one', 'two'),
  ];
  recover({ kept: () => kept }, actors, recentIds);
  const ids = recentIds.of({ tenant: 't', sender: 's' });
  expect(['old', 'one', 'two', 'three'].map((session) => ids.has(hash128(session)))).toEqual([true, true, true, false]);
  expect(held).toEqual(
    ['one', 'two'].map((name) => ({ sessionKey: name, actor: 's/user:ann', actorKey: 's/user:ann' })),
  );
});
