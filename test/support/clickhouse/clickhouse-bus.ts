/** A log in memory for tests of the store: it cuts batches as it likes, and gives everything again that was not committed. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Bus, Consumption, Message, OutgoingMessage } from '../../../platform/bus/bus.ts';

export interface MemoryBus extends Bus {
  /** All messages of a topic, by partition. */
  messagesOf(topic: string): readonly (readonly Message[])[];
  /** Next offset by `group topic partition`. */
  readonly committed: ReadonlyMap<string, number>;
  /** Messages that no group of this topic has committed yet. */
  uncommitted(group: string, topic: string): number;
}

export interface MemoryBusOptions {
  readonly partitions?: number;
  /** Most messages in one batch, asked anew for each. */
  readonly cut?: () => number;
  /** Positions are kept here, so that another process goes on from them. */
  readonly positionsFile?: string;
}

export function createMemoryBus({ partitions = 2, cut = () => 10, positionsFile }: MemoryBusOptions = {}): MemoryBus {
  const topics = new Map<string, Message[][]>();
  const saved = positionsFile !== undefined && existsSync(positionsFile) ? readFileSync(positionsFile, 'utf8') : '[]';
  const committed = new Map(JSON.parse(saved) as [string, number][]);
  const topicOf = (name: string): Message[][] => {
    const found = topics.get(name) ?? Array.from({ length: partitions }, () => []);
    topics.set(name, found);
    return found;
  };
  const partitionOf = (key: string): number => Buffer.from(key).reduce((sum, byte) => sum + byte, 0) % partitions;

  const publish = (messages: readonly OutgoingMessage[]): Promise<void> => {
    for (const { topic, key, partition = partitionOf(key), value, headers = {} } of messages) {
      const log = topicOf(topic)[partition];
      log?.push({
        topic,
        partition,
        offset: log.length,
        timestamp: 1_760_000_000_000 + log.length,
        key,
        value: Buffer.from(value),
        headers,
      });
    }
    return Promise.resolve();
  };

  const bus: MemoryBus = {
    committed,
    messagesOf: (topic) => topicOf(topic),
    uncommitted: (group, topic) =>
      topicOf(topic).reduce((sum, log, at) => sum + log.length - (committed.get(`${group} ${topic} ${at}`) ?? 0), 0),
    ensureTopics: () => Promise.resolve(),
    partitionsOf: () => Promise.resolve(partitions),
    publish,
    publishWithOffsets: ({ messages }) => publish(messages),
    readAll: ({ topic, partition }, onMessages) => {
      onMessages(topicOf(topic)[partition] ?? []);
      return Promise.resolve();
    },
    offsets: (topic) =>
      Promise.resolve(topicOf(topic).map((log, partition) => ({ partition, earliest: 0, next: log.length }))),
    positions: (group, topic) =>
      Promise.resolve(
        topicOf(topic).map((_, partition) => ({ partition, offset: committed.get(`${group} ${topic} ${partition}`) })),
      ),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
    consume: async ({ group, topics: names, onBatch, onAssigned }) => {
      const ended = new AbortController();
      const read = new Map<string, number>();
      const assigned = names.flatMap((topic) => topicOf(topic).map((_, partition) => ({ topic, partition })));
      for (const { topic, partition, offset } of (await onAssigned?.(assigned)) ?? [])
        read.set(`${topic} ${partition}`, offset);
      const consumption: Consumption = {
        commit: (positions) => {
          for (const { topic, partition, offset } of positions) committed.set(`${group} ${topic} ${partition}`, offset);
          if (positionsFile !== undefined) {
            writeFileSync(`${positionsFile}.new`, JSON.stringify([...committed]));
            renameSync(`${positionsFile}.new`, positionsFile);
          }
          return Promise.resolve();
        },
        stop: async () => {
          ended.abort();
          await running;
        },
      };
      const run = async (): Promise<void> => {
        while (!ended.signal.aborted) {
          for (const { topic, partition } of assigned) {
            const log = topicOf(topic)[partition] ?? [];
            const at = read.get(`${topic} ${partition}`) ?? committed.get(`${group} ${topic} ${partition}`) ?? 0;
            const messages = log.slice(at, at + Math.max(1, cut()));
            if (messages.length === 0) continue;
            const batch: Batch = { topic, partition, messages, endOffset: log.length };
            try {
              await onBatch(batch, consumption);
              read.set(`${topic} ${partition}`, at + messages.length);
            } catch {
              // The same messages come again.
            }
          }
          await sleep(2);
        }
      };
      const running = run();
      return consumption;
    },
  };
  return bus;
}
