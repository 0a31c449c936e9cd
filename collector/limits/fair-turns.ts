/**
 * Requests that are here are mapped one after the other, and their senders take turns: of one that sends a hundred at
 * once, one is taken before the next of everybody else. Those of one sender keep their order.
 */

/** @param work what it does before it first waits is what turns are for */
export type FairTurns = <T>(sender: string, work: () => Promise<T>) => Promise<T>;

/** Work goes on for this long before the process hears of new requests. */
const SLICE_MS = 5;

/**
 * @param later calls back when what has arrived meanwhile has been heard of: `setImmediate`
 * @param now ms
 */
export function createFairTurns(later: (work: () => void) => void, now: () => number): FairTurns {
  /** In the order in which the senders are next. */
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
