/**
 * A topic that keeps the last message of each key. It shares a file with the group positions, so that both change in
 * one commit. An empty value deletes its key; the message itself stays for a day, for consumers that are behind.
 */
import { createHash } from 'node:crypto';
import type { MetaStore, StoredTopic } from './meta-store.ts';
import { type Entry, hasEmptyValue, keyOf, messageKey, offsetIn, readRange, stamp } from './message-encoding.ts';
import type { Slice } from './segmented-topic.ts';

const TOMBSTONE_MS = 24 * 3_600_000;
const LAST_OFFSET = 2 ** 48 - 1;
/** Limits what one commit removes, so that other writers wait only briefly. */
const SWEEP_LIMIT = 1_000;

export class CompactedTopic {
  readonly #meta: MetaStore;
  readonly #topic: StoredTopic;
  readonly #now: () => number;
  readonly #prefixes: Readonly<Record<'message' | 'last' | 'next' | 'tombstone', Buffer>>;

  constructor(meta: MetaStore, topic: StoredTopic, now: () => number) {
    this.#meta = meta;
    this.#topic = topic;
    this.#now = now;
    const prefix = (kind: string): Buffer => {
      const bytes = Buffer.alloc(5);
      bytes.write(kind);
      bytes.writeUInt32BE(topic.id, 1);
      return bytes;
    };
    this.#prefixes = { message: prefix('c'), last: prefix('k'), next: prefix('n'), tombstone: prefix('d') };
  }

  append(entries: readonly Entry[]): void {
    this.#meta.transact(() => this.put(entries));
  }

  /** Must be called inside a transaction of the meta store. */
  put(entries: readonly Entry[]): void {
    const { store } = this.#meta;
    const { message, last, tombstone } = this.#prefixes;
    const now = this.#now();
    for (const { partition, record } of entries) {
      const offset = this.#next(partition);
      const index = Buffer.concat([
        messageKey(last, partition, 0),
        createHash('sha256').update(keyOf(record)).digest(),
      ]);
      const before = store.get(index);
      if (before !== undefined) {
        store.removeSync(messageKey(message, partition, before.readDoubleBE(0)));
        store.removeSync(messageKey(tombstone, partition, before.readDoubleBE(0)));
      }
      stamp(record, now);
      store.putSync(messageKey(message, partition, offset), record);
      store.putSync(index, double(offset));
      if (hasEmptyValue(record))
        store.putSync(messageKey(tombstone, partition, offset), Buffer.concat([double(now), index]));
      store.putSync(messageKey(this.#prefixes.next, partition, 0), double(offset + 1));
    }
  }

  read(partition: number, from: number, maxBytes: number): Slice {
    const { message } = this.#prefixes;
    this.#meta.refresh();
    const range = { start: messageKey(message, partition, from), end: messageKey(message, partition, LAST_OFFSET) };
    return { messages: readRange(this.#meta.store.getRange(range), this.#topic.name, partition, maxBytes) };
  }

  offsets(): readonly { readonly partition: number; readonly earliest: number; readonly next: number }[] {
    this.#meta.refresh();
    return Array.from({ length: this.#topic.partitions }, (_, partition) => {
      const next = this.#next(partition);
      return { partition, earliest: this.#first(partition) ?? next, next };
    });
  }

  /** Deletes tombstones that every consumer has had time to read. */
  applyRetention(): void {
    const { store } = this.#meta;
    const { message, tombstone } = this.#prefixes;
    const limit = this.#now() - TOMBSTONE_MS;
    const range = {
      start: messageKey(tombstone, 0, 0),
      end: messageKey(tombstone, 0xffffffff, LAST_OFFSET),
      limit: SWEEP_LIMIT,
    };
    this.#meta.refresh();
    if (![...store.getRange(range)].some(({ value }) => value.readDoubleBE(0) < limit)) return;
    this.#meta.transact(() => {
      for (const { key, value } of [...store.getRange(range)]) {
        if (value.readDoubleBE(0) >= limit) continue;
        const at = Buffer.from(key);
        store.removeSync(Buffer.concat([message, at.subarray(tombstone.length)]));
        store.removeSync(value.subarray(8));
        store.removeSync(at);
      }
    });
  }

  close(): void {
    // The meta store owns the file and closes it.
  }

  #next(partition: number): number {
    return this.#meta.store.get(messageKey(this.#prefixes.next, partition, 0))?.readDoubleBE(0) ?? 0;
  }

  #first(partition: number): number | undefined {
    const { message } = this.#prefixes;
    const range = {
      start: messageKey(message, partition, 0),
      end: messageKey(message, partition, LAST_OFFSET),
      limit: 1,
    };
    for (const { key } of this.#meta.store.getRange(range)) return offsetIn(key);
    return undefined;
  }
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
