/** The log between processes on Apache Kafka, using kafkajs. */
import kafkajs, { type Admin, type KafkaConfig, type Producer, logLevel } from 'kafkajs';
import type { Log } from '../../log.ts';
import { ShellError } from '../../shell-error.ts';
import type { Bus, OutgoingMessage, TopicSpec } from '../bus.ts';
import {
  ENVELOPE_BYTES,
  VALUE_BYTES,
  assertPartition,
  assertTopicName,
  envelopeBytes,
  fenced,
  tooLarge,
} from '../limits.ts';
import { partitionFor } from '../partitioner.ts';
import { committedOffsets, nameOf } from './group-coordinator.ts';
import { KafkaConsumption } from './kafka-consumption.ts';
import { kafkaError, kafkaLog } from './kafka-errors.ts';
import { type Addressed, KafkaPublisher, recordBytes } from './kafka-publisher.ts';
import { createPartitionReader } from './partition-reader.ts';
import { createTransactions, transactionalProducer } from './transactions.ts';

export interface KafkaBusOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: Log;
  readonly ssl?: NonNullable<KafkaConfig['ssl']>;
  readonly sasl?: NonNullable<KafkaConfig['sasl']>;
  /**
   * The brokers' `max.message.bytes`: each partition's batch is kept below it. Default 1 MiB, the same as the brokers'.
   */
  readonly maxMessageBytes?: number;
  /** A member of a group that sends no heartbeat for this long loses its partitions. Default 15 s. */
  readonly sessionMs?: number;
}

/** Kafka's default for `max.message.bytes` is 1 MiB and twelve bytes. */
const MESSAGE_BYTES = 1024 ** 2;
/** The number of partitions of a topic may grow while the process runs. */
const PARTITIONS_KNOWN_MS = 300_000;
const RETRIES = { retries: 8, initialRetryTime: 100, maxRetryTime: 3_000 } as const;
/**
 * Retries last about half a minute in all. The bus waits for a broker that restarts, since only the same producer can
 * repeat a request without duplicating messages. An unreachable broker is reported.
 */
const PRODUCER_RETRIES = { ...RETRIES, retries: 14 } as const;
const REQUEST_MS = 15_000;
const CONNECT_MS = 3_000;

/** Nothing is connected yet when this returns: an unreachable broker fails in the first call. */
export async function createKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const { log, maxMessageBytes = MESSAGE_BYTES } = options;
  const kafka = new kafkajs.Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: RETRIES,
    logLevel: logLevel.WARN,
    logCreator: kafkaLog(log),
  });
  const partitionCounts = new Map<string, { readonly count: number; readonly knownUntil: number }>();
  const consumptions = new Set<KafkaConsumption>();
  const reader = createPartitionReader(kafka, RETRIES.retries);
  let adminClient: Promise<Admin> | undefined;
  let closed = false;

  const working = new Set<Promise<unknown>>();
  /** Closing waits for calls that started before it. */
  const tracked = async <T>(work: Promise<T>): Promise<T> => {
    working.add(work);
    try {
      return await work;
    } finally {
      working.delete(work);
    }
  };

  const assertOpen = (): void => {
    if (closed) throw new ShellError('BUS_UNAVAILABLE', 'the bus is closed', { retryable: false });
  };

  const admin = async <T>(what: string, action: (client: Admin) => Promise<T>, topic?: string): Promise<T> => {
    assertOpen();
    adminClient ??= connectAdmin(kafka);
    const connecting = adminClient;
    try {
      return await action(await connecting);
    } catch (error) {
      // An error that the broker returned does not mean that the connection is broken.
      if (!(error instanceof kafkajs.KafkaJSProtocolError)) {
        if (adminClient === connecting) adminClient = undefined;
        await connecting.then((client) => client.disconnect()).catch(() => undefined);
      }
      throw kafkaError(error, what, topic);
    }
  };

  const publisher = new KafkaPublisher({
    maxBatchBytes: maxMessageBytes,
    createProducer: () => idempotentProducer(kafka),
  });

  const transactions = createTransactions({
    createProducer: (transactionalId) => transactionalProducer(kafka, transactionalId),
    assertHolds: async (group, partitions) => {
      const member = [...consumptions].find((consumption) => consumption.group === group);
      if (member !== undefined && partitions.length > 0) await member.assertHoldsAtCoordinator(partitions);
    },
  });

  const partitionsOf = async (topic: string): Promise<number> => {
    const known = partitionCounts.get(topic);
    if (known !== undefined && known.knownUntil > performance.now()) return known.count;
    const read = (client: Admin) => client.fetchTopicMetadata({ topics: [topic] });
    const { topics } = await admin(`reading about ${topic}`, read, topic);
    const count = topics[0]?.partitions.length ?? 0;
    partitionCounts.set(topic, { count, knownUntil: performance.now() + PARTITIONS_KNOWN_MS });
    return count;
  };

  /** Assigns a partition to every message, and rejects messages that are too large before anything is sent. */
  const address = async (messages: readonly OutgoingMessage[]): Promise<readonly Addressed[]> => {
    assertOpen();
    const counts = new Map<string, number>();
    for (const topic of new Set(messages.map((message) => message.topic))) counts.set(topic, await partitionsOf(topic));
    return messages.map((message) => {
      const count = counts.get(message.topic) ?? 0;
      const bytes = recordBytes(message);
      if (bytes > maxMessageBytes || message.value.byteLength > VALUE_BYTES) throw tooLarge(message, maxMessageBytes);
      if (envelopeBytes(message) > ENVELOPE_BYTES) throw tooLarge(message, ENVELOPE_BYTES);
      const partition = message.partition ?? partitionFor(message.key, count);
      assertPartition(message.topic, partition, count);
      return { message, partition, bytes };
    });
  };

  const publish: Bus['publish'] = async (messages) => publisher.publish(await address(messages));

  const publishWithOffsets: Bus['publishWithOffsets'] = async ({ transactionalId, group, messages, offsets }) => {
    const addressed = await address(messages);
    if (new Set(messages.map(({ topic }) => topic)).size > 1)
      throw new ShellError('BUS_BAD_STEP', 'all messages of one step must go to one topic', { retryable: false });
    const members = [...consumptions].filter((consumption) => consumption.group === group);
    for (const at of offsets) {
      if (members.length > 0 && !members.some((member) => member.isHolder(at)))
        throw fenced(`partition ${at.partition} of ${at.topic} belongs to another member of ${group}`);
    }
    await transactions.run({ transactionalId, group, batches: cut(addressed, maxMessageBytes), offsets });
    for (const member of members) member.noteCommitted(offsets);
  };

  return Promise.resolve({
    ensureTopics: async (specs) => {
      for (const { name } of specs) assertTopicName(name);
      await admin('creating topics', async (client) => {
        const existing = new Set(await client.listTopics());
        await compareSettings(
          client,
          specs.filter(({ name }) => existing.has(name)),
          log,
        );
        const missing = specs.filter(({ name }) => !existing.has(name));
        if (missing.length === 0) return;
        await client.createTopics({
          waitForLeaders: true,
          topics: missing.map((spec) => ({
            topic: spec.name,
            numPartitions: spec.partitions,
            configEntries: settings(spec),
          })),
        });
      });
    },
    partitionsOf,
    publish: (messages) => tracked(publish(messages)),
    consume: async (consumeOptions) => {
      assertOpen();
      for (const topic of consumeOptions.topics) await partitionsOf(topic);
      return KafkaConsumption.start({
        kafka,
        options: consumeOptions,
        admin,
        log,
        sessionMs: options.sessionMs ?? 15_000,
        onStarting: (consumption) => consumptions.add(consumption),
        onStopped: (consumption) => consumptions.delete(consumption),
      });
    },
    publishWithOffsets: (step) => tracked(publishWithOffsets(step)),
    readAll: async (partition, onMessages) => {
      assertPartition(partition.topic, partition.partition, await partitionsOf(partition.topic));
      try {
        await reader.readAll(partition, onMessages);
      } catch (error) {
        throw kafkaError(error, `reading ${partition.topic}`, partition.topic);
      }
    },
    offsets: async (topic) => {
      const found = await admin(`reading the offsets of ${topic}`, (client) => client.fetchTopicOffsets(topic), topic);
      return found
        .map(({ partition, low, high }) => ({ partition, earliest: Number(low), next: Number(high) }))
        .sort((a, b) => a.partition - b.partition);
    },
    positions: async (group, topic) => {
      const partitions = Array.from({ length: await partitionsOf(topic) }, (_, partition) => ({ topic, partition }));
      const found = await committedOffsets(admin, group, partitions);
      return partitions.map((at) => ({ partition: at.partition, offset: found.get(nameOf(at)) }));
    },
    ping: async () => {
      await admin('reaching the brokers', (client) => client.describeCluster());
    },
    close: async () => {
      if (closed) return;
      await Promise.all([...consumptions].map((consumption) => consumption.stop()));
      await Promise.allSettled(working);
      await publisher.close();
      await transactions.close();
      await reader.close();
      closed = true;
      await adminClient?.then((client) => client.disconnect()).catch(() => undefined);
    },
  });
}

async function connectAdmin(kafka: kafkajs.Kafka): Promise<Admin> {
  const client = kafka.admin({ retry: { ...RETRIES, retries: 4 } });
  await client.connect();
  return client;
}

async function idempotentProducer(kafka: kafkajs.Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    // Every message names its partition. Setting a partitioner keeps the library from warning about its new default.
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    retry: PRODUCER_RETRIES,
  });
  await producer.connect();
  return producer;
}

function settings({ cleanup, retentionMs, retentionBytes }: TopicSpec): { name: string; value: string }[] {
  const entries = [
    { name: 'cleanup.policy', value: cleanup },
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
  ];
  if (cleanup === 'delete' && retentionMs !== undefined)
    entries.push({ name: 'retention.ms', value: String(Math.ceil(retentionMs)) });
  if (cleanup === 'delete' && retentionBytes !== undefined)
    entries.push({ name: 'retention.bytes', value: String(retentionBytes) });
  return entries;
}

/** Altering a topic's settings resets those that the request omits, so differences are logged and not changed. */
async function compareSettings(client: Admin, existing: readonly TopicSpec[], log: Log): Promise<void> {
  if (existing.length === 0) return;
  const { resources } = await client.describeConfigs({
    includeSynonyms: false,
    resources: existing.map(({ name }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  for (const spec of existing) {
    const present = resources.find(({ resourceName }) => resourceName === spec.name)?.configEntries ?? [];
    for (const { name, value } of settings(spec)) {
      const actual = present.find(({ configName }) => configName === name)?.configValue;
      if (actual !== undefined && actual !== value)
        log.warn('a topic has another setting than this configuration; it is left as it is', {
          topic: spec.name,
          setting: name,
          actual,
          asked: value,
        });
    }
  }
}

/** Groups adjacent messages into parts that are each small enough for a single partition. */
function cut(messages: readonly Addressed[], maxBytes: number): readonly (readonly Addressed[])[] {
  const batches: Addressed[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    if (bytes + message.bytes > maxBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(message);
    bytes += message.bytes;
  }
  return batches;
}
