/**
 * The collector's own disk: what it has acknowledged and not yet published, in order, with the ledger that accounts for
 * every record. Appends of many requests share one commit; an append resolves when it is on disk.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { Log } from '../../platform/log.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import type { OtlpSignal } from '../intake.ts';
import { type Actors, createActors } from './actors.ts';
import { type Entry, type EntryHeader, decodeEntry, encodeEntry } from './entry.ts';
import { EMPTY_LEDGER, type Ledger, type LedgerEntry, addToLedger } from './ledger.ts';
import { type RecentIds, createRecentIds } from './recent-ids.ts';
import { type Segment, openSegment } from './segment.ts';

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
  markPublished(entries: readonly SpooledEntry[]): Promise<void>;
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
/** Skipped records alone are not worth a commit of their own; they wait for the next one, at most this long. */
const LEDGER_DELAY_MS = 1_000;

interface State {
  readonly nextSequence: number;
  readonly ledger: Ledger;
}

interface Pending extends Append {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const NO_RECORDS: Records = { logs: 0, traces: 0, metrics: 0 };

export function openSpool(options: SpoolOptions): Spool {
  const { path, log, segmentBytes } = options;
  const folder = join(path, 'segments');
  mkdirSync(folder, { recursive: true });
  const meta = open<unknown, string>({
    path: join(path, 'meta.mdb'),
    noSubdir: true,
    maxDbs: 4,
    cache: false,
    overlappingSync: false,
  });
  const facts = meta.openDB<unknown, string>({ name: 'facts', encoding: 'json' });
  let id = facts.get('id') as string | undefined;
  if (id === undefined) {
    id = randomBytes(8).toString('hex');
    facts.putSync('id', id);
  }
  const actors = createActors(meta, options.hash128, options.now);

  const fileOf = (number: number): string => join(folder, `${String(number).padStart(8, '0')}.mdb`);
  const numbers = readdirSync(folder)
    .filter((name) => /^\d{8}\.mdb$/.test(name))
    .map((name) => Number(name.slice(0, 8)))
    .sort((a, b) => a - b);
  let segments: Segment<State>[] = numbers.map((number) => openSegment<State>(fileOf(number), number));
  if (segments.length === 0) segments = [openSegment<State>(fileOf(1), 1)];

  let state: State = segments.findLast((segment) => segment.state() !== undefined)?.state() ?? {
    nextSequence: SEQUENCE_STEP,
    ledger: EMPTY_LEDGER,
  };
  let published = (facts.get('published') as Published | undefined) ?? { sequence: 0, records: NO_RECORDS };
  const recentIds = createRecentIds();
  for (const segment of segments.slice(-2)) {
    for (const { bytes } of segment.read(0))
      for (const eventId of eventIdsOf(decodeEntry(bytes))) recentIds.add(eventId);
  }

  const current = (): Segment<State> => segments.at(-1) as Segment<State>;
  let queue: Pending[] = [];
  let committing: Promise<void> | undefined;
  let unsaved: LedgerEntry[] = [];
  let closed = false;
  let failures = 0;
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

  const rotate = (): void => {
    const next = current().number + 1;
    segments.push(openSegment<State>(fileOf(next), next));
    log.debug('spool segment begun', { segment: next });
  };

  /** The last two segments stay: their event ids are the memory of retries after a restart. */
  const dropPublished = async (): Promise<void> => {
    while (segments.length > 2) {
      const [oldest] = segments;
      if (oldest === undefined || (oldest.lastSequence() ?? 0) > published.sequence) return;
      segments.shift();
      await oldest.delete();
    }
  };

  const commitBatch = async (batch: readonly Pending[], ledgerOnly: readonly LedgerEntry[]): Promise<void> => {
    let { nextSequence, ledger } = state;
    const entries: { sequence: number; bytes: Buffer }[] = [];
    let bytes = 0;
    for (const append of batch) {
      for (const { header, value } of append.entries) {
        const encoded = encodeEntry(header, value);
        entries.push({ sequence: nextSequence, bytes: encoded });
        bytes += encoded.length;
        nextSequence += SEQUENCE_STEP;
      }
      ledger = addToLedger(ledger, append.ledger);
    }
    for (const entry of ledgerOnly) ledger = addToLedger(ledger, entry);
    await actors.durable();
    await current().append(entries, { nextSequence, ledger });
    state = { nextSequence, ledger };
    usedBytes += bytes;
    if (current().sizeBytes() >= segmentBytes) {
      rotate();
      await dropPublished();
    }
  };

  const commitLoop = async (): Promise<void> => {
    while (queue.length > 0 || unsaved.length > 0) {
      const batch = queue;
      const ledgerOnly = unsaved;
      queue = [];
      unsaved = [];
      try {
        await commitBatch(batch, ledgerOnly);
        for (const { resolve } of batch) resolve();
        const signal = wake;
        appended = new Promise<void>((resolve) => (wake = resolve));
        signal?.();
      } catch (error) {
        failures += 1;
        log.error('spool commit failed', { requests: batch.length, error: messageOf(error) });
        unsaved = [...ledgerOnly, ...unsaved];
        const failure = new ShellError('SPOOL_FAILED', `the spool cannot be written: ${messageOf(error)}`, {
          retryable: true,
          cause: error,
        });
        for (const { entries, reject } of batch) {
          recentIds.remove(entries.flatMap(({ value }) => eventIdsOf({ value })));
          reject(failure);
        }
        if (batch.length === 0) return;
      }
    }
  };
  const startCommitting = (): void => {
    committing ??= commitLoop().finally(() => {
      committing = undefined;
    });
  };
  const ledgerTimer = setInterval(() => {
    if (unsaved.length > 0) startCommitting();
  }, LEDGER_DELAY_MS);
  ledgerTimer.unref();

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
      for (const segment of segments) {
        if ((segment.lastSequence() ?? 0) <= after) continue;
        for (const { sequence, bytes: raw } of segment.read(after)) {
          if (found.length > 0 && bytes + raw.length > maxBytes) return found;
          found.push({ ...decodeEntry(raw), sequence });
          bytes += raw.length;
        }
      }
      return found;
    },
    published: () => published,
    markPublished: async (entries) => {
      const last = entries.at(-1);
      if (last === undefined) return;
      const records = { ...published.records };
      for (const { signal, records: n } of entries) records[signal] += n;
      published = { sequence: last.sequence, records };
      await facts.put('published', published);
      if (committing === undefined) await dropPublished();
    },
    nextAppend: () => appended,
    ledger: () => unsaved.reduce(addToLedger, state.ledger),
    sizeBytes: () => usedBytes,
    close: async () => {
      closed = true;
      clearInterval(ledgerTimer);
      if (unsaved.length > 0) startCommitting();
      while (committing !== undefined) await committing;
      await actors.durable();
      for (const segment of segments) await segment.close();
      await meta.close();
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
