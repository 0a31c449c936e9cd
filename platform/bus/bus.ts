/**
 * The log between processes: Apache Kafka in a cluster, an embedded LMDB log on one machine. One contract suite runs
 * against both.
 */

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** `delete` keeps messages for a time and up to a size; `compact` keeps the last message of each key. */
  readonly cleanup: 'delete' | 'compact';
  /** With `delete`, messages are kept at least this long. */
  readonly retentionMs?: number;
  /**
   * With `delete`, the oldest messages are deleted once a partition (Kafka) or topic (embedded) is larger than this.
   */
  readonly retentionBytes?: number;
}

export interface OutgoingMessage {
  readonly topic: string;
  /** Determines the partition, with Kafka's murmur2 on both implementations, unless `partition` is set. */
  readonly key: string;
  readonly partition?: number;
  readonly value: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Message {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the message was appended to the log, ms since epoch. */
  readonly timestamp: number;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Batch {
  readonly topic: string;
  readonly partition: number;
  /** In offset order; never empty. */
  readonly messages: readonly Message[];
  /** Offset after the partition's last message; used to compute lag. */
  readonly endOffset: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface Consumption {
  /** Stores the next offset to read, per partition of the group. It survives the process. */
  commit(positions: readonly (TopicPartition & { readonly offset: number })[]): Promise<void>;
  /** Finishes the batch in progress, then stops consuming. */
  stop(): Promise<void>;
}

export interface ConsumeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Receives one batch of one partition at a time, in order; batches of different partitions do not overlap either.
   * When it throws, the same messages are delivered again after a pause. Nothing is committed unless the handler
   * commits.
   */
  readonly onBatch: (batch: Batch, consumption: Consumption) => Promise<void>;
  /**
   * Called before the first batch of newly assigned partitions. It may return the offset to start from, for state that
   * carries its own position. Otherwise reading starts at the group's committed offset, or at the earliest message.
   */
  readonly onAssigned?: (
    partitions: readonly TopicPartition[],
  ) => Promise<readonly (TopicPartition & { readonly offset: number })[]>;
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** Reports offsets that retention deleted before this group read them, so that the loss is counted. */
  readonly onGap?: (gap: TopicPartition & { readonly from: number; readonly to: number }) => void;
  /** Upper bound of one batch. Default 4 MiB. */
  readonly maxBytes?: number;
}

export interface Bus {
  /**
   * Creates missing topics. An existing topic keeps its partitions. The embedded log applies a changed retention; Kafka
   * keeps its own, because another team may manage it, and the difference is logged.
   */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  partitionsOf(topic: string): Promise<number>;
  /**
   * Resolves when every message is durable. Messages of a partition keep the order of the array.
   * @throws ShellError BUS_UNAVAILABLE (retryable), BUS_MESSAGE_TOO_LARGE (not)
   */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  consume(options: ConsumeOptions): Promise<Consumption>;
  /**
   * Writes messages and the consumer position in one step. On Kafka this is one transaction, which also fences off an
   * older holder of the same `transactionalId`; on the embedded log it is one commit. All messages go to one topic.
   * @throws ShellError BUS_FENCED (not retryable) when another process took over
   */
  publishWithOffsets(step: {
    readonly transactionalId: string;
    readonly group: string;
    readonly messages: readonly OutgoingMessage[];
    readonly offsets: readonly (TopicPartition & { readonly offset: number })[];
  }): Promise<void>;
  /**
   * Reads the committed messages of one partition from its beginning to its current end. This includes everything
   * written by a `publish` or `publishWithOffsets` that has returned. It stops early at another process's unfinished
   * transaction.
   */
  readAll(partition: TopicPartition, onMessages: (messages: readonly Message[]) => void): Promise<void>;
  /** Earliest and next offset of each partition. */
  offsets(
    topic: string,
  ): Promise<readonly { readonly partition: number; readonly earliest: number; readonly next: number }[]>;
  /**
   * Returns the offsets that a group has committed: the next one to read per partition, undefined where nothing is
   * committed.
   */
  positions(
    group: string,
    topic: string,
  ): Promise<readonly { readonly partition: number; readonly offset: number | undefined }[]>;
  /** Resolves when the bus can be reached. @throws ShellError BUS_UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}
