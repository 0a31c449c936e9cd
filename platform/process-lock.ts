/** One process per folder: a lock file with the holder's process id, taken over when that process is gone. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ShellError, messageOf } from './shell-error.ts';

export interface ProcessLock {
  release(): void;
}

/**
 * @param what names the thing in the error, for example "the data folder /home/ada/.vigil"
 * @throws ShellError ALREADY_RUNNING when a living process holds it; UNWRITABLE when the folder cannot be written
 */
export function lockFor(path: string, what: string): ProcessLock {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new ShellError('UNWRITABLE', `cannot write ${what}: ${messageOf(error)}`, { retryable: false, cause: error });
  }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, String(process.pid));
      closeSync(file);
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new ShellError('UNWRITABLE', `cannot write ${what}: ${messageOf(error)}`, {
          retryable: false,
          cause: error,
        });
      }
    }
    const holder = holderOf(path);
    // A process id that is our own was left by an earlier container, where every first process has the same one.
    if (holder !== undefined && holder !== process.pid && isAlive(holder)) {
      throw new ShellError('ALREADY_RUNNING', `${what} is in use by another Vigil (process ${holder})`, {
        retryable: false,
      });
    }
    rmSync(path, { force: true });
  }
  throw new ShellError('ALREADY_RUNNING', `${what} is being taken by another Vigil at this moment`, {
    retryable: true,
  });
}

function holderOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
