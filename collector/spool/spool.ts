/**
 * The collector's own disk: what it has acknowledged and not yet published, in order, with the ledger that accounts for
 * every record. Appends of many requests share one commit; an append resolves when it is on disk.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Environment, openEnvironment } from '../../platform/lmdb/environment.ts';
import type { DataKey } from '../../platform/encryption/data-key.ts';
import type { Log } from '../../platform/log.ts';
import { ShellError } from '../../platform/shell-error.ts';
import { TOPICS } from '../../schemas/topics.ts';
import { createActorKeeper } from './actors/actor-keeper.ts';
import { type Actors, createActors } from './actors/actors.ts';
import { createCommitWriter } from './commit-writer.ts';
import { accountOf, eventIdsOf } from './entry.ts';
import { createExpiry } from './expiry.ts';
import { type Append, createGroupCommit } from './group-commit.ts';
import { type Account, type Ledger, type Part, createLedger } from './ledger/ledger.ts';
import { type LedgerChanges, createLedgerChanges } from './ledger/ledger-changes.ts';
import { createLosses } from './losses.ts';
import { createPosition } from './position.ts';
import { type RecentIds, createRecentIds } from './recent-ids.ts';
import { recover } from './recovery.ts';
import { createRoom } from './room.ts';
import { SEQUENCE_STEP, type SpooledEntry, openSegmentList } from './segments/segment-list.ts';

export interface SpoolOptions {
  readonly path: string;
  /** Appends are refused above this size. */
  readonly maxBytes: number;
  /** Appends are refused when the disk has less left than this. */
  readonly reserveBytes: number;
  /** A segment is closed and a new one begun above this size. */
  readonly segmentBytes: number;
  /** Encrypts the files; without it they are in plaintext. */
  readonly key?: DataKey | undefined;
  /** Entries that wait longer than this expire by segment and are counted as lost; without it nothing expires (ms). */
  readonly maxAgeMs?: number;
  readonly hash128: (text: string) => string;
  readonly now: () => number;
  readonly log: Log;
}

export interface Spool {
  /** Names this spool for ever; a new disk is a new spool. */
  readonly id: string;
  readonly actors: Actors;
  readonly recentIds: RecentIds;
  /** @throws ShellError SPOOL_FULL or SPOOL_FAILED (both retryable); then nothing of it is kept */
  append(append: Append): Promise<void>;
  /** Undefined while there is room, else why there is none. */
  readonly refusal: () => string | undefined;
  /** The next entries that are not published, at most `maxBytes` of values but at least one. */
  next(maxBytes: number): readonly SpooledEntry[];
  /**
   * Saved at the next commit or within a second. Progress that a kill loses is published again, with the same sequences.
   *
   * @param refused what the broker accepted at no size of the last entry: events, and the input records that they are of
   */
  markPublished(entries: readonly SpooledEntry[], refused?: Part): void;
  /** Resolves at the next append. */
  nextAppend(): Promise<void>;
  /** The fate of every record since this spool began, at this instant. */
  ledger(): readonly Account[];
  sizeBytes(): number;
  close(): Promise<void>;
}

/** Changes that do not need a separate commit wait for the next one, at most this long. */
const LAZY_COMMIT_MS = 1_000;
const TIDY_MS = 3_600_000;
const META_MAP_BYTES = 64 * 1024 ** 2;
const NOTHING: Part = { records: 0, events: 0, derived: 0 };

/** @throws ShellError SPOOL_UNAVAILABLE when the disk does not let it begin */
export function openSpool(options: SpoolOptions): Spool {
  const { path, log, now, segmentBytes, maxAgeMs, key } = options;
  mkdirSync(path, { recursive: true });
  const metaPath = join(path, 'meta.mdb');
  const meta = openEnvironment(metaPath, { create: true, mapBytes: META_MAP_BYTES, area: 'SPOOL', key });
  if (meta === undefined) throw new Error(`${metaPath} was not created`);
  const id = idIn(meta);
  const actors = createActors(meta, options.hash128, now);
  const recentIds = createRecentIds();
  const segments = openSegmentList({ folder: join(path, 'segments'), segmentBytes, key, log });
  recover(segments, actors, recentIds);

  const position = createPosition(segments.state);
  const ledger = createLedger(segments.state.accounts);
  const changes = createLedgerChanges();
  const losses = createLosses({ segments, ledger, changes, log });
  const expiry = createExpiry({ maxAgeMs, position, segments, losses, now });
  const actorKeeper = createActorKeeper(actors, now, log);
  const room = createRoom(options, () => segments.sizeBytes());

  /** Deletes even if the progress cannot be written: on a full disk only deleting makes room again. */
  const deletePublished = (): void => {
    if (!changes.hasDrops()) segments.dropTo(position.published());
  };
  /** Called for a request that is not kept, because its agent will send it again. */
  const forgetIds = ({ entries, ledger: entry }: Append): void =>
    recentIds.of(entry).remove(entries.flatMap(({ value }) => eventIdsOf({ value })));
  const commits = createGroupCommit({
    write: createCommitWriter({ segments, position, ledger, changes, expiry, actorKeeper, room, now }),
    onWritten: deletePublished,
    onFailed: forgetIds,
    log,
  });
  const isDue = (): boolean => commits.hasUnsaved() || !changes.isEmpty() || position.isUnsaved();
  const keptSequence = (): number => position.next() - SEQUENCE_STEP;

  actorKeeper.keep(keptSequence());
  actorKeeper.tidy();
  const tidying = setInterval(() => actorKeeper.tidy(), TIDY_MS);
  const lazy = setInterval(() => {
    if (isDue() || segments.isBegunBefore(expiry.rotateBegunBefore())) commits.start();
    actorKeeper.keepIfDue(keptSequence());
  }, LAZY_COMMIT_MS);
  for (const timer of [tidying, lazy]) timer.unref();
  let closed = false;

  const appendEntries = async (append: Append): Promise<void> => {
    const full = room.refusal();
    if (full !== undefined) {
      forgetIds(append);
      throw new ShellError('SPOOL_FULL', full, { retryable: true });
    }
    actors.hold(append.assignments ?? []);
    await commits.append(append);
  };

  return {
    id,
    actors,
    recentIds,
    append: async (append) => {
      if (closed) throw failed('the spool is closed');
      const failuresBefore = commits.failures();
      const hasDuplicates = append.ledger.duplicate > 0;
      if (append.entries.length > 0) await appendEntries(append);
      else {
        commits.note(append.ledger);
        if (hasDuplicates) await commits.running();
      }
      // The first copy may have been in a commit that failed meanwhile; then this one was not a duplicate after all.
      if (hasDuplicates && commits.failures() !== failuresBefore)
        throw failed('an earlier copy of these records could not be written');
    },
    refusal: room.refusal,
    next: (maxBytes) => {
      expiry.expire();
      for (;;) {
        losses.unreadable(position.published());
        const { entries, unreadableTo } = segments.read(position.published(), maxBytes);
        if (unreadableTo === undefined) return entries;
        position.publishedTo(unreadableTo);
      }
    },
    markPublished: (entries, refused = NOTHING) => {
      const last = entries.at(-1);
      if (last === undefined) return;
      countPublished(ledger, changes, entries, refused);
      position.publishedTo(last.sequence);
      expiry.moved();
      deletePublished();
    },
    nextAppend: () => commits.nextAppend(),
    ledger: () => ledger.accounts(commits.unsaved()),
    sizeBytes: () => room.sizeBytes(),
    close: async () => {
      closed = true;
      clearInterval(lazy);
      clearInterval(tidying);
      while (commits.running() !== undefined) await commits.running();
      if (isDue()) await commits.finish();
      actorKeeper.keep(keptSequence());
      segments.close();
      meta.release();
    },
  };
}

/** @param refused part of the last entry */
function countPublished(ledger: Ledger, changes: LedgerChanges, entries: readonly SpooledEntry[], refused: Part): void {
  const last = entries.at(-1);
  for (const entry of entries) {
    if (entry.topic !== TOPICS.events) continue;
    const account = accountOf(entry);
    const { records, events, derived } = entry === last ? refused : NOTHING;
    ledger.published(account, {
      records: entry.records - records,
      events: entry.count - events,
      derived: (entry.derived ?? 0) - derived,
    });
    changes.published(account);
  }
  if (last === undefined || refused.records === 0) return;
  ledger.refused(accountOf(last), 'event_too_large', refused);
  changes.dropped(accountOf(last));
}

function failed(message: string): ShellError {
  return new ShellError('SPOOL_FAILED', message, { retryable: true });
}

/** The permanent name of this spool, which is generated when it is created. */
function idIn({ store, transact }: Environment): string {
  const key = Buffer.from('id');
  const known = store.get(key);
  if (known !== undefined) return known.toString('utf8');
  const id = randomBytes(8).toString('hex');
  transact(() => store.putSync(key, Buffer.from(id)));
  return id;
}
