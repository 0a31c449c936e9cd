/** Consumers for tests, and waiting for a condition. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Bus, ConsumeOptions, Consumption, Message } from '../bus.ts';

/** @throws Error with `what` when it does not become true in time */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  for (const giveUpAt = Date.now() + ms; Date.now() < giveUpAt;) {
    if (await isTrue()) return;
    await sleep(10);
  }
  throw new Error(`timed out waiting until ${what}`);
}

export interface Gathering extends Consumption {
  readonly messages: readonly Message[];
  readonly batches: readonly Batch[];
  /** The values as text, in order of arrival. */
  texts(): readonly string[];
}

/** Consumes and, by default, commits after each batch. */
export async function gather(
  bus: Bus,
  options: Omit<ConsumeOptions, 'onBatch'> & {
    readonly commit?: boolean;
    readonly onBatch?: ConsumeOptions['onBatch'];
  },
): Promise<Gathering> {
  const messages: Message[] = [];
  const batches: Batch[] = [];
  const { commit = true, onBatch, ...rest } = options;
  const consumption = await bus.consume({
    ...rest,
    onBatch: async (batch, own) => {
      await onBatch?.(batch, own);
      batches.push(batch);
      messages.push(...batch.messages);
      const { topic, partition } = batch;
      if (commit) await own.commit([{ topic, partition, offset: (batch.messages.at(-1)?.offset ?? 0) + 1 }]);
    },
  });
  return {
    messages,
    batches,
    texts: () => messages.map(({ value }) => value.toString('utf8')),
    commit: (positions) => consumption.commit(positions),
    stop: () => consumption.stop(),
  };
}

/** Awaits `promise` and returns what it throws. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  );
}
