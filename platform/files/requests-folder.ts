/**
 * Requests from one `vigil` process to another running one, as files in the data folder: write access to the folder is
 * the permission to ask. The name of a file is the request, and the file is removed when the request has been carried
 * out. If that failed, the reason is in a file `<request>.failed` next to it.
 */
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { ShellError, messageOf } from '../shell-error.ts';

const POLL_MS = 250;
const ANSWER_POLL_MS = 100;

export interface RequestsFolder {
  /** Resolves when the requests that were left while no process ran have been carried out or have failed. */
  readonly first: Promise<void>;
  /** Stops; a request in progress is kept for the next start. */
  stop(): Promise<void>;
}

/** Carries out one kind of request; throws when the signal is aborted. */
export type Carrier = (stopping: AbortSignal) => Promise<void>;

/** Leaves a request for the process that serves the folder, now or after its next start. */
export function layRequest(folder: string, name: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  rmSync(`${path}.failed`, { force: true });
  writeFileSync(`${path}.new`, '');
  renameSync(`${path}.new`, path);
}

export interface Wait {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Leaves a request; resolves when it has been carried out.
 *
 * @throws ShellError REQUEST_FAILED with the reason; NO_ANSWER (retryable) when no process has carried it out in time,
 * and then the request is withdrawn
 */
export async function leaveRequest(folder: string, name: string, { timeoutMs, signal }: Wait): Promise<void> {
  layRequest(folder, name);
  const path = join(folder, name);
  const deadline = Date.now() + timeoutMs;
  while (readdirSync(folder).includes(name)) {
    if (Date.now() > deadline) {
      rmSync(path, { force: true });
      throw new ShellError('NO_ANSWER', `no answer within ${timeoutMs / 1000} s`, { retryable: true });
    }
    await sleep(ANSWER_POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
  const reason = reasonAt(`${path}.failed`);
  if (reason !== undefined) throw new ShellError('REQUEST_FAILED', reason, { retryable: true });
}

/** Carries out requests one after the other as they arrive, starting with those left while no process ran. */
export function serveRequests(folder: string, requests: Readonly<Record<string, Carrier>>, log: Log): RequestsFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stopping = new AbortController();
  const isOver = (): boolean => stopping.signal.aborted;
  const carryOut = async (name: string, carry: Carrier): Promise<void> => {
    const path = join(folder, name);
    try {
      await carry(stopping.signal);
      log.info('request carried out', { request: name });
    } catch (error) {
      if (isOver()) return;
      log.error('request failed', { request: name, error: messageOf(error) });
      writeFileSync(`${path}.failed`, messageOf(error));
    }
    rmSync(path, { force: true });
  };
  const look = async (): Promise<void> => {
    try {
      for (const name of readdirSync(folder)) {
        const carry = requests[name];
        if (carry !== undefined && !isOver()) await carryOut(name, carry);
      }
    } catch (error) {
      log.error('requests folder failed', { error: messageOf(error) });
    }
  };
  const first = look();
  let working = first;
  const timer = setInterval(() => {
    working = working.then(look);
  }, POLL_MS);
  timer.unref();
  return {
    first,
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await working;
    },
  };
}

function reasonAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  } finally {
    rmSync(path, { force: true });
  }
}
