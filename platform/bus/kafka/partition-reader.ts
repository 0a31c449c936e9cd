/**
 * Reads a partition without a group. kafkajs has no such function, but it gives a partition assigner access to its
 * connections.
 */
import { doublingPauses, retry } from '../../retry.ts';
import { createRequire } from 'node:module';
import type { Cluster, Kafka, KafkaMessage } from 'kafkajs';
import type { Message, TopicPartition } from '../bus.ts';
import { toMessage } from './kafka-message.ts';

/** kafkajs' own view of a fetched partition, without control records and aborted messages. */
type FetchedBatch = new (
  topic: string,
  fetchedOffset: string,
  partition: FetchedPartition,
) => {
  readonly messages: readonly KafkaMessage[];
  isEmptyDueToFiltering(): boolean;
  lastOffset(): string;
};

interface FetchedPartition {
  readonly partition: number;
  /**
   * `highWatermark` is the next offset to be written; `lastStableOffset` is where the first unfinished transaction
   * starts.
   */
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly messages: readonly unknown[];
}

interface FetchResponse {
  readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
}

const FetchedBatch = createRequire(import.meta.url)('kafkajs/src/consumer/batch') as FetchedBatch;

const READ_COMMITTED = 1;
const FETCH_BYTES = 4 * 1024 ** 2;
const WAIT_MS = 200;
/** Markers and compacted messages are never delivered, so a log that returns nothing this many times is at its end. */
const EMPTY_FETCHES = 3;
/**
 * A commit is acknowledged before its marker is in each partition (KIP-98, "EndTxnRequest"), so what was just committed
 * may still count as unfinished. We wait this long for it. A transaction that stays open longer belongs to another
 * process.
 */
const UNFINISHED_MS = 5_000;
const PAUSES = doublingPauses(100);

export interface PartitionReader {
  readAll(partition: TopicPartition, onMessages: (messages: readonly Message[]) => void): Promise<void>;
  close(): Promise<void>;
}

export function createPartitionReader(kafka: Kafka, retries: number): PartitionReader {
  let cluster: Cluster | undefined;
  // This consumer never joins a group: kafkajs asks it for its assigner, which receives the cluster.
  kafka.consumer({
    groupId: 'vigil-reader',
    allowAutoTopicCreation: false,
    retry: { retries },
    partitionAssigners: [
      (config) => {
        ({ cluster } = config);
        return {
          name: 'none',
          version: 1,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  return {
    readAll: async ({ topic, partition }, onMessages) => {
      if (cluster === undefined) throw new Error('kafkajs created no cluster');
      await readThrough(cluster, { topic, partition }, onMessages, retries);
    },
    close: async () => {
      if (cluster?.isConnected() === true) await cluster.disconnect();
    },
  };
}

async function readThrough(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  onMessages: (messages: readonly Message[]) => void,
  retries: number,
): Promise<void> {
  const attempt = attempts(cluster, retries);
  await attempt(() => cluster.addTargetTopic(topic));
  const earliest = async (): Promise<number> => {
    const [found] = await cluster.fetchTopicsOffset([{ topic, fromBeginning: true, partitions: [{ partition }] }]);
    return Number(found?.partitions[0]?.offset ?? 0);
  };
  let offset = await attempt(earliest);
  let end: number | undefined;
  let waitedSince: number | undefined;
  for (let empty = 0; end === undefined || (offset < end && empty < EMPTY_FETCHES);) {
    const from = String(offset);
    const minBytes = end === undefined ? 0 : 1;
    const data = await attempt(() => fetchFrom(cluster, { topic, partition }, from, minBytes));
    end ??= Number(data?.highWatermark ?? offset);
    const batch = data === undefined ? undefined : new FetchedBatch(topic, from, data);
    if (batch === undefined || (batch.messages.length === 0 && !batch.isEmptyDueToFiltering())) {
      if (data !== undefined && Number(data.lastStableOffset) < end) {
        waitedSince ??= performance.now();
        if (performance.now() - waitedSince > UNFINISHED_MS) return;
      } else empty += 1;
      continue;
    }
    empty = 0;
    waitedSince = undefined;
    const messages = batch.messages.map((message) => toMessage(topic, partition, message));
    const wanted = messages.filter((message) => message.offset < (end ?? 0));
    if (wanted.length > 0) onMessages(wanted);
    offset = Number(batch.lastOffset()) + 1;
  }
}

async function fetchFrom(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  fetchOffset: string,
  minBytes: number,
): Promise<FetchedPartition | undefined> {
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  const broker = await cluster.findBroker({ nodeId: nodeId ?? '' });
  const fetched = (await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: WAIT_MS,
    minBytes,
    maxBytes: FETCH_BYTES,
    topics: [{ topic, partitions: [{ partition, fetchOffset, maxBytes: FETCH_BYTES }] }],
  })) as FetchResponse;
  return fetched.responses[0]?.partitions[0];
}

/** Leaders move and connections break, so the cluster metadata is refreshed after each failure. */
function attempts(cluster: Cluster, retries: number): <T>(action: () => Promise<T>) => Promise<T> {
  return async <T>(action: () => Promise<T>): Promise<T> => {
    const attempt = async (failures: number): Promise<T> => {
      await cluster.connect();
      if (failures > 0) await cluster.refreshMetadata();
      return action();
    };
    return retry(attempt, {
      pauses: PAUSES,
      isRetryable: (error, failures) => failures <= retries && (error as { retriable?: boolean }).retriable !== false,
      onRetry: (error) => {
        const { host, port } = error as { host?: string; port?: number };
        if (host !== undefined && port !== undefined) cluster.removeBroker({ host, port });
      },
    });
  };
}
