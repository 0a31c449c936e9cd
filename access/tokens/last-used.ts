/** Records when each credential was last used: in the metrics, and in a file of this process for `vigil tokens list`. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ListeningRole } from '../../platform/config.ts';
import { reasonOf } from '../../platform/files/file-error.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { readLastUsed } from './last-used-file.ts';

export interface LastUsed {
  readonly used: (id: string) => void;
  /** Writes what has not been written yet. */
  stop(): void;
}

export interface LastUsedDeps {
  readonly path: string;
  /** Begins the name of the metric. */
  readonly role: ListeningRole;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly now: () => number;
}

const WRITE_MS = 5_000;

export function keepLastUsed({ path, role, metrics, log, now }: LastUsedDeps): LastUsed {
  const times = new Map(Object.entries(readLastUsed(path)));
  let isDirty = false;
  let trouble: string | undefined;
  const write = (): void => {
    if (!isDirty) return;
    isDirty = false;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(times)), { mode: 0o600 });
      renameSync(`${path}.new`, path);
      trouble = undefined;
    } catch (error) {
      // Requests do not depend on this file.
      if (trouble !== reasonOf(error)) log.warn('use of credentials not written', { path, error: reasonOf(error) });
      trouble = reasonOf(error);
    }
  };
  const timer = setInterval(write, WRITE_MS);
  timer.unref();
  const gauge = metrics.gauge(
    `${role}_credential_last_used_seconds`,
    'When a credential in the file of clients was last used (Unix time)',
    ['credential'],
  );
  metrics.onCollect(() => {
    for (const [credential, time] of times) gauge.set({ credential }, time / 1000);
  });
  return {
    used: (id) => {
      times.set(id, now());
      isDirty = true;
    },
    stop: () => {
      clearInterval(timer);
      write();
    },
  };
}
