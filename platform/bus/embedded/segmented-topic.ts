/**
 * A topic with a time and size limit: a chain of segments. Each segment is one LMDB file that is deleted whole, since
 * LMDB files never shrink. A writer that finds the last segment full seals it in a commit of its own. The next segment
 * starts where the sealed one ended, which every process reads the same way, so any number of processes may roll over
 * at the same time.
 */
import type { Message } from '../bus.ts';
import type { DataKey } from '../../encryption/data-key.ts';
import { ShellError } from '../../shell-error.ts';
import type { Exclusion } from '../../lmdb/environment.ts';
import { type Entry, messageKey, readRange, stamp } from './message-encoding.ts';
import { HEADER_KEY, type Segment, SegmentFolder, type SegmentHeader } from './segment-folder.ts';

export interface SegmentedOptions {
  readonly path: string;
  readonly topic: string;
  readonly partitions: number;
  /** A segment is sealed once it reaches this size. */
  readonly segmentBytes: number;
  readonly retentionMs?: number;
  readonly retentionBytes?: number;
  readonly key?: DataKey | undefined;
  readonly exclusion: Exclusion;
  readonly now: () => number;
}

export interface Slice {
  readonly messages: readonly Message[];
  /** Set when the requested messages have been deleted: messages start here. */
  readonly gapTo?: number;
}

const MESSAGES = Buffer.from([1]);
const LAST_OFFSET = 2 ** 48 - 1;
/**
 * A segment spans at most this fraction of the retention, so that messages are kept only slightly longer than
 * configured.
 */
const AGE_PARTS = 10;
/** A writer meets other writers that roll over only a few times; more attempts mean that something else is wrong. */
const MAX_ATTEMPTS = 100;

export class SegmentedTopic {
  readonly #options: SegmentedOptions;
  readonly #folder: SegmentFolder;

  constructor(options: SegmentedOptions) {
    this.#options = options;
    this.#folder = new SegmentFolder(options);
  }

  /**
   * Appends in one durable commit.
   *
   * @param outbox number of the outbox entry that these messages are from; nothing is added if the topic already
   * includes it
   * @throws ShellError BUS_UNAVAILABLE, BUS_CORRUPT
   */
  append(entries: readonly Entry[], outbox?: number): void {
    this.#write((segment, header) => {
      if (outbox !== undefined && outbox <= header.outbox) return;
      const now = this.#options.now();
      const next = [...header.next];
      let { bytes } = header;
      for (const { partition, record } of entries) {
        const offset = next[partition] ?? 0;
        stamp(record, now);
        segment.store.putSync(messageKey(MESSAGES, partition, offset), record);
        next[partition] = offset + 1;
        bytes += record.length;
      }
      const firstAt = header.bytes === 0 ? now : header.firstAt;
      putHeader(segment, {
        ...header,
        next,
        bytes,
        firstAt,
        lastAt: Math.max(header.lastAt, now),
        outbox: outbox ?? header.outbox,
      });
    });
  }

  /**
   * Returns messages of one partition starting at `from`: at most `maxBytes`, unless a single message is larger; none
   * at the end.
   */
  read(partition: number, from: number, maxBytes: number): Slice {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const headers = this.#headers();
      const start = Math.max(from, headers[0]?.base[partition] ?? 0);
      const gap = start === from ? {} : { gapTo: start };
      const header = headers.find((candidate) => start < (candidate.next[partition] ?? 0));
      if (header === undefined) return { messages: [], ...gap };
      const segment = this.#folder.open(header.number, { create: false });
      // The segment was deleted meanwhile, so start again from the earliest one that exists.
      if (segment === undefined) continue;
      const range = {
        start: messageKey(MESSAGES, partition, start),
        end: messageKey(MESSAGES, partition, LAST_OFFSET),
      };
      const messages = readRange(segment.store.getRange(range), this.#options.topic, partition, maxBytes);
      if (messages[0]?.offset === start) return { messages, ...gap };
      throw new ShellError('BUS_CORRUPT', `${segment.path} lacks offset ${start} of partition ${partition}`, {
        retryable: false,
      });
    }
    throw this.#busy();
  }

  /** Earliest and next offset of each partition. */
  offsets(): readonly { readonly partition: number; readonly earliest: number; readonly next: number }[] {
    const headers = this.#headers();
    return Array.from({ length: this.#options.partitions }, (_, partition) => ({
      partition,
      earliest: headers[0]?.base[partition] ?? 0,
      next: headers.at(-1)?.next[partition] ?? 0,
    }));
  }

  /** Seals a segment that is too old, then deletes the oldest segments that are no longer needed. */
  applyRetention(): void {
    const { retentionMs, retentionBytes, now } = this.#options;
    if (this.#folder.numbers().length === 0) return;
    this.#write(() => undefined);
    const numbers = this.#folder.numbers();
    let total = numbers.reduce((sum, number) => sum + this.#folder.sizeBytes(number), 0);
    for (const [index, number] of numbers.entries()) {
      const following = numbers[index + 1];
      if (following === undefined || this.#folder.header(following) === undefined) break;
      const header = this.#folder.header(number);
      // A reader that opens a segment while it is being deleted creates an empty file.
      const old = header === undefined || (retentionMs !== undefined && header.lastAt + retentionMs < now());
      if (!old && !(retentionBytes !== undefined && total > retentionBytes)) break;
      total -= this.#folder.sizeBytes(number);
      this.#folder.delete(number);
    }
    this.#folder.forgetBelow(this.#folder.numbers()[0] ?? 0);
  }

  close(): void {
    this.#folder.close();
  }

  /** Runs `action` in a write transaction of the one segment that is open for writing, and rolls over if needed. */
  #write(action: (segment: Segment, header: SegmentHeader) => void): void {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const highest = this.#folder.numbers().at(-1) ?? 1;
      const number = this.#folder.header(highest)?.sealed === true ? highest + 1 : highest;
      const segment = this.#folder.open(number, { create: true });
      if (segment === undefined) continue;
      const base = segment.header() === undefined ? this.#baseOf(number) : undefined;
      const done = segment.transact(() => {
        const header = segment.header() ?? this.#begin(segment, base);
        if (header === undefined || header.sealed) return false;
        if (this.#isFull(header)) {
          putHeader(segment, { ...header, sealed: true });
          return false;
        }
        action(segment, header);
        return true;
      });
      if (done) return;
    }
    throw this.#busy();
  }

  #isFull({ bytes, firstAt }: SegmentHeader): boolean {
    const { segmentBytes, retentionMs, now } = this.#options;
    return (
      bytes >= segmentBytes || (retentionMs !== undefined && bytes > 0 && firstAt + retentionMs / AGE_PARTS < now())
    );
  }

  /**
   * Must be called inside the write transaction: no other process can initialise the segment now, and it is still the
   * last one.
   */
  #begin(segment: Segment, base: Pick<SegmentHeader, 'next' | 'outbox'> | undefined): SegmentHeader | undefined {
    if (base === undefined || (this.#folder.numbers().at(-1) ?? 1) !== segment.number) return undefined;
    const { topic } = this.#options;
    const { next, outbox } = base;
    const header: SegmentHeader = {
      format: 1,
      topic,
      number: segment.number,
      base: next,
      next,
      bytes: 0,
      outbox,
      firstAt: 0,
      lastAt: 0,
      sealed: false,
    };
    putHeader(segment, header);
    return header;
  }

  #baseOf(number: number): Pick<SegmentHeader, 'next' | 'outbox'> | undefined {
    if (number === 1) return { next: Array.from({ length: this.#options.partitions }, () => 0), outbox: 0 };
    const before = this.#folder.header(number - 1);
    return before?.sealed === true ? before : undefined;
  }

  /** Returns a consistent view of the headers of all initialised segments, oldest first. */
  #headers(): readonly SegmentHeader[] {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const numbers = this.#folder.numbers();
      const last = numbers.at(-1);
      if (last === undefined) return [];
      const headers = numbers.flatMap((number) => this.#folder.header(number) ?? []);
      // Only the last segment may be uninitialised; any other missing one was deleted meanwhile.
      const contiguous = headers.every((header, index) => header.number === (headers[0]?.number ?? 0) + index);
      const reachesEnd = headers.length > 0 && (headers.at(-1)?.number ?? 0) >= last - 1;
      if (contiguous && reachesEnd) return headers;
      if (numbers.length === 1 && headers.length === 0 && last === 1) return [];
    }
    throw this.#busy();
  }

  #busy(): ShellError {
    return new ShellError('BUS_UNAVAILABLE', `the segments of ${this.#options.topic} keep changing`, {
      retryable: true,
    });
  }
}

function putHeader({ store }: Segment, header: SegmentHeader): void {
  store.putSync(HEADER_KEY, Buffer.from(JSON.stringify(header)));
}
