/**
 * A bus for a process that must be able to end while its log does not answer: some time after it was told to stop, what is
 * still under way is given up. Nothing is lost by that, it is what a kill at that moment would leave.
 */
import { ShellError } from '../shell-error.ts';
import type { Bus, Consumption } from './bus.ts';

/** After the order to stop: for what is being sent or asked; then for leaving the groups; then for closing (ms). */
const CALL_MS = 1_500;
const LEAVE_MS = 2_000;
const CLOSE_MS = 2_500;

/** @param stopping aborted when the process is to end */
export function stoppableBus(bus: Bus, stopping: AbortSignal): Bus {
  let toldAt = performance.now();
  stopping.addEventListener('abort', () => (toldAt = performance.now()), { once: true });

  /** @throws ShellError BUS_UNAVAILABLE when the time is over, or what the work itself throws */
  const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    let begin = (): void => undefined;
    const over = new Promise<never>((_, reject) => {
      begin = () => {
        timer = setTimeout(() => reject(givenUp()), Math.max(0, toldAt + ms - performance.now()));
      };
    });
    if (stopping.aborted) begin();
    else stopping.addEventListener('abort', begin, { once: true });
    try {
      return await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
      stopping.removeEventListener('abort', begin);
    }
  };
  /** Ends when the work does or the time is over, whichever comes first. */
  const atMost = async (ms: number, work: Promise<void>): Promise<void> => {
    try {
      await within(ms, work);
    } catch (error) {
      if (!(error instanceof ShellError && error.cause === GIVEN_UP)) throw error;
    }
  };
  const wrap = (consumption: Consumption): Consumption => ({
    commit: (positions) => within(CALL_MS, consumption.commit(positions)),
    stop: () => atMost(LEAVE_MS, consumption.stop()),
  });

  return {
    ensureTopics: (specs) => within(CALL_MS, bus.ensureTopics(specs)),
    partitionsOf: (topic) => within(CALL_MS, bus.partitionsOf(topic)),
    publish: (messages) => within(CALL_MS, bus.publish(messages)),
    publishWithOffsets: (step) => within(CALL_MS, bus.publishWithOffsets(step)),
    readAll: (partition, onMessages) => within(CALL_MS, bus.readAll(partition, onMessages)),
    offsets: (topic) => within(CALL_MS, bus.offsets(topic)),
    positions: (group, topic) => within(CALL_MS, bus.positions(group, topic)),
    ping: () => within(CALL_MS, bus.ping()),
    consume: async ({ onBatch, ...options }) => {
      const given = {
        ...options,
        onBatch: (...[batch, from]: Parameters<typeof onBatch>) => onBatch(batch, wrap(from)),
      };
      return wrap(await within(CALL_MS, bus.consume(given)));
    },
    close: () => atMost(CLOSE_MS, bus.close()),
  };
}

const GIVEN_UP = Symbol('given up');

function givenUp(): ShellError {
  return new ShellError('BUS_UNAVAILABLE', 'the log did not answer in time, and this process is to stop', {
    retryable: true,
    cause: GIVEN_UP,
  });
}
