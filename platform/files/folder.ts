/** Checks a folder before anything relies on it. */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from './file-error.ts';
import { ShellError } from '../shell-error.ts';

/** Large enough to detect a full disk. */
const PROBE_BYTES = 64 * 1024;

/**
 * Checks that the folder can be listed and written, and that its direct contents can be written. A missing folder is an
 * error only if `create` is set and creating it fails.
 *
 * @param what precedes the path in the error, for example "the spool"
 * @throws ShellError UNWRITABLE naming the path and the reason
 */
export function assertFolder(path: string, what: string, { create = false } = {}): void {
  let at = path;
  try {
    if (create) mkdirSync(path, { recursive: true, mode: 0o700 });
    else if (!existsSync(path)) return;
    const entries = readdirSync(path, { withFileTypes: true });
    assertAccess(path, true);
    probe(path);
    for (const entry of entries) {
      at = join(path, entry.name);
      if (entry.isDirectory() || entry.isFile()) assertAccess(at, entry.isDirectory());
    }
  } catch (error) {
    const where = at === path ? `${what} ${path}` : `${at}, a part of ${what}`;
    throw new ShellError('UNWRITABLE', `cannot write ${where}: ${reasonOf(error)}`, { retryable: false, cause: error });
  }
}

function probe(path: string): void {
  const file = join(path, `.probe-${process.pid}`);
  try {
    writeFileSync(file, Buffer.alloc(PROBE_BYTES), { flush: true });
  } finally {
    rmSync(file, { force: true });
  }
}

function assertAccess(path: string, isFolder: boolean): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | (isFolder ? constants.X_OK : 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
