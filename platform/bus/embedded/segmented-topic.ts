/**
 * A topic kept for a time and a size: a chain of segments, each one LMDB file that is deleted whole, since such files
 * never shrink. A writer that finds the last segment full seals it in a commit of its own; the next one begins where the
 * sealed one ended, which is the same for everybody, so that any number of processes may roll over at the same time.
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
  /** A segment is sealed once it holds this much. */
  readonly segmentBytes: number;
  readonly retentionMs?: number;
  readonly retentionBytes?: number;
  readonly key?: DataKey | undefined;
  readonly exclusion: Exclusion;
  readonly now: () => number;
}

export interface Slice {
  readonly messages: readonly Message[];
  /** Set when what was asked for has been deleted: messages begin here. */
  readonly gapTo?: number;
}

const MESSAGES = Buffer.from([1]);
const LAST_OFFSET = 2 ** 48 - 1;
/** A segment spans at most this part of the retention, so that little is kept longer than asked. */
const AGE_PARTS = 10;
/** Rolling over meets other writers at most a few times; more means that something else is wrong. */
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
   * @param outbox number of the outbox entry that these messages are; when the topic has it already nothing is added
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

  /** Messages of one partition from `from` on, at most `maxBytes` unless a single one is larger; none at the end. */
  read(partition: number, from: number, maxBytes: number): Slice {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const headers = this.#headers();
      const start = Math.max(from, headers[0]?.base[partition] ?? 0);
      const gap = start === from ? {} : { gapTo: start };
      const header = headers.find((candidate) => start < (candidate.next[partition] ?? 0));
      if (header === undefined) return { messages: [], ...gap };
      const segment = this.#folder.open(header.number, { create: false });
      // Deleted since: look again, from what is the earliest segment now.
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

  /** Seals a segment that has grown old, then deletes from the oldest on what need not be kept. */
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
      // A reader may have made an empty file by opening a segment at the instant when it was deleted.
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

  /** Runs `action` in a write transaction of the one segment that is open for writing, rolling over as needed. */
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

  /** Inside the write transaction: nobody else can begin it now, and it is still the last one. */
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

  /** Headers of all segments that have been begun, oldest first, as they stand together at one moment. */
  #headers(): readonly SegmentHeader[] {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const numbers = this.#folder.numbers();
      const last = numbers.at(-1);
      if (last === undefined) return [];
      const headers = numbers.flatMap((number) => this.#folder.header(number) ?? []);
      // Only the last one may not have been begun; another that is missing was deleted while we looked.
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
