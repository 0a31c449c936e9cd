/**
 * The collector's own disk: what it has acknowledged and not yet published, in order, with the ledger that accounts for
 * every record. Appends of many requests share one commit; an append resolves when it is on disk.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Environment, openEnvironment } from '../../platform/lmdb/environment.ts';
import type { DataKey } from '../../platform/encryption/data-key.ts';
import type { Log } from '../../platform/log.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import { TOPICS } from '../../schemas/topics.ts';
import { type Actors, type ActorAssignment, createActors } from './actors.ts';
import { type EntryHeader, encodeEntry, tenantOf } from './entry.ts';
import {
  type Account,
  type AccountId,
  type LedgerEntry,
  type Part,
  complete,
  createLedger,
  keyOf,
  stillOpen,
} from './ledger.ts';
import { type RecentIds, createRecentIds } from './recent-ids.ts';
import { SEQUENCE_STEP, type SpoolState, type SpooledEntry, openSegmentList } from './segment-list.ts';

export interface SpoolOptions {
  readonly path: string;
  /** Appends are refused above this size. */
  readonly maxBytes: number;
  /** Appends are refused when the disk has less left than this. */
  readonly reserveBytes: number;
  /** A segment is closed and a new one begun above this size. */
  readonly segmentBytes: number;
  /** Encrypts what lies there; in clear without it. */
  readonly key?: DataKey | undefined;
  /** What waits for longer is given up, a segment at a time, and counted as lost; nothing is when it is absent (ms). */
  readonly maxAgeMs?: number;
  readonly hash128: (text: string) => string;
  readonly now: () => number;
  readonly log: Log;
}

export interface Append {
  readonly entries: readonly { readonly header: EntryHeader; readonly value: string }[];
  readonly ledger: LedgerEntry;
  /** Whose the sessions of its events are from now on. */
  readonly assignments?: readonly ActorAssignment[];
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
  /** The next entries that are not published, at most `maxBytes` of values but at least one. */
  next(maxBytes: number): readonly SpooledEntry[];
  /**
   * Remembered at the next commit or within a second; what is forgotten by a kill is published again, with the same sequences.
   *
   * @param refused what the broker took at no size of the last entry: events, and the input records that they are of
   */
  markPublished(entries: readonly SpooledEntry[], refused?: Part): void;
  /** Resolves at the next append. */
  nextAppend(): Promise<void>;
  /** What became of every record since this spool began, at this instant. */
  ledger(): readonly Account[];
  sizeBytes(): number;
  close(): Promise<void>;
}

/** The free disk space is looked at this often. */
const DISK_CHECK_MS = 500;
/** What alone is not worth a commit of its own waits for the next one, at most this long. */
const LAZY_COMMIT_MS = 1_000;
/** The actors of sessions are written into their table this often. */
const KEEP_ACTORS_MS = 5_000;
const TIDY_MS = 3_600_000;
/** While nothing can be published, a segment takes no more after this part of the age to which entries may come: it is given up whole. */
const SEGMENT_AGES = 24;
const META_MAP_BYTES = 64 * 1024 ** 2;
const NOTHING: Part = { records: 0, events: 0, derived: 0 };

interface Pending extends Append {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** @throws ShellError SPOOL_UNAVAILABLE when the disk does not let it begin */
export function openSpool(options: SpoolOptions): Spool {
  const { path, log, segmentBytes, maxAgeMs, key } = options;
  mkdirSync(path, { recursive: true });
  const metaPath = join(path, 'meta.mdb');
  const meta = openEnvironment(metaPath, { create: true, mapBytes: META_MAP_BYTES, area: 'SPOOL', key });
  if (meta === undefined) throw new Error(`${metaPath} was not created`);
  const id = idIn(meta);
  const actors = createActors(meta, options.hash128, options.now);

  const segments = openSegmentList({ folder: join(path, 'segments'), segmentBytes, key, log });
  let { nextSequence, publishedSequence } = segments.state;
  const ledger = createLedger(segments.state.accounts);
  const recentIds = createRecentIds();
  const keptTo = actors.keptTo();
  for (const entry of segments.kept()) {
    for (const eventId of eventIdsOf(entry)) recentIds.of(accountOf(entry)).add(eventId);
    if (entry.sequence > keptTo) actors.hold(assignmentsIn(entry, actors));
  }

  let queue: Pending[] = [];
  let committing: Promise<void> | undefined;
  /** What the current segment's state does not say yet. */
  let unsaved: LedgerEntry[] = [];
  let publishedSaved = publishedSequence;
  let addedAt = segments.state.addedAt ?? options.now();
  /** Accounts of which more was published, refused or lost than is written down. */
  let changed = new Map<string, AccountId>();
  /** Whether records were refused or lost that are not written down; what is published can be told from the segments. */
  let holdsBack = false;
  let closed = false;
  let failures = 0;
  let failing = false;
  /** Ledger entries of the commit that is being written. */
  let writing: readonly LedgerEntry[] = [];
  let wake: (() => void) | undefined;
  let appended = new Promise<void>((resolve) => (wake = resolve));

  let diskCheckedAt = 0;
  let freeBytes = Number.POSITIVE_INFINITY;
  let usedBytes = segments.sizeBytes();
  const refusal = (): string | undefined => {
    const now = options.now();
    if (Math.abs(now - diskCheckedAt) >= DISK_CHECK_MS) {
      diskCheckedAt = now;
      const disk = statfsSync(path);
      freeBytes = disk.bavail * disk.bsize;
      usedBytes = segments.sizeBytes();
    }
    if (usedBytes >= options.maxBytes) return `the spool holds ${usedBytes} bytes, its limit is ${options.maxBytes}`;
    if (freeBytes < options.reserveBytes)
      return `the disk has ${freeBytes} bytes left, ${options.reserveBytes} are kept free`;
    return undefined;
  };

  const stateWith = (ids: Iterable<AccountId>, entries: readonly LedgerEntry[], next: number): SpoolState => {
    const later = createLedger([...ids, ...entries].map((account) => ledger.accountOf(account)));
    for (const entry of entries) later.add(entry);
    return { nextSequence: next, publishedSequence, accounts: later.accounts(), addedAt };
  };

  const waits = (): boolean => publishedSequence < nextSequence - SEQUENCE_STEP;
  /** When something was published or given up last, or nothing waited. */
  let movedAt = waits() ? 0 : options.now();
  /** What was begun before this instant takes no more: it is to be given up whole when its time comes. */
  const begunTooLongAgo = (): number | undefined => {
    if (!waits()) movedAt = options.now();
    if (maxAgeMs === undefined || options.now() - movedAt < maxAgeMs / SEGMENT_AGES) return undefined;
    return options.now() - maxAgeMs / SEGMENT_AGES;
  };

  let actorsKeptAt = options.now();
  /** @returns whether all that was held is kept; on a full disk it stays held, and its entries say the same */
  const keepActors = (): boolean => {
    actorsKeptAt = options.now();
    try {
      actors.keep(nextSequence - SEQUENCE_STEP);
    } catch (error) {
      log.warn('actors of sessions could not be written yet', { error: messageOf(error) });
    }
    return !actors.isHolding();
  };
  keepActors();

  const write = async (batch: readonly Pending[], ledgerOnly: readonly LedgerEntry[]): Promise<void> => {
    // Assignments are read back from the last segments only: where they cannot be kept, the one there grows on.
    if (segments.isFull(begunTooLongAgo()) && keepActors())
      segments.rotate({ nextSequence, publishedSequence, accounts: ledger.accounts(), addedAt });
    const added = [...ledgerOnly, ...batch.map((append) => append.ledger)];
    let sequence = nextSequence;
    const entries: { sequence: number; bytes: Buffer }[] = [];
    for (const append of batch) {
      for (const { header, value } of append.entries) {
        entries.push({ sequence, bytes: encodeEntry(header, value) });
        sequence += SEQUENCE_STEP;
      }
    }
    if (entries.length > 0) addedAt = options.now();
    const saving = { publishedSequence, changed, holdsBack };
    changed = new Map();
    holdsBack = false;
    try {
      await segments.append(entries, stateWith(saving.changed.values(), added, sequence));
    } catch (error) {
      changed = new Map([...saving.changed, ...changed]);
      holdsBack ||= saving.holdsBack;
      throw error;
    }
    nextSequence = sequence;
    // Meanwhile more may have been published: what was written does not replace the ledger.
    for (const entry of added) ledger.add(entry);
    publishedSaved = saving.publishedSequence;
    usedBytes += entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
  };

  /** What is published is deleted also when that cannot be written down: on a full disk it is what makes room again. */
  const dropPublished = (): void => {
    if (!holdsBack) segments.dropTo(publishedSequence);
  };

  const change = (account: AccountId): void => void changed.set(keyOf(account), account);

  /** At the end of a segment all that was accepted before has been published or refused, or is lost. @returns what was lost now */
  const countLost = (reason: string): readonly (AccountId & Part)[] => {
    const found: (AccountId & Part)[] = [];
    for (const then of segments.stateAt(publishedSequence)?.accounts ?? []) {
      const open = stillOpen(complete(then), ledger.accountOf(then));
      if (open.records <= 0 && open.events <= 0) continue;
      ledger.lost(then, reason, open);
      change(then);
      holdsBack = true;
      found.push({ tenant: then.tenant, sender: then.sender, signal: then.signal, ...open });
    }
    return found;
  };

  const countUnreadable = (): void => {
    for (const lost of countLost('spool_broken'))
      log.error('records cannot be read back from the spool', { ...lost, upToSequence: publishedSequence });
  };

  /** Segments in which everything has waited for too long. */
  const giveUpOld = (): void => {
    for (;;) {
      const end =
        maxAgeMs === undefined ? undefined : segments.closedBefore(publishedSequence, options.now() - maxAgeMs);
      if (end === undefined) return;
      const messages = (end - publishedSequence) / SEQUENCE_STEP;
      publishedSequence = end;
      movedAt = options.now();
      log.error('records waited in the spool for too long and are given up', {
        messages,
        lost: countLost('spool_too_old'),
        upToSequence: end,
      });
    }
  };

  /** Of a request that is not kept: the agent will send it again. */
  const forgetIds = ({ entries, ledger: entry }: Append): void =>
    recentIds.of(entry).remove(entries.flatMap(({ value }) => eventIdsOf({ value })));

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
      for (const append of batch) {
        forgetIds(append);
        append.reject(failure);
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
    const isDue = unsaved.length > 0 || changed.size > 0 || publishedSequence !== publishedSaved;
    if (isDue || segments.isBegunBefore(begunTooLongAgo())) startCommitting();
    if (actors.isHolding() && Math.abs(options.now() - actorsKeptAt) >= KEEP_ACTORS_MS) keepActors();
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
          forgetIds(append);
          throw new ShellError('SPOOL_FULL', full, { retryable: true });
        }
        actors.hold(append.assignments ?? []);
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
    next: (maxBytes) => {
      giveUpOld();
      for (;;) {
        countUnreadable();
        const { entries, unreadableTo } = segments.read(publishedSequence, maxBytes);
        if (unreadableTo === undefined) return entries;
        publishedSequence = unreadableTo;
      }
    },
    markPublished: (entries, refused = NOTHING) => {
      const last = entries.at(-1);
      if (last === undefined) return;
      for (const entry of entries) {
        if (entry.topic !== TOPICS.events) continue;
        const account = accountOf(entry);
        const { records, events, derived } = entry === last ? refused : NOTHING;
        ledger.published(account, {
          records: entry.records - records,
          events: entry.count - events,
          derived: (entry.derived ?? 0) - derived,
        });
        change(account);
      }
      if (refused.records > 0) {
        ledger.refused(accountOf(last), 'event_too_large', refused);
        holdsBack = true;
      }
      publishedSequence = last.sequence;
      movedAt = options.now();
      dropPublished();
    },
    nextAppend: () => appended,
    ledger: () => ledger.accounts([...writing, ...unsaved]),
    sizeBytes: () => usedBytes,
    close: async () => {
      closed = true;
      clearInterval(lazy);
      clearInterval(tidying);
      while (committing !== undefined) await committing;
      if (unsaved.length > 0 || changed.size > 0 || publishedSequence !== publishedSaved) await commit();
      keepActors();
      segments.close();
      meta.release();
    },
  };
}

/** The name that this spool has for ever, made up when it is new. */
function idIn({ store, transact }: Environment): string {
  const key = Buffer.from('id');
  const known = store.get(key);
  if (known !== undefined) return known.toString('utf8');
  const id = randomBytes(8).toString('hex');
  transact(() => store.putSync(key, Buffer.from(id)));
  return id;
}

function accountOf({ key, sender, signal }: EntryHeader): AccountId {
  return { tenant: tenantOf(key), sender, signal };
}

/** What the request behind an entry decided of its sessions. */
function assignmentsIn(entry: SpooledEntry, actors: Actors): readonly ActorAssignment[] {
  if (entry.topic !== TOPICS.events) return [];
  const { tenant, sender } = accountOf(entry);
  const request = actors.request({ tenant, sender });
  const actor = entry.key.slice(tenant.length + 1);
  for (const line of entry.value.toString('utf8').split('\n')) {
    const { sessionId } = JSON.parse(line) as { readonly sessionId?: unknown };
    if (typeof sessionId === 'string') request.assign(sessionId, actor);
  }
  return request.assignments();
}

/** Ids of the events in a message, without parsing it: `eventId` is the first field of every line. */
export function eventIdsOf({ value }: { readonly value: string | Buffer }): string[] {
  const lines = typeof value === 'string' ? value : value.toString('utf8');
  const ids: string[] = [];
  for (const match of lines.matchAll(/^\{"eventId":"([0-9a-f]{32})"/gm)) ids.push(match[1] ?? '');
  return ids;
}
