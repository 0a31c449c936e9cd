/** The log between processes: Apache Kafka in a cluster, an embedded LMDB log on one machine. One contract suite runs against both. */

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** `delete` keeps messages for a time and size; `compact` keeps the last message of each key. */
  readonly cleanup: 'delete' | 'compact';
  /** For `delete`: kept at least this long. */
  readonly retentionMs?: number;
  /** For `delete`: oldest messages go first once a partition (Kafka) or topic (embedded) is larger. */
  readonly retentionBytes?: number;
}

export interface OutgoingMessage {
  readonly topic: string;
  /** Chooses the partition (the same one on both sides of the seam: Kafka's murmur2) unless `partition` says so. */
  readonly key: string;
  readonly partition?: number;
  readonly value: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Message {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Log append time, ms since epoch. */
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
  /** Offset after the partition's last message, for lag. */
  readonly endOffset: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface Consumption {
  /** Next offset to read, per partition of the group; survives the process. */
  commit(positions: readonly (TopicPartition & { readonly offset: number })[]): Promise<void>;
  /** Ends the consumption; a batch in progress is finished first. */
  stop(): Promise<void>;
}

export interface ConsumeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * One batch of one partition at a time, in order; batches of different partitions do not overlap either.
   * When it throws, the same messages come again after a pause; nothing is committed unless the handler commits.
   */
  readonly onBatch: (batch: Batch, consumption: Consumption) => Promise<void>;
  /**
   * Called before the first batch of newly assigned partitions. May return the offset to start from, for state that
   * carries its own position; else the group's committed offset, else the earliest message.
   */
  readonly onAssigned?: (
    partitions: readonly TopicPartition[],
  ) => Promise<readonly (TopicPartition & { readonly offset: number })[]>;
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** Offsets that retention had deleted before this group read them: lost to it, counted, never silent. */
  readonly onGap?: (gap: TopicPartition & { readonly from: number; readonly to: number }) => void;
  /** Upper bound of one batch. Default 4 MiB. */
  readonly maxBytes?: number;
}

export interface Bus {
  /**
   * Makes missing topics. An existing one keeps its partitions; its retention follows the setting in the embedded log, and on
   * Kafka, where it may be somebody else's to decide, a difference is logged.
   */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  partitionsOf(topic: string): Promise<number>;
  /**
   * Resolves when every message is durable; order within a partition is the order given.
   * @throws ShellError BUS_UNAVAILABLE (retryable), BUS_MESSAGE_TOO_LARGE (not)
   */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  consume(options: ConsumeOptions): Promise<Consumption>;
  /**
   * Messages and consumer position as one step: on Kafka one transaction, which also fences an older holder of the
   * same `transactionalId`; on the embedded log one commit. All messages go to one topic.
   * @throws ShellError BUS_FENCED (not retryable) when another process took over
   */
  publishWithOffsets(step: {
    readonly transactionalId: string;
    readonly group: string;
    readonly messages: readonly OutgoingMessage[];
    readonly offsets: readonly (TopicPartition & { readonly offset: number })[];
  }): Promise<void>;
  /**
   * Reads one partition from its beginning to its present end, committed messages only. What a `publish` or `publishWithOffsets`
   * that has returned wrote is among them; it ends early where another's transaction stays unfinished.
   */
  readAll(partition: TopicPartition, onMessages: (messages: readonly Message[]) => void): Promise<void>;
  /** Earliest and next offset of each partition. */
  offsets(
    topic: string,
  ): Promise<readonly { readonly partition: number; readonly earliest: number; readonly next: number }[]>;
  /** What a group has committed: next offset to read of each partition, undefined where it has committed nothing. */
  positions(
    group: string,
    topic: string,
  ): Promise<readonly { readonly partition: number; readonly offset: number | undefined }[]>;
  /** Resolves when the bus can be reached. @throws ShellError BUS_UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}
