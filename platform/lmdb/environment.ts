/** Opens LMDB files safely: each once per process, never a file that is not LMDB's (the native code would crash on it). */
import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ABORT, type RootDatabase, open } from 'lmdb';
import type { DataKey } from '../encryption/data-key.ts';
import { blockThread } from '../retry.ts';
import { ShellError, messageOf } from '../shell-error.ts';

export type Store = RootDatabase<Buffer, Buffer>;

/** Whose files they are; begins the code of every error: `BUS_CORRUPT`, `SPOOL_UNAVAILABLE`, … */
export type Area = 'BUS' | 'SPOOL';

export interface Environment {
  readonly store: Store;
  /**
   * One durable commit; when `action` throws nothing is written. Synchronous, because the promises of an asynchronous commit
   * that fails on a full disk reject where nobody can catch them (lmdb 3.5).
   *
   * @throws ShellError `…_UNAVAILABLE`, `…_CORRUPT`
   */
  readonly transact: <T>(action: () => T) => T;
  /** The file is closed when its last user in this process has released it. */
  readonly release: () => void;
}

/** What lets one process at a time open, close and write a group of files. */
export interface Exclusion {
  /** Runs `action` while no other process is within its own; within an action it may be asked for again. */
  readonly hold: <T>(action: () => T) => T;
}

/**
 * Free space (bytes) without which nothing is begun or committed. On a full disk LMDB's lock file cannot be mapped, which kills
 * the process, and a commit that fails half-way breaks its heap (lmdb 3.5.6); so LMDB is not let come so far.
 */
const RESERVE_BYTES = 8 * 1024 ** 2;
/** LMDB's data format 2: each of the first two pages is a meta page with these at fixed places. */
const META = { magicAt: 24, versionAt: 28, pageSizeAt: 48, lastPageAt: 144, transactionAt: 152, bytes: 160 };
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
/** Pages at the very end that a transaction took and gave back are never written. */
const UNWRITTEN_TAIL_BYTES = 1024 ** 2;
const BEING_CREATED_TRIES = 20;
/** Opening a file whose lock file another process is setting up or giving up at this instant. */
const OPENING_TRIES = 40;
const OPENING_PAUSE_MS = 10;
const NOBODY: Exclusion = { hold: (action) => action() };

/** Two handles on one file in one process would drop each other's locks; the key is the file, not its name. */
const opened = new Map<string, { readonly store: Store; users: number }>();

export interface EnvironmentOptions {
  readonly create: boolean;
  /** Address space set aside (not memory, not disk); the file may outgrow it. */
  readonly mapBytes: number;
  readonly area?: Area;
  /**
   * Encrypts the pages (LMDB: ChaCha8, without a check of its own). Whoever gives one knows that the file was begun with it: the
   * native code breaks on a wrong key, and on an encrypted file without one.
   */
  readonly key?: DataKey | undefined;
  /**
   * Must be given for a file that several processes use. LMDB sets the number of the last commit while it opens a file, from a
   * page read a moment before: a commit of another process in between is overwritten by the next one (OpenLDAP ITS#9496, in
   * lmdb 3.5.6). Whoever opens the file just as its last user closes it finds its mutexes destroyed.
   */
  readonly exclusion?: Exclusion | undefined;
}

/**
 * @returns undefined when the file is missing and `create` is false
 * @throws ShellError `…_CORRUPT` for a file that is not LMDB's or has been cut, `…_UNAVAILABLE` for a full or broken disk
 */
export function openEnvironment(path: string, options: EnvironmentOptions): Environment | undefined {
  const { create, area = 'BUS', exclusion = NOBODY } = options;
  try {
    return exclusion.hold(() => {
      if (!existsSync(path) && !create) return undefined;
      mkdirSync(dirname(path), { recursive: true });
      const known = identityOf(path);
      const shared = known === undefined ? undefined : opened.get(known);
      if (shared !== undefined) return handle(known ?? '', shared, path, area, exclusion);
      assertOpenable(path, area);
      const fresh = { store: openedStore(path, options), users: 0 };
      const identity = identityOf(path) ?? `${path}#${process.hrtime.bigint()}`;
      opened.set(identity, fresh);
      return handle(identity, fresh, path, area, exclusion);
    });
  } catch (error) {
    throw storageError(error, path, area);
  }
}

/** Open, and shown to be usable: both of its mutexes were taken once. */
function openedStore(path: string, { mapBytes, key }: EnvironmentOptions): Store {
  for (let attempt = 1; ; attempt += 1) {
    let store: Store | undefined;
    try {
      store = open<Buffer, Buffer>({
        path,
        noSubdir: true,
        encoding: 'binary',
        keyEncoding: 'binary',
        cache: false,
        // A commit is on the disk when it returns.
        overlappingSync: false,
        mapSize: mapBytes,
        maxReaders: 512,
        ...(key === undefined ? {} : { encryptionKey: pageKey(key) }),
      });
      store.transactionSync(() => ABORT);
      store.get(Buffer.from([0]));
      return store;
    } catch (error) {
      void store?.close();
      if (attempt >= OPENING_TRIES || !UNSETTLED.has(Number((error as { code?: unknown }).code))) throw error;
      blockThread(Math.random() * OPENING_PAUSE_MS);
    }
  }
}

/** lmdb takes 32 characters: 192 bits in base64. */
function pageKey(key: DataKey): string {
  return key.of('lmdb pages').toString('base64url').slice(0, 32);
}

function handle(
  identity: string,
  entry: { readonly store: Store; users: number },
  path: string,
  area: Area,
  exclusion: Exclusion,
): Environment {
  entry.users += 1;
  let released = false;
  return {
    store: entry.store,
    transact: (action) => {
      assertRoom(path, area);
      try {
        return exclusion.hold(() => entry.store.transactionSync(action));
      } catch (error) {
        throw storageError(error, path, area);
      }
    },
    release: () => {
      if (released) return;
      released = true;
      entry.users -= 1;
      if (entry.users > 0) return;
      exclusion.hold(() => {
        opened.delete(identity);
        // Nothing is under way in it: it is closed when this returns.
        void entry.store.close();
      });
    },
  };
}

function identityOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}

function assertOpenable(path: string, area: Area): void {
  if (!existsSync(path) || !existsSync(`${path}-lock`)) {
    assertRoom(path, area);
  }
  if (!existsSync(path)) return;
  for (let attempt = 0; ; attempt += 1) {
    const problem = problemWith(path);
    if (problem === undefined) return;
    // Another process may be writing the very first pages at this moment.
    if (!problem.perhapsUnfinished || attempt >= BEING_CREATED_TRIES)
      throw new ShellError(`${area}_CORRUPT`, `${path} ${problem.what}; restore it or move it away`, {
        retryable: false,
      });
    blockThread(5);
  }
}

function assertRoom(path: string, area: Area): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize >= RESERVE_BYTES) return;
  throw new ShellError(
    `${area}_UNAVAILABLE`,
    `the disk of ${path} is full: ${bavail * bsize} bytes are left, ${RESERVE_BYTES} are needed`,
    { retryable: true },
  );
}

function problemWith(path: string): { readonly what: string; readonly perhapsUnfinished: boolean } | undefined {
  const file = openSync(path, 'r');
  try {
    const sizeBytes = statSync(path).size;
    if (sizeBytes === 0) return undefined;
    const first = Buffer.alloc(META.bytes);
    readSync(file, first, 0, META.bytes, 0);
    if (sizeBytes >= META.bytes && first.readUInt32LE(META.magicAt) !== MAGIC)
      return { what: 'is not a file of Vigil', perhapsUnfinished: false };
    const pageBytes = first.readUInt32LE(META.pageSizeAt);
    if (sizeBytes < 2 * pageBytes || sizeBytes < META.bytes)
      return { what: 'ends before its first pages do', perhapsUnfinished: true };
    const second = Buffer.alloc(META.bytes);
    readSync(file, second, 0, META.bytes, pageBytes);
    for (const meta of [first, second]) {
      if (meta.readUInt32LE(META.magicAt) !== MAGIC || (meta.readUInt32LE(META.versionAt) & 0xffff) !== DATA_VERSION)
        return { what: 'is not a file of Vigil', perhapsUnfinished: false };
    }
    const isNewer = second.readBigUInt64LE(META.transactionAt) > first.readBigUInt64LE(META.transactionAt);
    const lastPage = Number((isNewer ? second : first).readBigUInt64LE(META.lastPageAt));
    return (lastPage + 1) * pageBytes > sizeBytes + UNWRITTEN_TAIL_BYTES
      ? { what: `has been cut to ${sizeBytes} bytes`, perhapsUnfinished: false }
      : undefined;
  } finally {
    closeSync(file);
  }
}

/** LMDB's own codes (lmdb.h) after which reading on makes no sense. */
const CORRUPT = new Set([-30797, -30796, -30794, -30793]);
/** EINVAL and MDB_INVALID: what a lock file says that another process has just begun, or just given up. */
const UNSETTLED = new Set([22, -30793]);
/** The environment refuses everything until the process opens it anew. */
const PANIC = -30795;

/** Puts a name and a place to what went wrong below: disk full, input/output error, a file that is not ours. */
export function storageError(error: unknown, path: string, area: Area = 'BUS'): ShellError {
  if (error instanceof ShellError) return error;
  const code: unknown = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'number' && CORRUPT.has(code))
    return new ShellError(`${area}_CORRUPT`, `${path}: ${messageOf(error)}`, { retryable: false, cause: error });
  return new ShellError(`${area}_UNAVAILABLE`, `${path}: ${messageOf(error)}`, {
    retryable: code !== PANIC,
    cause: error,
  });
}
