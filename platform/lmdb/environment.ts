/**
 * Opens LMDB files safely: each file once per process, and never a file that is not LMDB's (the native code would crash
 * on it).
 */
import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ABORT, type RootDatabase, open } from 'lmdb';
import type { DataKey } from '../encryption/data-key.ts';
import { blockThread } from '../retry.ts';
import { ShellError, messageOf } from '../shell-error.ts';

export type Store = RootDatabase<Buffer, Buffer>;

/** The owner of the files, and the prefix of every error code: `BUS_CORRUPT`, `SPOOL_UNAVAILABLE`, … */
export type Area = 'BUS' | 'SPOOL';

export interface Environment {
  readonly store: Store;
  /**
   * Runs `action` in one durable commit; when `action` throws, nothing is written. It is synchronous, because an
   * asynchronous commit that fails on a full disk rejects promises where nothing can catch them (lmdb 3.5).
   *
   * @throws ShellError `…_UNAVAILABLE`, `…_CORRUPT`
   */
  readonly transact: <T>(action: () => T) => T;
  /** The file is closed when its last user in this process has released it. */
  readonly release: () => void;
}

/** Lets one process at a time open, close and write a group of files. */
export interface Exclusion {
  /** Runs `action` while no other process runs one. Calls may be nested. */
  readonly hold: <T>(action: () => T) => T;
}

/**
 * Below this free space (bytes), no operation or commit is started. On a full disk LMDB's lock file cannot be mapped,
 * which kills the process, and a commit that fails half-way corrupts its heap (lmdb 3.5.6).
 */
const RESERVE_BYTES = 8 * 1024 ** 2;
/** LMDB's data format 2: each of the first two pages is a meta page with these fields at fixed offsets. */
const META = { magicAt: 24, versionAt: 28, pageSizeAt: 48, lastPageAt: 144, transactionAt: 152, bytes: 160 };
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
/** Pages at the very end that a transaction allocated and freed are never written. */
const UNWRITTEN_TAIL_BYTES = 1024 ** 2;
const BEING_CREATED_TRIES = 20;
/** Retries to open a file while another process is creating or closing its lock file. */
const OPENING_TRIES = 40;
const OPENING_PAUSE_MS = 10;
const NOBODY: Exclusion = { hold: (action) => action() };

/**
 * Two handles on one file in one process would drop each other's locks. The key identifies the file itself and not its
 * name.
 */
const opened = new Map<string, { readonly store: Store; users: number }>();

export interface EnvironmentOptions {
  readonly create: boolean;
  /** Address space to reserve (not memory, not disk); the file may grow beyond it. */
  readonly mapBytes: number;
  readonly area?: Area;
  /**
   * Encrypts the pages (LMDB: ChaCha8, without a check of its own). The caller must know that the file was created with
   * this key: the native code crashes on a wrong key, and on an encrypted file without a key.
   */
  readonly key?: DataKey | undefined;
  /**
   * Required for a file that several processes use. LMDB sets the number of the last commit while it opens a file, from
   * a page that it read a moment before: the next commit overwrites a commit that another process made in between
   * (OpenLDAP ITS#9496, in lmdb 3.5.6). A process that opens the file while its last user closes it finds its mutexes
   * destroyed.
   */
  readonly exclusion?: Exclusion | undefined;
}

/**
 * @returns undefined when the file is missing and `create` is false
 * @throws ShellError `…_CORRUPT` for a file that is not LMDB's or was truncated, `…_UNAVAILABLE` for a full or failing
 * disk
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

/** Opens the file and proves that it works by locking both of its mutexes once. */
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

/** lmdb expects 32 characters, which hold 192 bits in base64. */
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
        // No operation is in progress, so the file is closed when this returns.
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
    // Another process may be writing the very first pages now.
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
      return { what: 'is not a Vigil file', perhapsUnfinished: false };
    const pageBytes = first.readUInt32LE(META.pageSizeAt);
    if (sizeBytes < 2 * pageBytes || sizeBytes < META.bytes)
      return { what: 'ends before its first pages do', perhapsUnfinished: true };
    const second = Buffer.alloc(META.bytes);
    readSync(file, second, 0, META.bytes, pageBytes);
    for (const meta of [first, second]) {
      if (meta.readUInt32LE(META.magicAt) !== MAGIC || (meta.readUInt32LE(META.versionAt) & 0xffff) !== DATA_VERSION)
        return { what: 'is not a Vigil file', perhapsUnfinished: false };
    }
    const isNewer = second.readBigUInt64LE(META.transactionAt) > first.readBigUInt64LE(META.transactionAt);
    const lastPage = Number((isNewer ? second : first).readBigUInt64LE(META.lastPageAt));
    return (lastPage + 1) * pageBytes > sizeBytes + UNWRITTEN_TAIL_BYTES
      ? { what: `was truncated to ${sizeBytes} bytes`, perhapsUnfinished: false }
      : undefined;
  } finally {
    closeSync(file);
  }
}

/** LMDB's own codes (lmdb.h) after which reading further makes no sense. */
const CORRUPT = new Set([-30797, -30796, -30794, -30793]);
/** EINVAL and MDB_INVALID: the errors for a lock file that another process has just created or is just deleting. */
const UNSETTLED = new Set([22, -30793]);
/** The environment rejects everything until the process reopens it. */
const PANIC = -30795;

/** Adds an error code and the path to a storage error: full disk, input/output error, a file that is not ours. */
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
