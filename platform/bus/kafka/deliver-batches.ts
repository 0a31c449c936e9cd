/** Passes the messages of one fetch to the handler, in batches no larger than it accepts. */
import { batchPauses } from '../batch-pauses.ts';
import type { Log } from '../../log.ts';
import { messageOf } from '../../shell-error.ts';
import type { Batch, ConsumeOptions, Consumption, Message, TopicPartition } from '../bus.ts';
import { BATCH_BYTES } from '../limits.ts';
import type { AsAdmin } from './group-coordinator.ts';

/** A member's position in a partition that it holds. */
export interface Position extends TopicPartition {
  /** Next offset to deliver; unknown until the first batch of a group that has committed nothing. */
  offset: number | undefined;
  /** How often in a row the handler has failed. */
  failures: number;
}

export interface DeliveryDeps {
  readonly options: ConsumeOptions;
  readonly admin: AsAdmin;
  readonly log: Log;
}

export interface Fetched {
  readonly messages: readonly Message[];
  readonly endOffset: number;
  /** Records that messages up to this offset were handled. */
  readonly resolve: (offset: number) => void;
  /** True when the consumer is stopping or is no longer a member of the group. */
  readonly isOver: () => boolean;
}

/** @returns whether all messages were handled and, if the handler failed, how long to wait before the rest is delivered again (ms) */
export async function deliverBatches(
  { options, log }: DeliveryDeps,
  consumption: Consumption,
  position: Position,
  { messages, endOffset, resolve, isOver }: Fetched,
): Promise<{ readonly done: boolean; readonly pauseMs?: number }> {
  const { topic, partition } = position;
  for (const piece of pieces(messages, options.maxBytes ?? BATCH_BYTES)) {
    const last = piece.at(-1);
    if (last === undefined) continue;
    if (isOver()) return { done: false };
    try {
      const batch: Batch = { topic, partition, messages: piece, endOffset };
      await options.onBatch(batch, consumption);
    } catch (error) {
      position.failures += 1;
      const pauseMs = batchPauses(position.failures);
      log.warn('batch failed, will be retried', {
        group: options.group,
        topic,
        partition,
        offset: piece[0]?.offset,
        error: messageOf(error),
        pauseMs,
      });
      return { done: false, pauseMs };
    }
    position.failures = 0;
    position.offset = last.offset + 1;
    resolve(last.offset);
  }
  return { done: true };
}

/**
 * Transaction markers and compaction also leave gaps between offsets; only offsets below the log's start are lost
 * messages.
 */
export async function reportGap(
  { options, admin, log }: DeliveryDeps,
  position: Position,
  first: number,
): Promise<void> {
  const { topic, partition, offset: expected } = position;
  const { group } = options;
  if (expected === undefined || first === expected) return;
  if (first < expected) {
    log.warn('position is beyond the end of the log, reading from its start', {
      group,
      topic,
      partition,
      offset: expected,
    });
    return;
  }
  const found = await admin('reading offsets', (client) => client.fetchTopicOffsets(topic));
  const to = Math.min(first, Number(found.find((other) => other.partition === partition)?.low ?? 0));
  if (to <= expected) return;
  log.warn('messages were deleted before they were read', { group, topic, partition, from: expected, to });
  options.onGap?.({ topic, partition, from: expected, to });
}

function pieces(messages: readonly Message[], maxBytes: number): readonly (readonly Message[])[] {
  const cut: Message[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    const size = message.value.length + message.key.length;
    if (bytes + size > maxBytes) {
      cut.push([]);
      bytes = 0;
    }
    cut.at(-1)?.push(message);
    bytes += size;
  }
  return cut;
}
