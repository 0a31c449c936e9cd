/** The files of a spool, oldest first: the last is appended to, the first goes when it is published. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DataKey } from '../../../platform/encryption/data-key.ts';
import type { Log } from '../../../platform/log.ts';
import { messageOf } from '../../../platform/shell-error.ts';
import { total } from '../../../schemas/records/pipeline-account.ts';
import { type Entry, decodeEntry } from '../entry.ts';
import { type Account, complete, keyOf, mergeAccounts } from '../ledger/ledger.ts';
import { type Segment, createSegment, isCutOff, openSegment } from './segment.ts';

/** Room between two entries for the pieces of one that a broker finds too large. */
export const SEQUENCE_STEP = 1024;
/** The last segments stay when they are published: their event ids are the memory of retries after a restart. */
const KEPT_SEGMENTS = 2;

/** The state after a commit. A segment begins with all accounts; a commit has those that it changed. */
export interface SpoolState {
  readonly nextSequence: number;
  /** Everything up to here is on the bus, refused or lost. */
  readonly publishedSequence: number;
  readonly accounts: readonly Account[];
  /** When an entry was added last (ms since epoch); unknown in files of an earlier version. */
  readonly addedAt?: number;
}

export interface SpooledEntry extends Entry {
  /** Ascends by SEQUENCE_STEP per entry. */
  readonly sequence: number;
}

export interface SegmentList {
  /** The state on disk when the list was opened. */
  readonly state: SpoolState;
  /** Event messages that are still there although they may be published. */
  kept(): Iterable<SpooledEntry>;
  append(entries: readonly { readonly sequence: number; readonly bytes: Buffer }[], state: SpoolState): Promise<void>;
  /**
   * Begins a new segment.
   *
   * @throws ShellError SPOOL_UNAVAILABLE when it cannot and the last one is broken
   */
  rotate(state: SpoolState): void;
  /**
   * Whether a new one should be begun: the last is long or broken, or was begun before an instant and holds something.
   *
   * @param begunBefore ms since epoch
   */
  isFull(begunBefore?: number): boolean;
  /** Only the last of these. */
  isBegunBefore(instant: number | undefined): boolean;
  /**
   * The next entries after a sequence, at most `maxBytes` of them but at least one, and none from behind the end of a segment
   * in which entries are missing.
   *
   * @returns `unreadableTo`: there are none up to this sequence, and there should be
   */
  read(after: number, maxBytes: number): { readonly entries: readonly SpooledEntry[]; readonly unreadableTo?: number };
  /** The state after all entries up to a sequence; it is known at the beginning of each segment. */
  stateAt(sequence: number): SpoolState | undefined;
  /** The last sequence of the segment in which the next entry after a sequence lies, if nothing was added to that since an instant. */
  closedBefore(after: number, instant: number): number | undefined;
  /** Deletes segments that are published whole, except the last ones. */
  dropTo(sequence: number): void;
  sizeBytes(): number;
  close(): void;
}

const NEW: SpoolState = { nextSequence: SEQUENCE_STEP, publishedSequence: 0, accounts: [] };

export interface SegmentListOptions {
  readonly folder: string;
  /** A segment is closed and a new one begun above this size. */
  readonly segmentBytes: number;
  /** Seals the segments; without it they are in plaintext. */
  readonly key?: DataKey | undefined;
  readonly log: Log;
}

/** @throws ShellError SPOOL_UNAVAILABLE, SPOOL_KEY */
export function openSegmentList({ folder, segmentBytes, key, log }: SegmentListOptions): SegmentList {
  mkdirSync(folder, { recursive: true });
  const fileOf = (number: number): string => join(folder, `${String(number).padStart(8, '0')}.seg`);
  const { segments, oldestIsMissing, lastNumber } = openSegments(folder, fileOf, key, log);
  const written = stateOf(segments);
  const state = oldestIsMissing ? written : publishedBefore(segments[0]?.begin ?? NEW, written);
  let { nextSequence } = state;
  const begin = (number: number, at: SpoolState): void => {
    segments.push(createSegment(fileOf(number), number, at, key));
    log.debug('spool segment begun', { segment: number });
  };
  // Start a new segment first, because a broken one is read-only.
  if (segments.at(-1)?.isBroken() ?? true) begin(lastNumber + 1, state);
  const last = (): Segment<SpoolState> => segments.at(-1) as Segment<SpoolState>;
  const isBegunBefore = (instant: number | undefined): boolean =>
    instant !== undefined && (last().begin?.addedAt ?? 0) < instant && nextSequence > (last().begin?.nextSequence ?? 0);
  const isFull = (begunBefore?: number): boolean =>
    last().sizeBytes() >= segmentBytes || last().isBroken() || isBegunBefore(begunBefore);
  /** The first sequence after a segment. */
  const endOf = (index: number): number =>
    segments.slice(index + 1).find((segment) => segment.begin !== undefined)?.begin?.nextSequence ?? nextSequence;

  return {
    state,
    kept: function* () {
      for (const segment of segments.slice(-KEPT_SEGMENTS))
        for (const { sequence, bytes } of segment.read(0)) yield { ...decodeEntry(bytes), sequence };
    },
    append: async (entries, after) => {
      await last().append(entries, after);
      nextSequence = after.nextSequence;
    },
    isFull,
    isBegunBefore,
    rotate: (at) => {
      const segment = last();
      try {
        begin(segment.number + 1, at);
      } catch (error) {
        // Tried again at the next commit; until then the one there is grows on.
        if (segment.isBroken()) throw error;
        log.warn('spool segment could not be begun', { segment: segment.number + 1, error: messageOf(error) });
      }
    },
    read: (after, maxBytes) => {
      const entries: SpooledEntry[] = [];
      let bytes = 0;
      let reached = after;
      for (const [index, segment] of segments.entries()) {
        const end = endOf(index);
        if (end - SEQUENCE_STEP <= after) continue;
        let isWhole = true;
        for (const { sequence, bytes: raw } of segment.read(reached)) {
          if (sequence >= end) break;
          if (entries.length > 0 && bytes + raw.length > maxBytes) return { entries };
          entries.push({ ...decodeEntry(raw), sequence });
          bytes += raw.length;
          isWhole &&= sequence === reached + SEQUENCE_STEP;
          reached = sequence;
        }
        if (entries.length === 0) return { entries, unreadableTo: end - SEQUENCE_STEP };
        if (!isWhole || reached !== end - SEQUENCE_STEP) return { entries };
      }
      return { entries };
    },
    stateAt: (sequence) => segments.find((segment) => segment.begin?.nextSequence === sequence + SEQUENCE_STEP)?.begin,
    closedBefore: (after, instant) => {
      const index = segments.findIndex((_, n) => endOf(n) - SEQUENCE_STEP > after);
      if (index < 0) return undefined;
      // The next segment has the state; if it cannot be read, the one after it.
      const addedAt = segments.slice(index + 1).find(({ begin }) => begin?.addedAt !== undefined)?.begin?.addedAt;
      return addedAt !== undefined && addedAt < instant ? endOf(index) - SEQUENCE_STEP : undefined;
    },
    dropTo: (sequence) => {
      while (segments.length > KEPT_SEGMENTS && endOf(0) - SEQUENCE_STEP <= sequence) segments.shift()?.delete();
    },
    sizeBytes: () => segments.reduce((total, segment) => total + segment.sizeBytes(), 0),
    close: () => {
      for (const segment of segments) segment.close();
    },
  };
}

/**
 * The segments of a folder, oldest first. One that was being begun when the process was killed goes: nothing in it was
 * acknowledged. An unreadable segment is set aside; its entries are found missing when its neighbours are read.
 */
function openSegments(folder: string, fileOf: (number: number) => string, key: DataKey | undefined, log: Log) {
  const names = readdirSync(folder).filter((name) => /^\d{8}\.seg(\.broken)?$/.test(name));
  const numberOf = (name: string): number => Number(name.slice(0, 8));
  const segments: Segment<SpoolState>[] = [];
  let oldestIsMissing = false;
  for (const name of names
    .filter((each) => each.endsWith('.seg'))
    .sort()
    .reverse()) {
    const path = fileOf(numberOf(name));
    const isLast = segments.length === 0;
    const segment = openSegment<SpoolState>(path, numberOf(name), isLast, key);
    oldestIsMissing = segment === undefined;
    if (segment !== undefined) segments.unshift(segment);
    else if (isLast && isCutOff(path)) rmSync(path);
    else {
      renameSync(path, `${path}.broken`);
      log.error('nothing of a spool segment can be read, it is set aside', { file: `${path}.broken` });
    }
  }
  return { segments, oldestIsMissing, lastNumber: Math.max(0, ...names.map(numberOf)) };
}

function stateOf(segments: readonly Segment<SpoolState>[]): SpoolState {
  const from = Math.max(
    0,
    segments.findLastIndex(({ begin }) => begin !== undefined),
  );
  let state = NEW;
  for (const segment of segments.slice(from))
    for (const later of segment.states()) state = { ...later, accounts: mergeAccounts(state.accounts, later.accounts) };
  return state;
}

/**
 * What was published may be written down too low: a kill came first, or the disk was full. What lies before the oldest segment
 * was published, or that segment would not be the oldest.
 */
function publishedBefore(oldest: SpoolState, state: SpoolState): SpoolState {
  const before = oldest.nextSequence - SEQUENCE_STEP;
  if (state.publishedSequence >= before) return state;
  const then = new Map(oldest.accounts.map((account) => [keyOf(account), account]));
  const accounts = state.accounts.map((account) => {
    const { tenant, sender, signal } = account;
    const { accepted, events, derivedEvents } = complete(then.get(keyOf(account)) ?? { tenant, sender, signal });
    const published = accepted - total(account.refused) - total(account.lost);
    return {
      ...account,
      published: Math.max(account.published, published),
      publishedEvents: Math.max(account.publishedEvents, events - account.droppedEvents),
      publishedDerivedEvents: Math.max(account.publishedDerivedEvents, derivedEvents - account.droppedDerivedEvents),
    };
  });
  return { ...state, publishedSequence: before, accounts };
}
