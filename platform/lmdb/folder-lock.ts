/**
 * One process at a time opens, closes and writes the LMDB files of a folder. Node has no file lock; the mutex of an LMDB file to
 * which nothing is ever written is one, which the death of its holder frees.
 *
 * Nobody should wait for that mutex inside the kernel, though: where a waiter is killed just as it is woken, another may take the
 * mutex before the kernel passes the wake on, and who waits next sleeps until somebody else comes by (Linux wakes one more
 * waiter only where the futex is still free: handle_futex_death in kernel/futex). So whoever comes takes its turn first: a
 * symbolic link that names its process. The link keeps waiters out of the kernel and no more; that two never write at once is
 * for the mutex to see to, so a link that was wrongly removed, or cannot be made, does no harm.
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
/** Between two tries for the turn; shorter than a commit takes. */
const LOOK_MS = 0.5;
/** Looks after which the one whose turn it is may have died. */
const DOUBT_LOOKS = 40;
/** Looks after which the turn is not waited for any more: its holder stands still, or cannot be looked at. */
const MAX_LOOKS = 2_000;
/** Held by this process. */
const held = new WeakSet<Store>();

/**
 * Made if missing. Its own file is opened under no lock, which is harmless where there is no commit to be overwritten.
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

/** Runs `action` while this process has the mutex of the file. */
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
  /** @returns false when it was not to be had; then there is none to pass on */
  readonly take: () => boolean;
  readonly pass: () => void;
}

function createTurns(path: string): Turns {
  const self = thisProcess();
  const name = JSON.stringify(self);
  /** The link that was waited for in vain: as long as it lies there, nobody waits for it again. */
  let givenUp: string | undefined;
  return {
    take: () => {
      for (let looks = 1; looks <= MAX_LOOKS; looks += 1) {
        try {
          symlinkSync(name, path);
          return true;
        } catch (error) {
          // A disk without room or without links has no turns.
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

/** Tells one link from the next; undefined where there is none. */
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
    // Somebody took it for left behind.
  }
}
