/**
 * Maps received requests one after the other, in turns between senders: if one sender sends a hundred requests
 * together, one of them is mapped, then one of each other sender. Requests of one sender keep their order.
 */

/** @param work its synchronous part, before the first await, is what the turns schedule */
export type FairTurns = <T>(sender: string, work: () => Promise<T>) => Promise<T>;

/** Work continues for this long before the process reads new requests. */
const SLICE_MS = 5;

/**
 * @param later calls back after pending input was read: `setImmediate`
 * @param now ms
 */
export function createFairTurns(later: (work: () => void) => void, now: () => number): FairTurns {
  /** Waiting work by sender, in the order of their turns. */
  const queues = new Map<string, (() => void)[]>();
  let isSet = false;
  const runNext = (): void => {
    const [next] = queues;
    if (next === undefined) return;
    const [sender, queue] = next;
    const work = queue.shift();
    queues.delete(sender);
    if (queue.length > 0) queues.set(sender, queue);
    work?.();
  };
  const run = (): void => {
    isSet = false;
    const end = now() + SLICE_MS;
    do runNext();
    while (queues.size > 0 && now() < end);
    set();
  };
  const set = (): void => {
    if (isSet || queues.size === 0) return;
    isSet = true;
    later(run);
  };
  return (sender, work) =>
    new Promise((resolve, reject) => {
      const queue = queues.get(sender) ?? [];
      queue.push(() => {
        work().then(resolve, reject);
      });
      queues.set(sender, queue);
      set();
    });
}
