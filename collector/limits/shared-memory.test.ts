import { expect, it } from '@jest/globals';
import { type SharedMemory, createSharedMemory } from './shared-memory.ts';

/** How much a sender gets in requests of this size. */
function fill(
  memory: SharedMemory,
  sender: string,
  size: number,
): { readonly got: number; readonly limit: string; release(): void } {
  const releases: (() => void)[] = [];
  for (let got = 0; ; got += size) {
    const request = memory.open(sender);
    releases.push(request.release);
    try {
      request.hold(size);
    } catch (error) {
      const { reason, limit } = error as { reason: string; limit: string };
      expect(reason).toBe('busy');
      return { got, limit, release: () => releases.forEach((release) => release()) };
    }
  }
}

it('leaves a third of the memory to others when one sender uses all it can', () => {
  const memory = createSharedMemory(3_000);
  const noisy = fill(memory, 'noisy', 10);
  expect([Math.abs(noisy.got - 2_000) <= 20, noisy.limit]).toEqual([true, 'share']);
  const second = fill(memory, 'second', 10);
  expect(second.got).toBeGreaterThanOrEqual(600);
  const third = memory.open('third');
  expect(() => third.hold(300)).not.toThrow();
  third.release();
  noisy.release();
  second.release();
  expect(fill(memory, 'second', 10).got).toBe(noisy.got);
});

it('admits no more than there is, from any number of senders', () => {
  const memory = createSharedMemory(1_000);
  let [held, refused] = [0, ''];
  for (let n = 0; refused === ''; n += 1) {
    try {
      memory.open(`sender-${n}`).hold(30);
      held += 30;
    } catch (error) {
      refused = (error as { limit: string }).limit;
    }
  }
  expect([held, refused]).toEqual([990, 'memory']);
});

it('does not limit a single request, and releases its memory', () => {
  const memory = createSharedMemory(100);
  const only = memory.open('one');
  only.hold(90);
  only.hold(500);
  expect(() => memory.open('two').hold(1)).toThrow(/too many requests/);
  only.release();
  expect(() => memory.open('two').hold(100)).not.toThrow();
});
