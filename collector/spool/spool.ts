/**
 * The collector's own disk: what it has acknowledged and not yet published, in order, with the ledger that accounts for
 * every record. Appends of many requests share one commit; an append resolves when it is on disk.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Store, openEnvironment, transact } from '../../platform/lmdb/environment.ts';
import type { Log } from '../../platform/log.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import type { OtlpSignal } from '../intake.ts';
import { type Actors, type Decision, createActors } from './actors.ts';
import { type Entry, type EntryHeader, decodeEntry, encodeEntry } from './entry.ts';
import { EMPTY_LEDGER, type Ledger, type LedgerEntry, addToLedger, refuseAccepted } from './ledger.ts';
import { type RecentIds, createRecentIds } from './recent-ids.ts';
import { type Segment, createSegment, openSegment } from './segment.ts';

export interface SpoolOptions {
  readonly path: string;
  /** Appends are refused above this size. */
  readonly maxBytes: number;
  /** Appends are refused when the disk has less left than this. */
  readonly reserveBytes: number;
  /** A segment is closed and a new one begun above this size. */
  readonly segmentBytes: number;
  readonly hash128: (text: string) => string;
  readonly now: () => number;
  readonly log: Log;
}

export interface Append {
  readonly entries: readonly { readonly header: EntryHeader; readonly value: string }[];
  readonly ledger: LedgerEntry;
  /** Whose the sessions of its events are from now on. */
  readonly decisions?: readonly Decision[];
}

export interface SpooledEntry extends Entry {
  /** Ascends by SEQUENCE_STEP per entry. */
  readonly sequence: number;
}

export type Records = Readonly<Record<OtlpSignal, number>>;

export interface Published {
  readonly sequence: number;
  /** Input records published so far. */
  readonly records: Records;
}

export interface Spool {
  /** Names this spool for ever; a new disk is a new spool. */
  readonly id: string;
  readonly actors: Actors;
  readonly recentIds: RecentIds;
  /** @throws ShellError SPOOL_FULL or SPOOL_FAILED (both retryable); then nothing of it is kept */
  append(append: Append): Promise<void>;
  /** Undefined while there is room, else why not. */
  readonly refusal: () => string | undefined;
  /** The next entries after a sequence, at most `maxBytes` of values but at least one. */
  read(after: number, maxBytes: number): readonly SpooledEntry[];
  published(): Published;
  /**
   * Remembered at the next commit or within a second; what is forgotten by a kill is published again, with the same sequences.
   *
   * @param refused input records among them of which the broker took an event at no size: they count as rejected
   */
  markPublished(entries: readonly SpooledEntry[], refused?: Partial<Records>): void;
  /** Resolves at the next append. */
  nextAppend(): Promise<void>;
  ledger(): Ledger;
  sizeBytes(): number;
  close(): Promise<void>;
}

/** Room between two entries for the pieces of one that a broker finds too large. */
export const SEQUENCE_STEP = 1024;
/** The free disk space is looked at this often. */
const DISK_CHECK_MS = 500;
/** What alone is not worth a commit of its own waits for the next one, at most this long. */
const LAZY_COMMIT_MS = 1_000;
const TIDY_MS = 3_600_000;
const META_MAP_BYTES = 64 * 1024 ** 2;
/** The last segments stay when they are published: their event ids are the memory of retries after a restart. */
const KEPT_SEGMENTS = 2;

interface State {
  readonly nextSequence: number;
  readonly ledger: Ledger;
  readonly published: Published;
}

interface Pending extends Append {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const NO_RECORDS: Records = { logs: 0, traces: 0, metrics: 0 };
const NEW: State = {
  nextSequence: SEQUENCE_STEP,
  ledger: EMPTY_LEDGER,
  published: { sequence: 0, records: NO_RECORDS },
};

/** @throws ShellError SPOOL_CORRUPT when its files are not a spool's, SPOOL_UNAVAILABLE when the disk does not let it begin */
export function openSpool(options: SpoolOptions): Spool {
  const { path, log, segmentBytes } = options;
  const folder = join(path, 'segments');
  mkdirSync(folder, { recursive: true });
  const metaPath = join(path, 'meta.mdb');
  const meta = openEnvironment(metaPath, { create: true, mapBytes: META_MAP_BYTES, area: 'SPOOL' });
  if (meta === undefined) throw new Error(`${metaPath} was not created`);
  const id = idIn(meta.store, metaPath);
  const actors = createActors(meta.store, metaPath, options.hash128, options.now);

  const fileOf = (number: number): string => join(folder, `${String(number).padStart(8, '0')}.seg`);
  const segments = openSegments(folder, fileOf);
  const current = (): Segment<State> => segments.at(-1) as Segment<State>;
  let { nextSequence, ledger, published } = atStart(current().state(), segments[0]?.begin ?? NEW);
  /** The sequence that begins what comes after a segment. */
  const endOf = (index: number): number => segments[index + 1]?.begin.nextSequence ?? nextSequence;
  const recentIds = createRecentIds();
  for (const segment of segments.slice(-KEPT_SEGMENTS)) {
    for (const { bytes } of segment.read(0))
      for (const eventId of eventIdsOf(decodeEntry(bytes))) recentIds.add(eventId);
  }

  let queue: Pending[] = [];
  let committing: Promise<void> | undefined;
  /** What the current segment's state does not say yet. */
  let unsaved: LedgerEntry[] = [];
  let publishedSaved = published;
  let refusals = 0;
  let refusalsSaved = 0;
  let closed = false;
  let failures = 0;
  let failing = false;
  /** Ledger entries of the commit that is being written. */
  let writing: readonly LedgerEntry[] = [];
  let wake: (() => void) | undefined;
  let appended = new Promise<void>((resolve) => (wake = resolve));

  let diskCheckedAt = 0;
  let freeBytes = Number.POSITIVE_INFINITY;
  let usedBytes = segments.reduce((total, segment) => total + segment.sizeBytes(), 0);
  const refusal = (): string | undefined => {
    const now = options.now();
    if (Math.abs(now - diskCheckedAt) >= DISK_CHECK_MS) {
      diskCheckedAt = now;
      const disk = statfsSync(path);
      freeBytes = disk.bavail * disk.bsize;
      usedBytes = segments.reduce((total, segment) => total + segment.sizeBytes(), 0);
    }
    if (usedBytes >= options.maxBytes) return `the spool holds ${usedBytes} bytes, its limit is ${options.maxBytes}`;
    if (freeBytes < options.reserveBytes)
      return `the disk has ${freeBytes} bytes left, ${options.reserveBytes} are kept free`;
    return undefined;
  };

  /** A segment that cannot be begun is tried again at the next commit; until then the one there is grows on. */
  const rotate = (): void => {
    const segment = current();
    if (segment.sizeBytes() < segmentBytes && !segment.isBroken()) return;
    const next = segment.number + 1;
    try {
      segments.push(createSegment(fileOf(next), next, { nextSequence, ledger, published }));
      log.debug('spool segment begun', { segment: next });
    } catch (error) {
      if (segment.isBroken()) throw error;
      log.warn('spool segment could not be begun', { segment: next, error: messageOf(error) });
    }
  };

  /** What is published is deleted also when that cannot be written down: on a full disk it is what makes room again. */
  const dropPublished = (): void => {
    while (segments.length > KEPT_SEGMENTS && refusals === refusalsSaved) {
      if (endOf(0) - SEQUENCE_STEP > published.sequence) return;
      segments.shift()?.delete();
    }
  };

  const write = async (batch: readonly Pending[], ledgerOnly: readonly LedgerEntry[]): Promise<void> => {
    rotate();
    const added = [...ledgerOnly, ...batch.map((append) => append.ledger)];
    const saves = { published, refusals };
    let sequence = nextSequence;
    const entries: { sequence: number; bytes: Buffer }[] = [];
    for (const append of batch) {
      for (const { header, value } of append.entries) {
        entries.push({ sequence, bytes: encodeEntry(header, value) });
        sequence += SEQUENCE_STEP;
      }
    }
    actors.keep();
    await current().append(entries, { nextSequence: sequence, ledger: added.reduce(addToLedger, ledger), published });
    nextSequence = sequence;
    // Meanwhile published records may have been found refused: what was written does not replace the ledger.
    ledger = added.reduce(addToLedger, ledger);
    publishedSaved = saves.published;
    refusalsSaved = saves.refusals;
    usedBytes += entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
  };

  /** @returns whether it could be written; never throws */
  const commit = async (): Promise<boolean> => {
    const batch = queue;
    const ledgerOnly = unsaved;
    queue = [];
    unsaved = [];
    writing = ledgerOnly;
    try {
      await write(batch, ledgerOnly);
    } catch (error) {
      failures += 1;
      if (!failing) log.error('spool commit failed', { requests: batch.length, error: messageOf(error) });
      failing = true;
      unsaved = [...ledgerOnly, ...unsaved];
      const failure = new ShellError('SPOOL_FAILED', `the spool cannot be written: ${messageOf(error)}`, {
        retryable: true,
        cause: error,
      });
      for (const { entries, reject } of batch) {
        recentIds.remove(entries.flatMap(({ value }) => eventIdsOf({ value })));
        reject(failure);
      }
      return false;
    } finally {
      writing = [];
    }
    if (failing) log.info('spool commits again', { failures });
    failing = false;
    for (const { resolve } of batch) resolve();
    dropPublished();
    if (batch.length > 0) {
      const signal = wake;
      appended = new Promise<void>((resolve) => (wake = resolve));
      signal?.();
    }
    return true;
  };
  const startCommitting = (): void => {
    committing ??= (async () => {
      // What has already arrived shares the commit.
      await new Promise((resolve) => setImmediate(resolve));
      let written: boolean;
      do written = await commit();
      while (queue.length > 0 || (written && unsaved.length > 0));
      // In the same breath as the look at the queue: what comes later starts anew.
      committing = undefined;
    })();
  };
  const tidy = (): void => {
    try {
      actors.forget();
    } catch (error) {
      log.warn('sessions not seen for long could not be forgotten', { error: messageOf(error) });
    }
  };
  tidy();
  const tidying = setInterval(tidy, TIDY_MS);
  tidying.unref();
  const lazy = setInterval(() => {
    if (unsaved.length > 0 || published !== publishedSaved) startCommitting();
  }, LAZY_COMMIT_MS);
  lazy.unref();

  return {
    id,
    actors,
    recentIds,
    append: async (append) => {
      if (closed) throw new ShellError('SPOOL_FAILED', 'the spool is closed', { retryable: true });
      const failuresBefore = failures;
      if (append.entries.length === 0) {
        unsaved.push(append.ledger);
        if (append.ledger.duplicate > 0) await committing;
      } else {
        const full = refusal();
        if (full !== undefined) {
          recentIds.remove(append.entries.flatMap(({ value }) => eventIdsOf({ value })));
          throw new ShellError('SPOOL_FULL', full, { retryable: true });
        }
        actors.hold(append.decisions ?? []);
        await new Promise<void>((resolve, reject) => {
          queue.push({ ...append, resolve, reject });
          startCommitting();
        });
      }
      // What this request repeats may have been in a commit that failed meanwhile; then it was not a repeat after all.
      if (append.ledger.duplicate > 0 && failures !== failuresBefore) {
        throw new ShellError('SPOOL_FAILED', 'an earlier copy of these records could not be written', {
          retryable: true,
        });
      }
    },
    refusal,
    read: (after, maxBytes) => {
      const found: SpooledEntry[] = [];
      let bytes = 0;
      for (const [index, segment] of segments.entries()) {
        const before = endOf(index);
        if (before - SEQUENCE_STEP <= after) continue;
        let reached = after;
        for (const { sequence, bytes: raw } of segment.read(after)) {
          if (sequence >= before) break;
          if (found.length > 0 && bytes + raw.length > maxBytes) return found;
          found.push({ ...decodeEntry(raw), sequence });
          bytes += raw.length;
          reached = sequence;
        }
        if (reached < before - SEQUENCE_STEP && found.length === 0)
          throw new ShellError(
            'SPOOL_CORRUPT',
            `${fileOf(segment.number)} is broken after sequence ${reached}; ${(before - SEQUENCE_STEP - reached) / SEQUENCE_STEP} messages of it cannot be read`,
            { retryable: false },
          );
        if (reached < before - SEQUENCE_STEP) return found;
      }
      return found;
    },
    published: () => published,
    markPublished: (entries, refused = {}) => {
      const last = entries.at(-1);
      if (last === undefined) return;
      const records = { ...published.records };
      for (const { signal, records: n } of entries) records[signal] += n;
      for (const signal of SIGNALS) {
        const n = refused[signal] ?? 0;
        if (n === 0) continue;
        records[signal] -= n;
        ledger = refuseAccepted(ledger, signal, 'event_too_large', n);
        refusals += 1;
      }
      published = { sequence: last.sequence, records };
      dropPublished();
    },
    nextAppend: () => appended,
    ledger: () => [...writing, ...unsaved].reduce(addToLedger, ledger),
    sizeBytes: () => usedBytes,
    close: async () => {
      closed = true;
      clearInterval(lazy);
      clearInterval(tidying);
      while (committing !== undefined) await committing;
      if (unsaved.length > 0 || published !== publishedSaved) await commit();
      for (const segment of segments) segment.close();
      meta.release();
    },
  };
}

/**
 * The segments of a folder, oldest first, at least one. One that was being begun when the process was killed goes: nothing in it
 * was acknowledged.
 */
function openSegments(folder: string, fileOf: (number: number) => string): Segment<State>[] {
  const numbers = readdirSync(folder)
    .filter((name) => /^\d{8}\.seg$/.test(name))
    .map((name) => Number(name.slice(0, 8)))
    .sort((a, b) => a - b);
  let last: Segment<State> | undefined;
  while (numbers.length > 0 && last === undefined) {
    const number = numbers.pop() ?? 0;
    last = openSegment<State>(fileOf(number), number, true);
    if (last === undefined) rmSync(fileOf(number));
  }
  const earlier = numbers.map((number) => openSegment<State>(fileOf(number), number, false));
  return [...earlier, last ?? createSegment<State>(fileOf(1), 1, NEW)].filter((segment) => segment !== undefined);
}

const SIGNALS: readonly OtlpSignal[] = ['logs', 'traces', 'metrics'];

/** The name that this spool has for ever, made up when it is new. */
function idIn(store: Store, path: string): string {
  const key = Buffer.from('id');
  const known = store.get(key);
  if (known !== undefined) return known.toString('utf8');
  const id = randomBytes(8).toString('hex');
  transact(store, path, () => store.putSync(key, Buffer.from(id)), 'SPOOL');
  return id;
}

/**
 * What was published may be written down too low: a kill came first, or the disk was full. What lies before the oldest segment
 * was published, or that segment would not be the oldest.
 */
function atStart(state: State, oldest: State): State {
  const before = oldest.nextSequence - SEQUENCE_STEP;
  if (state.published.sequence >= before) return state;
  const { logs, traces, metrics } = oldest.ledger;
  return {
    ...state,
    published: {
      sequence: before,
      records: { logs: logs.accepted, traces: traces.accepted, metrics: metrics.accepted },
    },
  };
}

/** Ids of the events in a message, without parsing it: `eventId` is the first field of every line. */
export function eventIdsOf({ value }: { readonly value: string | Buffer }): string[] {
  const lines = typeof value === 'string' ? value : value.toString('utf8');
  const ids: string[] = [];
  for (const match of lines.matchAll(/^\{"eventId":"([0-9a-f]{32})"/gm)) ids.push(match[1] ?? '');
  return ids;
}
