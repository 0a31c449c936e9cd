/**
 * Requests from one `vigil` command to the running one, as files in the data folder: whoever may write there may ask. A
 * file's name is the request; it is gone when the request has been carried out.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from './log.ts';
import { messageOf } from './shell-error.ts';

const POLL_MS = 500;

export interface RequestsFolder {
  stop(): Promise<void>;
}

/** Leaves a request; resolves when it has been carried out. @returns false when nobody did within `timeoutMs` */
export async function leaveRequest(folder: string, name: string, timeoutMs: number): Promise<boolean> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  writeFileSync(`${path}.new`, '');
  renameSync(`${path}.new`, path);
  const deadline = Date.now() + timeoutMs;
  while (readdirSync(folder).includes(name)) {
    if (Date.now() > deadline) {
      rmSync(path, { force: true });
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}

/** Carries out requests as they come; those left while nobody ran are first. A request that fails is logged and dropped. */
export function serveRequests(
  folder: string,
  requests: Readonly<Record<string, () => Promise<void>>>,
  log: Log,
): RequestsFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let working: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    for (const name of readdirSync(folder)) {
      const carryOut = requests[name];
      if (carryOut === undefined) continue;
      try {
        await carryOut();
        log.info('request carried out', { request: name });
      } catch (error) {
        log.error('request failed', { request: name, error: messageOf(error) });
      }
      rmSync(join(folder, name), { force: true });
    }
  };
  const timer = setInterval(() => {
    working = working
      .then(look)
      .catch((error: unknown) => log.error('requests folder failed', { error: messageOf(error) }));
  }, POLL_MS);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await working;
    },
  };
}
