/**
 * A disk of its own for the collector's spool, small enough to be filled: a tmpfs where this process may mount one; elsewhere the
 * collector may write no long files (`ulimit -f`) while the disk is "full", from its next start on.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface Disk {
  readonly kind: 'tmpfs' | 'ulimit';
  /** Keeps the disk full from now on, even if space is freed meanwhile. */
  fill(): void;
  free(): void;
  /** Limit for a collector that starts now. */
  fileBytes(): number | undefined;
  remove(): void;
}

const DISK_MIB = 1024;
/** So much is left, so that it is commits that meet the end of the disk. */
const LEFT_BYTES = 128 * 1024;
const CHUNK = Buffer.alloc(1024 ** 2);
const TOP_UP_MS = 250;
const FULL_FILE_BYTES = 1024 ** 2;

export function openDisk(folder: string): Disk {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'vigil-endure', folder], { stdio: 'ignore' });
  } catch {
    return limitedFiles();
  }
  return mounted(folder);
}

function mounted(folder: string): Disk {
  const filler = join(folder, 'filler');
  let topping: NodeJS.Timeout | undefined;
  const topUp = (): void => {
    const file = openSync(filler, 'a');
    try {
      for (let room = roomIn(folder); room > 0; room = roomIn(folder))
        writeSync(file, CHUNK, 0, Math.min(room, CHUNK.length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  };
  const free = (): void => {
    clearInterval(topping);
    rmSync(filler, { force: true });
  };
  return {
    kind: 'tmpfs',
    fill: () => {
      topUp();
      topping = setInterval(topUp, TOP_UP_MS);
    },
    free,
    fileBytes: () => undefined,
    remove: () => {
      free();
      execFileSync('umount', ['-l', folder]);
    },
  };
}

function roomIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize - LEFT_BYTES;
}

function limitedFiles(): Disk {
  let full = false;
  return {
    kind: 'ulimit',
    fill: () => void (full = true),
    free: () => void (full = false),
    fileBytes: () => (full ? FULL_FILE_BYTES : undefined),
    remove: () => undefined,
  };
}
