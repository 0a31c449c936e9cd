/** The log between the processes of one machine: LMDB files in one folder that any number of processes can open. */
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { DataKey } from '../../encryption/data-key.ts';
import { type Log, silentLog } from '../../log.ts';
import { ShellError, messageOf } from '../../shell-error.ts';
import type { Bus, ConsumeOptions, Message, TopicPartition } from '../bus.ts';
import { BATCH_BYTES, assertPartition, assertTopicName, fenced, unknownTopic } from '../limits.ts';
import { CompactedTopic } from './compacted-topic.ts';
import { EmbeddedConsumption } from './embedded-consumption.ts';
import { Membership } from './membership.ts';
import { MetaStore, type StoredTopic } from './meta-store.ts';
import { thisProcess } from '../../process/process-identity.ts';
import { createPublisher } from './publisher.ts';
import type { Entry } from './message-encoding.ts';
import { SegmentedTopic } from './segmented-topic.ts';
import { createWake } from './wake.ts';

export interface EmbeddedBusOptions {
  /** Folder of the log; created if missing. */
  readonly path: string;
  readonly log?: Log;
  /** Encrypts the folder, which must have been created with the same key. Without a key the folder is in plaintext. */
  readonly key?: DataKey | undefined;
  /** A segment is sealed at this size and later deleted whole. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Without it, other processes' writes are only noticed by polling. Default true. */
  readonly wake?: boolean;
  /** How often consumers poll when nothing wakes them. Default 250 ms. */
  readonly pollMs?: number;
  /** A member of a group that sends no heartbeat for this long loses its partitions. Default 10 s. */
  readonly leaseMs?: number;
  /** How often retention is applied. Default 30 s. */
  readonly sweepMs?: number;
  readonly now?: () => number;
}

export interface EmbeddedBus extends Bus {
  /** Applies retention now. */
  sweep(): void;
}

const SEGMENT_BYTES = 64 * 1024 ** 2;
const SMALLEST_SEGMENT_BYTES = 1024 ** 2;
/**
 * A topic with a size limit has at least this many segments, so that deleting one segment removes only a small part.
 */
const SEGMENTS_PER_RETENTION = 8;
const MAX_PARTITIONS = 4_096;
const GROUP_CHARACTERS = 255;

/** @throws ShellError BUS_CORRUPT when the folder contains other files, BUS_UNAVAILABLE when it is not writable */
export async function createEmbeddedBus(options: EmbeddedBusOptions): Promise<EmbeddedBus> {
  const log = options.log ?? silentLog;
  const now = options.now ?? Date.now;
  const path = resolve(options.path);
  const leaseMs = options.leaseMs ?? 10_000;
  const holder = randomUUID();
  const self = thisProcess();
  const meta = MetaStore.open(path, options.key);
  const wake = createWake(options.wake === false ? undefined : path);
  const topics = new Map<string, SegmentedTopic | CompactedTopic>();
  const consumptions = new Set<EmbeddedConsumption>();
  /** Transactional ids that, as far as this bus knows, it was the last to claim. */
  const claimed = new Set<string>();
  let closed = false;

  const openTopic = (stored: StoredTopic): SegmentedTopic | CompactedTopic => {
    if (stored.cleanup === 'compact') return new CompactedTopic(meta, stored, now);
    const { name, partitions, retentionMs, retentionBytes } = stored;
    const wanted = options.segmentBytes ?? SEGMENT_BYTES;
    const share = Math.max(SMALLEST_SEGMENT_BYTES, (retentionBytes ?? Infinity) / SEGMENTS_PER_RETENTION);
    return new SegmentedTopic({
      path: join(path, 'topics', name),
      topic: name,
      partitions,
      segmentBytes: Math.min(wanted, share),
      ...(retentionMs === undefined ? {} : { retentionMs }),
      ...(retentionBytes === undefined ? {} : { retentionBytes }),
      key: options.key,
      exclusion: meta.lock,
      now,
    });
  };

  const assertOpen = (): void => {
    if (closed) throw new ShellError('BUS_UNAVAILABLE', 'the bus is closed', { retryable: false });
  };

  const storedTopic = (name: string): StoredTopic => {
    assertOpen();
    const stored = meta.topic(name);
    if (stored === undefined) throw unknownTopic(name);
    return stored;
  };

  const topicOf = (name: string): SegmentedTopic | CompactedTopic => {
    const stored = storedTopic(name);
    const topic = topics.get(name) ?? openTopic(stored);
    topics.set(name, topic);
    return topic;
  };

  const settleOutbox = (name: string): void => {
    const topic = topicOf(name);
    if (topic instanceof CompactedTopic) return;
    const waiting = meta.outbox(storedTopic(name));
    if (waiting.length === 0) return;
    for (const { sequence, entries } of waiting) topic.append(entries, sequence);
    meta.removeOutbox(
      storedTopic(name),
      waiting.map(({ sequence }) => sequence),
    );
    wake.poke();
  };

  const publisher = createPublisher({
    topicOf: (name) => meta.topic(name),
    append: (name, entries) => {
      settleOutbox(name);
      topicOf(name).append(entries);
    },
    onCommitted: () => wake.poke(),
  });

  const assertOwned = (group: string, positions: readonly TopicPartition[]): void => {
    const members = [...consumptions].filter((consumption) => consumption.group === group);
    if (members.length === 0) return;
    for (const position of positions) {
      if (!members.some((member) => member.isHolder(position)))
        throw fenced(`partition ${position.partition} of ${position.topic} belongs to another member of ${group}`);
    }
  };

  const publishWithOffsets: Bus['publishWithOffsets'] = async ({ transactionalId, group, messages, offsets }) => {
    assertOpen();
    assertGroup(group);
    const encoded = [...publisher.encode(messages)];
    if (encoded.length > 1)
      throw new ShellError('BUS_BAD_STEP', 'all messages of one step must go to one topic', { retryable: false });
    const [target, entries = []]: readonly [string?, (readonly Entry[])?] = encoded[0] ?? [];
    await publisher.drain();
    const topic = target === undefined ? undefined : topicOf(target);
    try {
      meta.transact(() => {
        if (claimed.has(transactionalId)) meta.assertHolder(transactionalId, holder);
        else meta.claim(transactionalId, holder);
        assertOwned(group, offsets);
        if (topic instanceof CompactedTopic) topic.put(entries);
        else if (target !== undefined) meta.putOutbox(storedTopic(target), entries);
        meta.putOffsets(group, offsets);
      });
      claimed.add(transactionalId);
    } catch (error) {
      // If this bus is assigned the partition again, it must claim the id anew.
      if (error instanceof ShellError && error.code === 'BUS_FENCED') claimed.delete(transactionalId);
      throw error;
    }
    if (target !== undefined) settleOutbox(target);
    wake.poke();
  };

  const consume: Bus['consume'] = async (consumeOptions: ConsumeOptions) => {
    assertOpen();
    const { group } = consumeOptions;
    assertGroup(group);
    const names = [...new Set(consumeOptions.topics)];
    const membership = new Membership({
      meta,
      group,
      memberId: randomUUID(),
      process: self,
      topics: names.map((name) => ({ name, partitions: storedTopic(name).partitions })),
      leaseMs,
      now,
    });
    membership.renew();
    membership.markStale();
    const consumption: EmbeddedConsumption = new EmbeddedConsumption({
      options: consumeOptions,
      meta,
      membership,
      topicOf,
      settleOutbox: () => names.forEach(settleOutbox),
      listen: (listener) => wake.listen(listener),
      poke: () => wake.poke(),
      log,
      pollMs: options.pollMs ?? 250,
      heartbeatMs: leaseMs / 4,
      onStopped: () => consumptions.delete(consumption),
    });
    consumptions.add(consumption);
    // The other members release the new member's share.
    wake.poke();
    return Promise.resolve(consumption);
  };

  const readAll: Bus['readAll'] = async ({ topic: name, partition }, onMessages) => {
    assertPartition(name, partition, storedTopic(name).partitions);
    settleOutbox(name);
    const topic = topicOf(name);
    const end = topic.offsets()[partition]?.next ?? 0;
    for (let position = 0; position < end;) {
      const read = topic.read(partition, position, BATCH_BYTES).messages;
      const messages: readonly Message[] = read.filter(({ offset }) => offset < end);
      if (messages.length === 0) return;
      onMessages(messages);
      position = (messages.at(-1)?.offset ?? 0) + 1;
      await new Promise((resolveTurn) => setImmediate(resolveTurn));
    }
  };

  const sweep = (): void => {
    meta.refresh();
    for (const { name } of meta.topics()) topicOf(name).applyRetention();
  };
  const sweeping = setInterval(() => {
    try {
      sweep();
    } catch (error) {
      log.warn('retention failed', { error: messageOf(error) });
    }
  }, options.sweepMs ?? 30_000);
  sweeping.unref();

  return Promise.resolve({
    ensureTopics: async (specs) => {
      assertOpen();
      for (const { name, partitions } of specs) {
        assertTopicName(name);
        if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS)
          throw new ShellError('BUS_BAD_NAME', `${name} cannot have ${partitions} partitions`, { retryable: false });
      }
      meta.makeTopics(specs);
      return Promise.resolve();
    },
    partitionsOf: async (name) => Promise.resolve(storedTopic(name).partitions),
    publish: async (messages) => {
      assertOpen();
      await publisher.publish(messages);
    },
    consume,
    publishWithOffsets,
    readAll,
    offsets: async (name) => {
      settleOutbox(name);
      return Promise.resolve(topicOf(name).offsets());
    },
    positions: async (group, name) => {
      const { partitions } = storedTopic(name);
      assertGroup(group);
      meta.refresh();
      const at = (partition: number) => ({ partition, offset: meta.committed(group, { topic: name, partition }) });
      return Promise.resolve(Array.from({ length: partitions }, (_, partition) => at(partition)));
    },
    ping: async () => {
      assertOpen();
      meta.refresh();
      meta.topics();
      return Promise.resolve();
    },
    close: async () => {
      if (closed) return;
      await Promise.all([...consumptions].map((consumption) => consumption.stop()));
      await publisher.drain();
      closed = true;
      clearInterval(sweeping);
      wake.close();
      for (const topic of topics.values()) topic.close();
      meta.close();
    },
    sweep,
  });
}

/** Group names are part of LMDB keys. */
function assertGroup(group: string): void {
  if (group !== '' && group.length <= GROUP_CHARACTERS && !group.includes('\0')) return;
  throw new ShellError('BUS_BAD_NAME', `${JSON.stringify(group)} is not a valid group name`, { retryable: false });
}
