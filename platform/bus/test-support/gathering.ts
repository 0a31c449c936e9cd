/** Consumers for tests, and waiting for what must come. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Bus, ConsumeOptions, Consumption, Message } from '../bus.ts';

/** @throws Error with `what` when it has not become true */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  for (const giveUpAt = Date.now() + ms; Date.now() < giveUpAt;) {
    if (await isTrue()) return;
    await sleep(10);
  }
  throw new Error(`it did not come about that ${what}`);
}

export interface Gathering extends Consumption {
  readonly messages: readonly Message[];
  readonly batches: readonly Batch[];
  /** Texts of the values, in the order in which they came. */
  texts(): readonly string[];
}

/** Consumes and, unless told otherwise, commits after each batch. */
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

/** Runs `promise` and gives what it throws, to be looked at. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  );
}
