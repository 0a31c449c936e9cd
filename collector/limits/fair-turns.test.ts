import { beforeEach, expect, it } from '@jest/globals';
import { type FairTurns, createFairTurns } from './fair-turns.ts';

let now = 0;
let turns: FairTurns;
let rounds: (() => void)[];
const begun: string[] = [];
beforeEach(() => {
  now = 0;
  rounds = [];
  begun.length = 0;
  turns = createFairTurns(
    (work) => rounds.push(work),
    () => now,
  );
});
/** Each takes 2 ms before it waits. */
const send = (sender: string, name: string): Promise<string> =>
  turns(sender, () => {
    begun.push(name);
    now += 2;
    return name.startsWith('bad') ? Promise.reject(new Error(name)) : Promise.resolve(name);
  });
const round = (): void => rounds.shift()?.();

it('takes turns between senders, in order within each', async () => {
  const sent = [
    ...['a1', 'a2', 'a3', 'a4'].map((name) => send('a', name)),
    send('b', 'b1'),
    send('c', 'c1'),
    send('b', 'b2'),
  ];
  while (rounds.length > 0) round();
  expect(begun).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  expect(await Promise.all(sent)).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2']);
});

it('serves a later sender before the remaining work of a busy one', () => {
  for (let n = 0; n < 100; n += 1) void send('crowd', `crowd-${n}`);
  round();
  expect(begun.length).toBeLessThan(5);
  void send('quiet', 'quiet');
  round();
  expect(begun.indexOf('quiet')).toBeLessThan(6);
  expect(rounds).toHaveLength(1);
});

it('passes a failure to its caller, and continues', async () => {
  const failed = send('a', 'bad');
  const next = send('a', 'good');
  while (rounds.length > 0) round();
  await expect(failed).rejects.toThrow('bad');
  expect(await next).toBe('good');
});
