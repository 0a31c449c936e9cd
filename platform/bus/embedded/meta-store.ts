/**
 * The one file that is not a segment: it stores topics, group positions, transactional holders, the outbox and
 * compacted topics.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { DataKey } from '../../encryption/data-key.ts';
import { ShellError } from '../../shell-error.ts';
import type { TopicPartition, TopicSpec } from '../bus.ts';
import { fenced } from '../limits.ts';
import { type Environment, type Store, openEnvironment } from '../../lmdb/environment.ts';
import { type FolderLock, openFolderLock } from '../../lmdb/folder-lock.ts';
import { type Entry, decodeEntries, encodeEntries } from './message-encoding.ts';

const StoredTopic = z.object({
  id: z.int(),
  name: z.string(),
  partitions: z.int(),
  cleanup: z.enum(['delete', 'compact']),
  retentionMs: z.number().optional(),
  retentionBytes: z.number().optional(),
});
export type StoredTopic = z.infer<typeof StoredTopic>;

export interface OutboxEntry {
  readonly sequence: number;
  readonly entries: readonly Entry[];
}

const MAP_BYTES = 16 * 1024 ** 3;
const FORMAT = 'vigil-log 1';
/** First byte of each kind of key. */
const KINDS = { format: 'v', topic: 't', offset: 'o', holder: 'f', outbox: 'x', outboxSequence: 'y' } as const;

export class MetaStore {
  readonly store: Store;
  readonly path: string;
  /** Every file of the log is opened, written and closed under this lock. */
  readonly lock: FolderLock;
  /** Runs one durable commit. */
  readonly transact: Environment['transact'];
  readonly #release: () => void;
  readonly #topics = new Map<string, StoredTopic>();

  private constructor(path: string, { store, transact, release }: Environment, lock: FolderLock) {
    this.path = path;
    this.store = store;
    this.lock = lock;
    this.transact = transact;
    this.#release = release;
  }

  /** @throws ShellError BUS_CORRUPT, BUS_UNAVAILABLE */
  static open(folder: string, dataKey?: DataKey): MetaStore {
    const path = join(folder, 'meta.mdb');
    const lock = openFolderLock(folder);
    try {
      const environment = openEnvironment(path, { create: true, mapBytes: MAP_BYTES, key: dataKey, exclusion: lock });
      if (environment === undefined)
        throw new ShellError('BUS_UNAVAILABLE', `cannot create ${path}`, { retryable: true });
      return MetaStore.#begun(path, environment, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  static #begun(path: string, environment: Environment, lock: FolderLock): MetaStore {
    const { store, transact, release } = environment;
    const key = keyFor(KINDS.format);
    const format = transact(() => {
      if (store.get(key) === undefined) store.putSync(key, Buffer.from(FORMAT));
      return store.get(key)?.toString('utf8');
    });
    if (format === FORMAT) return new MetaStore(path, environment, lock);
    release();
    throw new ShellError(
      'BUS_CORRUPT',
      `${path} has the format ${JSON.stringify(format)}, not ${JSON.stringify(FORMAT)}`,
      {
        retryable: false,
      },
    );
  }

  /** Makes the newest committed state visible, whichever process wrote it. */
  refresh(): void {
    this.store.resetReadTxn();
  }

  close(): void {
    this.#release();
    this.lock.release();
  }

  makeTopics(specs: readonly TopicSpec[]): void {
    const missing = ({ name, retentionMs, retentionBytes }: TopicSpec): boolean => {
      const known = this.topic(name);
      if (known?.cleanup === 'compact') return false;
      return known === undefined || known.retentionMs !== retentionMs || known.retentionBytes !== retentionBytes;
    };
    if (!specs.some(missing)) return;
    this.transact(() => {
      for (const spec of specs) {
        if (!missing(spec)) continue;
        const { name, retentionMs, retentionBytes } = spec;
        const { id, partitions, cleanup } = this.topic(name) ?? { ...spec, id: this.topics().length + 1 };
        const limits = cleanup === 'compact' ? {} : { retentionMs, retentionBytes };
        this.store.putSync(keyFor(KINDS.topic, name), json({ id, name, partitions, cleanup, ...limits }));
        this.#topics.delete(name);
      }
    });
  }

  topic(name: string): StoredTopic | undefined {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    this.refresh();
    const found = this.#parse(StoredTopic, keyFor(KINDS.topic, name));
    if (found !== undefined) this.#topics.set(name, found);
    return found;
  }

  topics(): readonly StoredTopic[] {
    const range = { start: keyFor(KINDS.topic, ''), end: Buffer.from([KINDS.topic.charCodeAt(0) + 1]) };
    return [...this.store.getRange(range)].map(({ value }) => StoredTopic.parse(JSON.parse(value.toString('utf8'))));
  }

  committed(group: string, { topic, partition }: TopicPartition): number | undefined {
    return this.store.get(keyFor(KINDS.offset, group, topic, String(partition)))?.readDoubleBE(0);
  }

  /** Must be called inside a transaction. */
  putOffsets(group: string, positions: readonly (TopicPartition & { readonly offset: number })[]): void {
    for (const { topic, partition, offset } of positions) {
      const value = Buffer.alloc(8);
      value.writeDoubleBE(offset);
      this.store.putSync(keyFor(KINDS.offset, group, topic, String(partition)), value);
    }
  }

  /**
   * Makes `holder` the only writer under this id and fences off the previous one. Must be called inside a transaction.
   */
  claim(transactionalId: string, holder: string): void {
    this.store.putSync(keyFor(KINDS.holder, digest(transactionalId)), Buffer.from(holder));
  }

  /** Must be called inside a transaction. @throws ShellError BUS_FENCED */
  assertHolder(transactionalId: string, holder: string): void {
    if (this.store.get(keyFor(KINDS.holder, digest(transactionalId)))?.toString('utf8') === holder) return;
    throw fenced(`${transactionalId} is now held by another process`);
  }

  /**
   * Adds messages for a segmented topic, which is stored in other files, to this commit. The next process that settles
   * the outbox moves them to the topic once and in order. Must be called inside a transaction.
   */
  putOutbox(topic: StoredTopic, entries: readonly Entry[]): void {
    const counter = keyFor(KINDS.outboxSequence, String(topic.id));
    const sequence = (this.store.get(counter)?.readDoubleBE(0) ?? 0) + 1;
    const value = Buffer.alloc(8);
    value.writeDoubleBE(sequence);
    this.store.putSync(counter, value);
    this.store.putSync(outboxKey(topic, sequence), encodeEntries(entries));
  }

  outbox(topic: StoredTopic): readonly OutboxEntry[] {
    this.refresh();
    const found = [
      ...this.store.getRange({ start: outboxKey(topic, 0), end: outboxKey(topic, 2 ** 48 - 1), limit: 16 }),
    ];
    return found.map(({ key, value }) => ({
      sequence: Buffer.from(key).readUIntBE(key.length - 6, 6),
      entries: decodeEntries(value),
    }));
  }

  removeOutbox(topic: StoredTopic, sequences: readonly number[]): void {
    this.transact(() => {
      for (const sequence of sequences) this.store.removeSync(outboxKey(topic, sequence));
    });
  }

  /** @throws ShellError BUS_CORRUPT */
  #parse<T>(schema: z.ZodType<T>, key: Buffer): T | undefined {
    const bytes = this.store.get(key);
    return bytes === undefined ? undefined : parseJson(schema, bytes, this.path);
  }
}

/** @throws ShellError BUS_CORRUPT */
export function parseJson<T>(schema: z.ZodType<T>, bytes: Buffer, path: string): T {
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new ShellError('BUS_CORRUPT', `${path} contains an entry that Vigil did not write`, {
      retryable: false,
      cause,
    });
  }
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Joins `kind` and the parts with a zero byte after each; names never contain one. */
export function keyFor(kind: string, ...parts: readonly string[]): Buffer {
  return Buffer.from(kind + parts.map((part) => `${part}\0`).join(''));
}

function outboxKey({ id }: StoredTopic, sequence: number): Buffer {
  const tail = Buffer.alloc(6);
  tail.writeUIntBE(sequence, 0, 6);
  return Buffer.concat([keyFor(KINDS.outbox, String(id)), tail]);
}

/** LMDB limits the length of keys, so an id of any length is replaced by its digest. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
