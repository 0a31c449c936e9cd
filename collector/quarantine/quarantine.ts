/**
 * The original bytes of what was turned away: encrypted, bounded by bytes and age, the oldest dropped first. What cannot be
 * kept is counted and still turned away with its reason; nothing waits for room here, and nothing fails for want of it.
 */
import { mkdirSync, rmSync, statSync, statfsSync } from 'node:fs';
import type { DataKey } from '../../platform/encryption/data-key.ts';
import { hashParts } from '../../platform/hash.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { messageOf } from '../../platform/shell-error.ts';
import { type Head, type RequestHead, type RejectedRequest, contentParts, headOf } from './entry.ts';
import { DAY_MS, type Found, filesIn, findRequest, pathOf, sizeOf } from './folder.ts';
import { type OpenFile, assertKeyOf, createFile, openFile, readHeads } from './quarantine-file.ts';

export interface QuarantineOptions {
  readonly folder: string;
  readonly key: DataKey;
  readonly maxBytes: number;
  readonly days: number;
  /** Disk space that is left alone (bytes). */
  readonly reserveBytes: number;
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Quarantine {
  /**
   * Begins to keep it; what cannot be kept is counted.
   *
   * @returns `id` undefined where there is no room for it; `done` resolves when it is on disk or has failed, and never rejects
   */
  keep(rejected: RejectedRequest): { readonly id: string | undefined; readonly done: Promise<void> };
  /** @throws ShellError NOT_FOUND, QUARANTINE_BROKEN, QUARANTINE_UNAVAILABLE */
  find(id: string): Found;
  /** What records of a request became. @throws ShellError QUARANTINE_UNAVAILABLE */
  noteReplay(id: string, eventIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

const FILE_BYTES = 64 * 1024 ** 2;
/** A full file is dropped whole: it is a small part of all. */
const FILES = 8;
const TIDY_MS = 600_000;
/** Around a content: heads and seal. */
const FRAME_BYTES = 4 * 1024;
/** Requests that are known to be there; a sender that repeats one does not fill the quarantine with it. */
const REMEMBERED = 10_000;

/** @throws ShellError WRONG_KEY, QUARANTINE_UNAVAILABLE */
export function openQuarantine(options: QuarantineOptions): Quarantine {
  const { folder, key, maxBytes, log, metrics, now } = options;
  const fileBytes = Math.min(FILE_BYTES, Math.floor(maxBytes / FILES));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { path } of filesIn(folder)) assertKeyOf(path, key);
  const kept = metrics.counter(
    'collector_quarantine_kept_total',
    'Requests of which something was turned away, kept as they were sent',
  );
  const failed = metrics.counter('collector_quarantine_failed_total', 'Such requests that could not be kept', [
    'reason',
  ]);
  const dropped = metrics.counter(
    'collector_quarantine_dropped_total',
    'Such requests that had to go before or at their end',
    ['reason'],
  );
  const size = metrics.gauge('collector_quarantine_bytes', 'Size of the quarantine');
  metrics.onCollect(() => size.set({}, totalBytes()));

  let current: OpenFile | undefined = openLast();
  const remembered = new Map<string, string>();
  let working = Promise.resolve();
  let failing = false;

  function openLast(): OpenFile | undefined {
    const last = filesIn(folder).at(-1);
    return last === undefined ? undefined : openFile(last.path, key);
  }

  function totalBytes(): number {
    return filesIn(folder).reduce((sum, { path }) => sum + sizeOf(path), 0);
  }

  const endCurrent = (): void => {
    current?.close();
    current = undefined;
  };

  const drop = (path: string, reason: 'bytes' | 'age'): void => {
    if (current?.path === path) endCurrent();
    const requests = readHeads(path).filter(({ head }) => head.kind === 'request').length;
    rmSync(path, { force: true });
    if (requests === 0) return;
    dropped.inc({ reason }, requests);
    log.info('quarantine dropped its oldest', { reason, requests });
  };

  const isOlder = (path: string, days: number): boolean =>
    (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < now() - days * DAY_MS;

  const tidy = (): void => {
    // What expires goes with its file: none is filled for longer than a day.
    if (current !== undefined && isOlder(current.path, 1)) endCurrent();
    for (const { path } of filesIn(folder)) if (isOlder(path, options.days)) drop(path, 'age');
  };

  let begunAt = now();
  const fileWithRoom = (bytes: number): OpenFile => {
    const isFull = current !== undefined && current.sizeBytes() + bytes > fileBytes;
    if (isFull || current?.isBroken() === true || now() - begunAt > DAY_MS) endCurrent();
    for (let total = totalBytes(); total + bytes > maxBytes; total = totalBytes()) {
      const oldest = filesIn(folder)[0];
      if (oldest === undefined) break;
      drop(oldest.path, 'bytes');
    }
    if (current === undefined) {
      current = createFile(pathOf(folder, (filesIn(folder).at(-1)?.number ?? 0) + 1), key);
      begunAt = now();
    }
    return current;
  };

  /** @throws NoRoom */
  const assertRoom = (bytes: number): void => {
    if (bytes > maxBytes) throw new NoRoom('too_large', `${bytes} bytes are more than the quarantine may hold`);
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize - bytes < options.reserveBytes)
      throw new NoRoom('disk', `the disk has ${bavail * bsize} bytes left`);
  };

  /** @returns the path of its file */
  const write = async (head: Head, content: readonly Buffer[]): Promise<string> => {
    const file = fileWithRoom(bytesFor(content));
    await file.append(head, content);
    return file.path;
  };

  /** One at a time, in order. */
  const inTurn = async <T>(action: () => Promise<T>): Promise<T> => {
    const result = working.then(action);
    working = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  };

  const keep = async (head: RequestHead, rejected: RejectedRequest): Promise<void> => {
    const known = `${head.id} ${hashParts(JSON.stringify(rejected.rejectedRanges))}`;
    const at = remembered.get(known);
    if (at !== undefined && sizeOf(at) > 0) return;
    const path = await write(head, contentParts(rejected));
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(known, path);
    kept.inc();
  };

  const failedWith = (error: unknown): void => {
    failed.inc({ reason: error instanceof NoRoom ? error.reason : 'write' });
    if (!failing) log.error('what was turned away could not be kept', { error: messageOf(error) });
    failing = true;
  };

  const worked = (): void => {
    if (failing) log.info('what is turned away is kept again');
    failing = false;
  };

  const tidyQuietly = (): void => {
    try {
      tidy();
    } catch (error) {
      log.warn('quarantine cannot be tidied', { error: messageOf(error) });
    }
  };
  tidyQuietly();
  const tidying = setInterval(() => {
    working = working.then(tidyQuietly);
  }, TIDY_MS);
  tidying.unref();

  return {
    keep: (rejected) => {
      try {
        assertRoom(bytesFor([rejected.body]));
      } catch (error) {
        failedWith(error);
        return { id: undefined, done: Promise.resolve() };
      }
      const head = headOf(rejected, hashParts);
      return { id: head.id, done: inTurn(() => keep(head, rejected)).then(worked, failedWith) };
    },
    find: (id) => findRequest(folder, key, id, now() - options.days * DAY_MS),
    noteReplay: async (id, eventIds) => {
      await inTurn(() => write({ kind: 'replayed', id, at: now() }, [Buffer.from(JSON.stringify(eventIds))]));
    },
    close: async () => {
      clearInterval(tidying);
      await working;
      endCurrent();
    },
  };
}

/** Of a frame, generously. */
function bytesFor(content: readonly Uint8Array[]): number {
  return content.reduce((sum, { length }) => sum + length, FRAME_BYTES);
}

class NoRoom extends Error {
  override readonly name = 'NoRoom';
  readonly reason: 'too_large' | 'disk';
  constructor(reason: 'too_large' | 'disk', message: string) {
    super(message);
    this.reason = reason;
  }
}
