/**
 * Allows one process per folder. A process that wants the lock first announces itself with its own file
 * (`vigil.lock.<id>`) and then looks for the files of others: of two processes, at least the one that looks later sees
 * both. No process ever writes, moves or replaces another's file; only the file of a process that has ended is removed.
 * So any number of processes may start on a lock that was left behind.
 */
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { reasonOf } from '../files/file-error.ts';
import { blockThread } from '../retry.ts';
import { ProcessIdentity, fateOf, thisProcess } from './process-identity.ts';
import { ShellError } from '../shell-error.ts';

export interface ProcessLock {
  release(): void;
}

/** A holder that cannot be checked as a process shows that it is alive by the time of its file. */
const BEAT_MS = 2_000;
/** A holder with a file younger than this is alive; an older one is watched for longer than two beats. */
const FRESH_MS = 10_000;
const WATCH_MS = 5_000;
/** Pause between two looks while other processes compete, and the limit for the whole competition. */
const LOOK_MS = 10;
const CONTEST_MS = 5_000;
/** Follows the identity in the holder's file. */
const HELD = '\nheld\n';

const ID = /^[0-9a-f]{16}$/;

interface Claim {
  readonly path: string;
  readonly process: ProcessIdentity | undefined;
  readonly held: boolean;
}

/**
 * @param what names the locked thing in the error, for example "the data folder /home/ada/.vigil"
 * @throws ShellError ALREADY_RUNNING when a living process holds it; UNWRITABLE when the folder is not writable
 */
export function lockFor(path: string, what: string): ProcessLock {
  const own = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const deadline = Date.now() + CONTEST_MS;
    while (Date.now() < deadline) {
      writeFileSync(own, JSON.stringify(thisProcess()), { flag: 'wx', mode: 0o600 });
      if (isWon(path, own, deadline, what)) return hold(own);
      rmSync(own, { force: true });
      blockThread(LOOK_MS * (1 + Math.random()));
    }
  } catch (error) {
    removeQuietly(own);
    if (error instanceof ShellError) throw error;
    throw new ShellError('UNWRITABLE', `cannot write ${what}: ${reasonOf(error)}`, { retryable: false, cause: error });
  }
  throw new ShellError('ALREADY_RUNNING', `another Vigil is starting with ${what} right now`, {
    retryable: true,
  });
}

/** Waits until no process holds the lock. @throws ShellError ALREADY_RUNNING when one still does after `timeoutMs` */
export async function waitUntilFree(path: string, what: string, timeoutMs: number): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; ;) {
    const holder = claimsOn(path).find((claim) => claim.held && isAlive(claim));
    if (holder === undefined) return;
    if (Date.now() > deadline) throw inUse(what, holder);
    await new Promise((resolve) => setTimeout(resolve, 5 * LOOK_MS));
  }
}

/**
 * Among competing processes, the one with the lowest name waits until it is alone and then has the lock.
 *
 * @returns false when another process goes first
 * @throws ShellError ALREADY_RUNNING
 */
function isWon(path: string, own: string, deadline: number, what: string): boolean {
  while (Date.now() < deadline) {
    const claims = claimsOn(path);
    if (!claims.some((claim) => claim.path === own)) return false;
    const others = claims.filter((claim) => claim.path !== own && isAlive(claim));
    const holder = others.find((claim) => claim.held);
    if (holder !== undefined) throw inUse(what, holder);
    if (others.length === 0) {
      appendFileSync(own, HELD);
      return true;
    }
    if (others.some((claim) => claim.path < own)) return false;
    blockThread(LOOK_MS);
  }
  return false;
}

function hold(own: string): ProcessLock {
  const beat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(own, now, now);
    } catch {
      // The disk may be unavailable; a process that can be checked needs no beat.
    }
  }, BEAT_MS);
  beat.unref();
  return {
    release: () => {
      clearInterval(beat);
      rmSync(own, { force: true });
    },
  };
}

function claimsOn(path: string): readonly Claim[] {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  return namesIn(folder)
    .filter((name) => name.startsWith(prefix) && ID.test(name.slice(prefix.length)))
    .flatMap((name) => {
      const text = readIfThere(join(folder, name));
      return text === undefined
        ? []
        : [{ path: join(folder, name), process: identityIn(text), held: text.endsWith(HELD) }];
    });
}

/** Removes the file of a process that has ended. */
function isAlive({ path, process: other }: Claim): boolean {
  const fate = other === undefined ? 'unknown' : fateOf(other, thisProcess());
  if (fate === 'alive' || (fate === 'unknown' && beats(path))) return true;
  rmSync(path, { force: true });
  return false;
}

function beats(path: string): boolean {
  const before = timeOf(path);
  if (before === undefined) return false;
  if (Math.abs(Date.now() - before) < FRESH_MS) return true;
  blockThread(WATCH_MS);
  const after = timeOf(path);
  return after !== undefined && after !== before;
}

function inUse(what: string, { process: holder }: Claim): ShellError {
  const who = holder === undefined ? '' : ` (process ${holder.pid})`;
  return new ShellError('ALREADY_RUNNING', `${what} is in use by another Vigil${who}`, { retryable: false });
}

/** Undefined while it is being written. */
function identityIn(text: string): ProcessIdentity | undefined {
  try {
    return ProcessIdentity.parse(JSON.parse(text.split('\n', 1)[0] ?? ''));
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): readonly string[] {
  return unlessMissing(() => readdirSync(folder)) ?? [];
}

function readIfThere(path: string): string | undefined {
  return unlessMissing(() => readFileSync(path, 'utf8'));
}

function timeOf(path: string): number | undefined {
  return unlessMissing(() => statSync(path).mtimeMs);
}

function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The cause that prevented the removal also prevented the creation, and is reported there.
  }
}
