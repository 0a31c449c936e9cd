import { expect, it } from '@jest/globals';
import { silentLog } from '../../../platform/log.ts';
import { createActorKeeper } from './actor-keeper.ts';

it('writes held assignments every five seconds, and later if the disk is full', () => {
  let now = 1_000_000;
  let isFull = false;
  const kept: number[] = [];
  let isHolding = true;
  const actors = {
    isHolding: () => isHolding,
    forget: () => {
      if (isFull) throw new Error('no space left');
    },
    keep: (sequence: number) => {
      if (isFull) throw new Error('no space left');
      kept.push(sequence);
      isHolding = false;
    },
  };
  const keeper = createActorKeeper(actors, () => now, silentLog);
  keeper.keepIfDue(1);
  expect(kept).toEqual([]);
  now += 5_000;
  isFull = true;
  keeper.keepIfDue(2);
  expect(keeper.keep(3)).toBe(false);
  keeper.tidy();
  isFull = false;
  keeper.keepIfDue(4);
  now += 5_000;
  keeper.keepIfDue(5);
  expect(kept).toEqual([5]);
  isHolding = true;
  expect(keeper.keep(6)).toBe(true);
});
