/** A log in memory that several simulated processes share. Each of them can be cut off at any point. */
import type {
  Batch,
  Bus,
  ConsumeOptions,
  Consumption,
  Message,
  OutgoingMessage,
  TopicPartition,
} from '../../platform/bus/bus.ts';
import { ShellError } from '../../platform/shell-error.ts';

export interface Process extends Bus {
  /** Number of operations so far that changed the log. */
  readonly writes: () => number;
  /** After `writes` more writes (none by default), nothing that this process does has any effect. */
  readonly killAfter: (writes: number) => void;
  readonly dead: () => boolean;
  /** The next writes fail as if the broker could not be reached. */
  readonly failNext: (count: number) => void;
  /** Resolves when every consumed partition has been read to its end and handled. */
  readonly drained: () => Promise<void>;
}

export interface Cluster {
  readonly messages: (topic: string) => readonly Message[];
  readonly process: () => Process;
  readonly append: (messages: readonly OutgoingMessage[]) => void;
}

const BATCH = 7;

export function createCluster(partitions: Readonly<Record<string, number>>): Cluster {
  const topics = new Map(
    Object.entries(partitions).map(([name, count]) => [name, Array.from({ length: count }, (): Message[] => [])]),
  );
  const groupOffsets = new Map<string, number>();
  const transactions = new Map<string, symbol>();
  const logOf = ({ topic, partition }: TopicPartition): Message[] => {
    const log = topics.get(topic)?.[partition];
    if (log === undefined) throw new Error(`no partition ${topic}/${partition}`);
    return log;
  };
  const append = (messages: readonly OutgoingMessage[]): void => {
    for (const { topic, key, partition, value, headers = {} } of messages) {
      const count = topics.get(topic)?.length ?? 0;
      const chosen = partition ?? Buffer.from(key).reduce((sum, byte) => sum + byte, 0) % count;
      const log = logOf({ topic, partition: chosen });
      log.push({ topic, partition: chosen, offset: log.length, timestamp: 0, key, value: Buffer.from(value), headers });
    }
  };

  const process = (): Process => {
    const me = Symbol('process');
    let writes = 0;
    let killAt = Infinity;
    let failures = 0;
    let handled = Promise.resolve();
    const isDead = (): boolean => writes >= killAt;
    /** A dead process waits forever, like a killed one. */
    const write = async (effect: () => void): Promise<void> => {
      await Promise.resolve();
      if (isDead()) return new Promise(() => undefined);
      if (failures > 0) {
        failures -= 1;
        throw new ShellError('BUS_UNAVAILABLE', 'the broker is unreachable', { retryable: true });
      }
      writes += 1;
      effect();
      return isDead() ? new Promise(() => undefined) : undefined;
    };

    const consume = async ({
      group,
      topics: names,
      onBatch,
      onAssigned,
      onRevoked,
    }: ConsumeOptions): Promise<Consumption> => {
      const assigned = names.flatMap((topic) =>
        Array.from(topics.get(topic) ?? [], (_, partition) => ({ topic, partition })),
      );
      const position = new Map<string, number>();
      const keyOf = ({ topic, partition }: TopicPartition): string => `${group}/${topic}/${partition}`;
      for (const given of (await onAssigned?.(assigned)) ?? []) position.set(keyOf(given), given.offset);
      let stopped = false;
      const consumption: Consumption = {
        commit: () => Promise.resolve(),
        stop: async () => {
          stopped = true;
          await handled;
          await onRevoked?.(assigned);
        },
      };
      const turn = async (): Promise<boolean> => {
        let any = false;
        for (const at of assigned) {
          const from = position.get(keyOf(at)) ?? groupOffsets.get(keyOf(at)) ?? 0;
          const log = logOf(at);
          const messages = log.slice(from, from + BATCH);
          if (messages.length === 0 || stopped || isDead()) continue;
          any = true;
          const batch: Batch = { ...at, messages, endOffset: log.length };
          try {
            await onBatch(batch, consumption);
            position.set(keyOf(at), from + messages.length);
          } catch (error) {
            if (!(error instanceof ShellError)) throw error;
            await pause();
          }
        }
        return any;
      };
      const loop = async (): Promise<void> => {
        while (!stopped && !isDead()) {
          let any = false;
          handled = turn().then((done) => {
            any = done;
          });
          await handled;
          // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by the turn
          await (any ? new Promise((resolve) => setImmediate(resolve)) : pause());
        }
      };
      void loop();
      drained = async () => {
        const behind = (): boolean => assigned.some((at) => (position.get(keyOf(at)) ?? 0) < logOf(at).length);
        while (behind() && !isDead() && !stopped) await pause();
      };
      return consumption;
    };

    let drained = (): Promise<void> => Promise.resolve();
    return {
      writes: () => writes,
      killAfter: (more) => (killAt = writes + more),
      dead: isDead,
      failNext: (count) => (failures = count),
      drained: () => drained(),
      ensureTopics: () => Promise.resolve(),
      partitionsOf: (topic) => Promise.resolve(topics.get(topic)?.length ?? 0),
      publish: (messages) => write(() => append(messages)),
      consume,
      publishWithOffsets: ({ transactionalId, group, messages, offsets }) => {
        const holder = transactions.get(transactionalId);
        const known = holders.get(me)?.has(transactionalId) === true;
        if (known && holder !== me) {
          // The next attempt gets a new producer.
          holders.get(me)?.delete(transactionalId);
          return Promise.reject(
            new ShellError('BUS_FENCED', `${transactionalId} was claimed by another process`, { retryable: false }),
          );
        }
        return write(() => {
          transactions.set(transactionalId, me);
          holders.set(me, (holders.get(me) ?? new Set()).add(transactionalId));
          append(messages);
          for (const { topic, partition, offset } of offsets)
            groupOffsets.set(`${group}/${topic}/${partition}`, offset);
        });
      },
      readAll: async (partition, onMessages) => {
        await Promise.resolve();
        const log = logOf(partition);
        for (let from = 0; from < log.length; from += BATCH) onMessages(log.slice(from, from + BATCH));
      },
      offsets: (topic) =>
        Promise.resolve(
          (topics.get(topic) ?? []).map((log, partition) => ({ partition, earliest: 0, next: log.length })),
        ),
      positions: (group, topic) =>
        Promise.resolve(
          (topics.get(topic) ?? []).map((_, partition) => ({
            partition,
            offset: groupOffsets.get(`${group}/${topic}/${partition}`),
          })),
        ),
      ping: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  };
  /** Transactional ids that each process has used. */
  const holders = new Map<symbol, Set<string>>();
  return { messages: (topic) => (topics.get(topic) ?? []).flat(), process, append };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
