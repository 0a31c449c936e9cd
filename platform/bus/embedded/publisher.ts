/** Group commit: messages that are published while a commit is being written go out with the next commit. */
import { messageOf } from '../../shell-error.ts';
import type { OutgoingMessage } from '../bus.ts';
import { ENVELOPE_BYTES, VALUE_BYTES, assertPartition, envelopeBytes, tooLarge, unknownTopic } from '../limits.ts';
import { partitionFor } from '../partitioner.ts';
import type { StoredTopic } from './meta-store.ts';
import { type Entry, recordEncoder } from './message-encoding.ts';

export interface PublisherOptions {
  readonly topicOf: (name: string) => StoredTopic | undefined;
  /** Runs one durable commit. */
  readonly append: (topic: string, entries: readonly Entry[]) => void;
  readonly onCommitted: () => void;
}

export interface Publisher {
  /** @throws ShellError BUS_MESSAGE_TOO_LARGE, BUS_UNKNOWN_TOPIC, BUS_NO_PARTITION before anything is written */
  encode(messages: readonly OutgoingMessage[]): ReadonlyMap<string, readonly Entry[]>;
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** Resolves when everything published so far has been written or has failed. */
  drain(): Promise<void>;
}

/** One commit writes about this much, so that other writers of the topic wait only a few milliseconds. */
const COMMIT_BYTES = 4 * 1024 ** 2;

/** The part of one call that goes to one topic. The parts of a call are written in order. */
interface Part {
  readonly topic: string;
  readonly entries: readonly Entry[];
  readonly bytes: number;
  readonly settle: (error?: unknown) => void;
}

export function createPublisher({ topicOf, append, onCommitted }: PublisherOptions): Publisher {
  let waiting: Part[] = [];
  let flushing: Promise<void> | undefined;

  const encode: Publisher['encode'] = (messages) => {
    const encoded = new Map<string, Entry[]>();
    const encodeRecord = recordEncoder(messages);
    for (const message of messages) {
      const topic = topicOf(message.topic);
      if (topic === undefined) throw unknownTopic(message.topic);
      if (message.value.byteLength > VALUE_BYTES) throw tooLarge(message, VALUE_BYTES);
      if (envelopeBytes(message) > ENVELOPE_BYTES) throw tooLarge(message, ENVELOPE_BYTES);
      const partition = message.partition ?? partitionFor(message.key, topic.partitions);
      assertPartition(message.topic, partition, topic.partitions);
      const entry = { partition, record: encodeRecord(message) };
      const entries = encoded.get(message.topic);
      if (entries === undefined) encoded.set(message.topic, [entry]);
      else entries.push(entry);
    }
    return encoded;
  };

  /** Collects adjacent parts in the queue that go to the same topic, up to the size of a commit. */
  const next = (): readonly Part[] => {
    const topic = waiting[0]?.topic;
    let bytes = 0;
    let count = 0;
    for (const part of waiting) {
      if (part.topic !== topic || (count > 0 && bytes + part.bytes > COMMIT_BYTES)) break;
      bytes += part.bytes;
      count += 1;
    }
    const parts = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return parts;
  };

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      // Everything published in this turn of the event loop is written together. Other work runs between commits.
      await new Promise((resolve) => setImmediate(resolve));
      const parts = next();
      let failure: { readonly error: unknown } | undefined;
      try {
        append(
          parts[0]?.topic ?? '',
          parts.flatMap(({ entries }) => entries),
        );
      } catch (error) {
        failure = { error };
      }
      for (const { settle } of parts) settle(failure?.error);
      if (failure === undefined) onCommitted();
    }
  };

  return {
    encode,
    publish: async (messages) => {
      const parts = [...encode(messages)].flatMap(([topic, entries]) =>
        cut(entries).map((piece) => ({ topic, ...piece })),
      );
      if (parts.length === 0) return;
      const written = parts.map(
        (part) =>
          new Promise<void>((resolve, reject) => {
            const settle = (error?: unknown): void => {
              if (error === undefined) resolve();
              else reject(error instanceof Error ? error : new Error(messageOf(error)));
            };
            waiting.push({ ...part, settle });
          }),
      );
      flushing ??= flush().finally(() => (flushing = undefined));
      const failed = (await Promise.allSettled(written)).find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    drain: async () => {
      await flushing;
    },
  };
}

function cut(entries: readonly Entry[]): readonly { readonly entries: readonly Entry[]; readonly bytes: number }[] {
  const pieces: { entries: Entry[]; bytes: number }[] = [];
  for (const entry of entries) {
    const last = pieces.at(-1);
    const { length } = entry.record;
    if (last === undefined || last.bytes + length > COMMIT_BYTES) pieces.push({ entries: [entry], bytes: length });
    else {
      last.entries.push(entry);
      last.bytes += length;
    }
  }
  return pieces;
}
