/**
 * A bus for a process that must be able to stop while its log does not answer. Some time after the stop signal, calls
 * still in progress fail. Nothing is lost, since the effect is the same as a kill at that moment.
 */
import { ShellError } from '../shell-error.ts';
import type { Bus, Consumption } from './bus.ts';

/** Time limits after the stop signal (ms): for calls in progress, for leaving the groups, and for closing. */
const CALL_MS = 1_500;
const LEAVE_MS = 2_000;
const CLOSE_MS = 2_500;

/** @param stopping aborted when the process must stop */
export function stoppableBus(bus: Bus, stopping: AbortSignal): Bus {
  let stoppedAt = performance.now();
  stopping.addEventListener('abort', () => (stoppedAt = performance.now()), { once: true });

  /** @throws ShellError BUS_UNAVAILABLE when the time is up, or what the work itself throws */
  const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    let begin = (): void => undefined;
    const over = new Promise<never>((_, reject) => {
      begin = () => {
        timer = setTimeout(() => reject(timedOut()), Math.max(0, stoppedAt + ms - performance.now()));
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
  /** Resolves when the work is finished or the time is up, whichever is first. */
  const atMost = async (ms: number, work: Promise<void>): Promise<void> => {
    try {
      await within(ms, work);
    } catch (error) {
      if (!(error instanceof ShellError && error.cause === TIMED_OUT)) throw error;
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

const TIMED_OUT = Symbol('timed out');

function timedOut(): ShellError {
  return new ShellError('BUS_UNAVAILABLE', 'the log did not answer in time, and this process is stopping', {
    retryable: true,
    cause: TIMED_OUT,
  });
}
