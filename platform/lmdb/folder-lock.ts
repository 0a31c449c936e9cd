/**
 * Lets one process at a time open, close and write the LMDB files of a folder. Node has no file lock, so the lock is
 * the mutex of an LMDB file to which nothing is ever written; when its holder dies, the mutex is released.
 *
 * No process should wait for that mutex inside the kernel, though. If a waiter is killed just as it is woken, another
 * process may lock the mutex before the kernel passes the wake on, and the next waiter then sleeps until some process
 * unlocks the mutex again (Linux wakes one more waiter only if the futex is still free: handle_futex_death in
 * kernel/futex). So processes queue first, with a symbolic link that names the one whose turn it is. The link only
 * keeps waiters out of the kernel. The mutex alone ensures that two processes never write at once, so a link that was
 * wrongly removed, or cannot be created, does no harm.
 */
import { lstatSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ABORT } from 'lmdb';
import { ProcessIdentity, isGone, thisProcess } from '../process/process-identity.ts';
import { blockThread } from '../retry.ts';
import { type Exclusion, type Store, openEnvironment, storageError } from './environment.ts';

export interface FolderLock extends Exclusion {
  readonly release: () => void;
}

const MAP_BYTES = 1024 ** 2;
/** Pause between two attempts to get the turn; shorter than a commit takes. */
const LOOK_MS = 0.5;
/** After this many attempts, check whether the process whose turn it is has died. */
const DOUBT_LOOKS = 40;
/** After this many attempts, proceed without the turn: its holder is frozen or cannot be checked. */
const MAX_LOOKS = 2_000;
/** Mutexes that this process holds. */
const held = new WeakSet<Store>();

/**
 * Creates the lock file if it is missing. The file itself is opened without a lock, which is harmless because it has no
 * commits that could be overwritten.
 *
 * @throws ShellError BUS_CORRUPT, BUS_UNAVAILABLE
 */
export function openFolderLock(folder: string): FolderLock {
  const path = join(folder, 'lock.mdb');
  const environment = openEnvironment(path, { create: true, mapBytes: MAP_BYTES });
  if (environment === undefined) throw new Error(`${path} was not created`);
  const { store, release } = environment;
  const turns = createTurns(join(folder, 'turn'));
  return {
    release,
    hold: (action) => {
      if (held.has(store)) return action();
      const hasTurn = turns.take();
      try {
        return locked(store, path, action);
      } finally {
        if (hasTurn) turns.pass();
      }
    },
  };
}

/** Runs `action` while this process holds the mutex of the file. */
function locked<T>(store: Store, path: string, action: () => T): T {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  try {
    store.transactionSync(() => {
      held.add(store);
      try {
        outcome = { value: action() };
      } catch (error) {
        outcome = { error };
      } finally {
        held.delete(store);
      }
      return ABORT;
    });
  } catch (error) {
    throw storageError(error, path);
  }
  if (outcome === undefined) throw new Error(`nothing was done under ${path}`);
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

interface Turns {
  /** @returns false when the turn was not available; then there is none to pass on */
  readonly take: () => boolean;
  readonly pass: () => void;
}

function createTurns(path: string): Turns {
  const self = thisProcess();
  const name = JSON.stringify(self);
  /** The link that was waited for without success: while it exists, this process does not wait for it again. */
  let givenUp: string | undefined;
  return {
    take: () => {
      for (let looks = 1; looks <= MAX_LOOKS; looks += 1) {
        try {
          symlinkSync(name, path);
          return true;
        } catch (error) {
          // A full disk or a file system without links has no queue.
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
        }
        if (givenUp !== undefined && givenUp === markOf(path)) return false;
        if (looks % DOUBT_LOOKS === 0 && isLeftBehind(path, self)) removeQuietly(path);
        else blockThread(LOOK_MS * (0.5 + Math.random()));
      }
      givenUp = markOf(path);
      return false;
    },
    pass: () => removeQuietly(path),
  };
}

/** Distinguishes one link from the next; undefined when there is none. */
function markOf(path: string): string | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.ino} ${stat.ctimeNs}`;
}

function isLeftBehind(path: string, self: ProcessIdentity): boolean {
  try {
    const holder = ProcessIdentity.safeParse(JSON.parse(readlinkSync(path)));
    return !holder.success || isGone(holder.data, self);
  } catch (error) {
    return error instanceof SyntaxError;
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process considered it a leftover and removed it.
  }
}
