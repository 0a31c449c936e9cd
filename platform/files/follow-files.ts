/**
 * Rebuilds a value when its files change, such as renewed certificates or revoked credentials. Files are compared by
 * time, size and inode number through any links. So a replacement by rename, the switched links of a Kubernetes volume,
 * and a change in place are all noticed, also on a network file system.
 */
import { type Stats, readFileSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { reasonOf } from './file-error.ts';

export interface Followed<T> {
  readonly value: () => T;
  stop(): void;
}

export interface FollowOptions<T> {
  readonly paths: readonly string[];
  /** Receives the bytes of each path, undefined for a missing file. Throws when the contents are invalid. */
  readonly parse: (contents: readonly (Buffer | undefined)[]) => T;
  readonly onChange: (value: T) => void;
  /** Called when the current contents are invalid, once for the same contents. The previous value stays in use. */
  readonly onFailure: (error: unknown) => void;
  readonly pollMs?: number;
}

const POLL_MS = 1_000;
/** A file that was written this recently may be written again without a change of its time. */
const SETTLED_MS = 2_000;

/** @throws what `parse` throws for the first contents; Error when a file cannot be read */
export function followFiles<T>({ paths, parse, onChange, onFailure, pollMs = POLL_MS }: FollowOptions<T>): Followed<T> {
  let seen = stampsOf(paths.map(statIfThere));
  let contents = paths.map(readIfThere);
  let value = parse(contents);
  let trouble: string | undefined;

  const look = async (): Promise<void> => {
    const stamps = stampsOf(await Promise.all(paths.map(statLater)));
    if (stamps.text === seen.text && seen.isSettled) return;
    seen = stamps;
    const read = paths.map(readIfThere);
    if (read.every((bytes, index) => isSame(bytes, contents[index]))) return;
    contents = read;
    value = parse(read);
    trouble = undefined;
    onChange(value);
  };
  const fail = (error: unknown): void => {
    const text = String(error);
    if (text !== trouble) onFailure(error);
    trouble = text;
  };
  let timer: NodeJS.Timeout;
  let stopped = false;
  const again = (): void => {
    timer = setTimeout(() => {
      void look()
        .catch(fail)
        .then(() => {
          if (!stopped) again();
        });
    }, pollMs);
    timer.unref();
  };
  again();
  return {
    value: () => value,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

interface Stamps {
  readonly text: string;
  readonly isSettled: boolean;
}

function stampsOf(stats: readonly (Stats | undefined)[]): Stamps {
  const newest = Math.max(0, ...stats.map((file) => file?.mtimeMs ?? 0));
  return {
    text: stats
      .map((file) => (file === undefined ? '' : [file.mtimeMs, file.ctimeMs, file.size, file.ino].join()))
      .join('/'),
    isSettled: Math.abs(Date.now() - newest) > SETTLED_MS,
  };
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}

function statIfThere(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

async function statLater(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new Error(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
