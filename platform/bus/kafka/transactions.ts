/** Keeps one transactional producer per id. Its epoch fences off an older holder of the same id. */
import { retry } from '../../retry.ts';
import kafkajs, { type Kafka, type Producer, type Transaction } from 'kafkajs';
import type { TopicPartition } from '../bus.ts';
import { isType, kafkaError } from './kafka-errors.ts';
import { type Addressed, sendWithin } from './kafka-publisher.ts';

export interface Step {
  readonly transactionalId: string;
  readonly group: string;
  readonly batches: readonly (readonly Addressed[])[];
  readonly offsets: readonly (TopicPartition & { readonly offset: number })[];
}

export interface TransactionsDeps {
  readonly createProducer: (transactionalId: string) => Promise<Producer>;
  /** Called after a new epoch was obtained, before anything is written under it. @throws ShellError BUS_FENCED */
  readonly assertHolds: (group: string, partitions: readonly TopicPartition[]) => Promise<void>;
}

export interface Transactions {
  /** @throws ShellError BUS_FENCED, BUS_UNAVAILABLE, BUS_MESSAGE_TOO_LARGE */
  run(step: Step): Promise<void>;
  close(): Promise<void>;
}

const BUSY_PAUSE_MS = 20;
const BUSY_ATTEMPTS = 100;

export function transactionalProducer(kafka: Kafka, transactionalId: string): Promise<Producer> {
  const producer = kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    transactionTimeout: 30_000,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    // The broker is still finishing the previous transaction and says so; ask again soon.
    retry: { retries: 12, initialRetryTime: 20, maxRetryTime: 2_000 },
  });
  return producer.connect().then(() => producer);
}

export function createTransactions({ createProducer, assertHolds }: TransactionsDeps): Transactions {
  const producers = new Map<string, Producer>();
  const busy = new Map<string, Promise<unknown>>();

  const discard = async (transactionalId: string): Promise<void> => {
    const producer = producers.get(transactionalId);
    producers.delete(transactionalId);
    await producer?.disconnect().catch(() => undefined);
  };

  const begin = async ({ transactionalId, group, offsets }: Step): Promise<Transaction> => {
    const known = producers.get(transactionalId);
    if (known !== undefined) return known.transaction();
    const producer = await createProducer(transactionalId);
    producers.set(transactionalId, producer);
    const transaction = await producer.transaction();
    // This order matters: a process that is assigned the partition after this check obtains a newer epoch than ours.
    await assertHolds(group, offsets);
    return transaction;
  };

  const runAlone = async (step: Step): Promise<void> => {
    let transaction: Transaction | undefined;
    try {
      transaction = await begin(step);
      for (const batch of step.batches) await sendWithin(transaction, batch);
      await sendOffsets(transaction, step);
      await transaction.commit();
    } catch (error) {
      if (transaction?.isActive() === true) await transaction.abort().catch(() => undefined);
      await discard(step.transactionalId);
      throw kafkaError(error, `the step of ${step.transactionalId}`, step.batches[0]?.[0]?.message.topic);
    }
  };

  return {
    run: async (step) => {
      const before = busy.get(step.transactionalId) ?? Promise.resolve();
      const done = before.then(() => runAlone(step));
      const settled = done.catch(() => undefined);
      busy.set(step.transactionalId, settled);
      try {
        await done;
      } finally {
        if (busy.get(step.transactionalId) === settled) busy.delete(step.transactionalId);
      }
    },
    close: async () => {
      await Promise.all(busy.values());
      await Promise.all([...producers.keys()].map(discard));
    },
  };
}

async function sendOffsets(transaction: Transaction, { group, offsets }: Step): Promise<void> {
  if (offsets.length === 0) return;
  const topics = [...new Set(offsets.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: offsets
      .filter((at) => at.topic === topic)
      .map(({ partition, offset }) => ({ partition, offset: String(offset) })),
  }));
  await retry(() => transaction.sendOffsets({ consumerGroupId: group, topics }), {
    pauses: () => BUSY_PAUSE_MS,
    isRetryable: (error, failures) => isType(error, 'CONCURRENT_TRANSACTIONS') && failures < BUSY_ATTEMPTS,
  });
}
