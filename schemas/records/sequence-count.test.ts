import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AgentEvent } from './agent-event.ts';
import { type SequenceCount, countSequence, shareSeen, totals } from './sequence-count.ts';

const event = (sequence: number, time: number, more: Partial<AgentEvent> = {}): AgentEvent =>
  ({ sequence, time, ...more }) as AgentEvent;
const countOf = (events: readonly AgentEvent[]): SequenceCount | undefined =>
  events.reduce<SequenceCount | undefined>(countSequence, undefined);
/** Sessions of so many processes, each of which counts from 0; now and then two records share a millisecond. */
const session = (lengths: readonly number[]): AgentEvent[] => {
  let time = 1_760_000_000_000;
  return lengths.flatMap((length) => Array.from({ length }, (_, n) => event(n, (time += n % 3))));
};

describe('the count of a session’s numbered records', () => {
  it('is whole where nothing is missing, over restarts too', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 200 }), { minLength: 1, maxLength: 5 }), (lengths) => {
        // Each process begins a while after the last one ended.
        const events = lengths.flatMap((length, run) =>
          session([length]).map((each) => ({ ...each, time: each.time + run * 1e6 })),
        );
        const count = countOf(events);
        expect(count && [shareSeen(count), count.restarts, totals(count).seen]).toEqual([
          1,
          lengths.length - 1,
          events.length,
        ]);
      }),
    );
  });

  it('takes what comes late for what it is', () => {
    const [a, b, c, d] = session([4]);
    const count = countOf([a, d, b, c].flatMap((each) => each ?? []));
    expect(count && [shareSeen(count), count.restarts]).toEqual([1, 0]);
  });

  it('counts a record once of which several events come, and no derived ones', () => {
    const events = session([10]).flatMap((each) => [each, each, { ...each, derivedFrom: 'a'.repeat(32) }]);
    const count = countOf(events);
    expect(count && totals(count)).toEqual({ expected: 10, seen: 10 });
  });

  it('is unknown where the agent does not number its records', () => {
    expect(countOf(session([5]).map(({ sequence: _, ...rest }) => rest as AgentEvent))).toBeUndefined();
  });

  it('knows an agent that counts from 1', () => {
    const count = countOf(session([9]).map((each) => ({ ...each, sequence: (each.sequence ?? 0) + 1 })));
    expect(count && totals(count)).toEqual({ expected: 9, seen: 9 });
  });

  it.each([1, 2, 5, 10, 20, 35, 50, 75, 90])('tells within two points that %d %% are missing', (percent) => {
    let seed = percent;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (const lengths of [[4_000], [1_000, 3_000], [500, 500, 500, 500, 500, 500]]) {
      const events = lengths.flatMap((length, run) =>
        session([length]).map((each) => ({ ...each, time: each.time + run * 1e7 })),
      );
      const kept = events.filter(() => random() * 100 >= percent);
      const count = countOf(kept);
      const missing = 100 * (1 - (count === undefined ? 0 : shareSeen(count)));
      const truth = 100 * (1 - kept.length / events.length);
      expect(Math.abs(missing - truth)).toBeLessThan(2);
    }
  });
});
