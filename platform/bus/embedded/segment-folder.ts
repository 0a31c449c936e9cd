/** The files of a segmented topic: which segments exist, what their headers say, and which are open in this process. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DataKey } from '../../encryption/data-key.ts';
import { ShellError } from '../../shell-error.ts';
import { type Environment, type Exclusion, openEnvironment, storageError } from '../../lmdb/environment.ts';

/** Stored in the segment itself, and changed in the same commit as its messages. */
const Header = z.object({
  format: z.literal(1),
  topic: z.string(),
  number: z.int(),
  /** First offset of each partition, which is where the previous segment ended. */
  base: z.array(z.int()),
  /** Next offset of each partition. */
  next: z.array(z.int()),
  bytes: z.int(),
  /** Last outbox entry that has been added to the topic. */
  outbox: z.int(),
  firstAt: z.number(),
  lastAt: z.number(),
  /** Nothing is added to a sealed segment; later messages are in the next one. */
  sealed: z.boolean(),
});
export type SegmentHeader = z.infer<typeof Header>;

export interface Segment extends Environment {
  readonly number: number;
  readonly path: string;
  /** Undefined until the segment has been initialised. */
  readonly header: () => SegmentHeader | undefined;
}

export const HEADER_KEY = Buffer.from([0]);
const MAP_BYTES = 1024 ** 3;
const NAME = /^(\d{12})\.mdb$/;
/** Sealed segments kept open for reading; each costs a file handle and address space. */
const OPEN_SEGMENTS = 4;

export interface SegmentFolderOptions {
  readonly path: string;
  readonly topic: string;
  readonly key?: DataKey | undefined;
  /** Needed because other processes open and delete segments too. */
  readonly exclusion: Exclusion;
}

export class SegmentFolder {
  readonly #path: string;
  readonly #key: DataKey | undefined;
  readonly #exclusion: Exclusion;
  readonly #topic: string;
  /** Least recently used first. */
  readonly #open = new Map<number, Segment>();
  readonly #sealed = new Map<number, SegmentHeader>();

  constructor({ path, topic, key, exclusion }: SegmentFolderOptions) {
    this.#key = key;
    this.#exclusion = exclusion;
    this.#path = path;
    this.#topic = topic;
  }

  /** Ascending. */
  numbers(): readonly number[] {
    try {
      return readdirSync(this.#path)
        .flatMap((name) => NAME.exec(name)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw storageError(error, this.#path);
    }
  }

  /** @returns undefined when retention has deleted it meanwhile */
  open(number: number, options: { readonly create: boolean }): Segment | undefined {
    const known = this.#open.get(number);
    this.#open.delete(number);
    if (known !== undefined && existsSync(known.path)) {
      this.#open.set(number, known);
      return known;
    }
    known?.release();
    const path = this.#pathOf(number);
    if (options.create) mkdirSync(this.#path, { recursive: true });
    const environment = openEnvironment(path, {
      ...options,
      mapBytes: MAP_BYTES,
      key: this.#key,
      exclusion: this.#exclusion,
    });
    if (environment === undefined) return undefined;
    const { store } = environment;
    const segment: Segment = { ...environment, number, path, header: () => this.#headerIn(store, path) };
    this.#open.set(number, segment);
    for (const [other, { release: close }] of this.#open) {
      if (this.#open.size <= OPEN_SEGMENTS) break;
      this.#open.delete(other);
      close();
    }
    return segment;
  }

  /** @returns undefined when it is deleted or not initialised yet */
  header(number: number): SegmentHeader | undefined {
    const known = this.#sealed.get(number);
    if (known !== undefined) return known;
    const segment = this.open(number, { create: false });
    // Other processes write too, so do not read from an old snapshot.
    segment?.store.resetReadTxn();
    const header = segment?.header();
    if (header?.sealed === true) this.#sealed.set(number, header);
    return header;
  }

  sizeBytes(number: number): number {
    return statSync(this.#pathOf(number), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Deletes the whole file. Processes that still read it keep it until they close it. */
  delete(number: number): void {
    this.#open.get(number)?.release();
    this.#open.delete(number);
    this.#sealed.delete(number);
    this.#exclusion.hold(() => {
      rmSync(this.#pathOf(number), { force: true });
      rmSync(`${this.#pathOf(number)}-lock`, { force: true });
    });
  }

  /** Closes segments that retention, here or in another process, has deleted. */
  forgetBelow(number: number): void {
    for (const known of this.#sealed.keys()) if (known < number) this.#sealed.delete(known);
    for (const [known, { release }] of this.#open) {
      if (known >= number) continue;
      this.#open.delete(known);
      release();
    }
  }

  close(): void {
    for (const { release } of this.#open.values()) release();
    this.#open.clear();
  }

  #pathOf(number: number): string {
    return join(this.#path, `${String(number).padStart(12, '0')}.mdb`);
  }

  #headerIn(store: Environment['store'], path: string): SegmentHeader | undefined {
    const bytes = store.get(HEADER_KEY);
    if (bytes === undefined) return undefined;
    const parsed = Header.safeParse(json(bytes));
    if (parsed.success && parsed.data.topic === this.#topic) return parsed.data;
    throw new ShellError('BUS_CORRUPT', `${path} is not a segment of ${this.#topic}`, { retryable: false });
  }
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
