/** The files of a quarantine, oldest first, and what they hold; for the collector that fills it and for the commands. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DataKey } from '../../platform/encryption/data-key.ts';
import { ShellError } from '../../platform/shell-error.ts';
import { type Content, type RequestHead, contentOf } from './entry.ts';
import { type Frame, readContent, readHeads } from './quarantine-file.ts';

const NAME = /^(\d{8})\.quarantine$/;
export const DAY_MS = 86_400_000;

export interface FileOf {
  readonly path: string;
  readonly number: number;
}

/** Oldest first; none where there is no folder. */
export function filesIn(folder: string): readonly FileOf[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const number = NAME.exec(name)?.[1];
      return number === undefined ? [] : [{ path: join(folder, name), number: Number(number) }];
    })
    .sort((a, b) => a.number - b.number);
}

export function pathOf(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(8, '0')}.quarantine`);
}

/** 0 for one that is gone. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

type Placed = Frame & { readonly path: string };

/** Heads of all files, oldest first; a file that goes meanwhile has none. @throws ShellError QUARANTINE_UNAVAILABLE */
export function* headsIn(folder: string): Iterable<Placed> {
  for (const { path } of filesIn(folder)) for (const frame of headsOrNone(path)) yield { ...frame, path };
}

/** Requests received at or after a time (ms since epoch), oldest first; a request that was kept twice occurs once, as it was kept last. */
export function requestsIn(folder: string, since: number): readonly RequestHead[] {
  const found = new Map<string, RequestHead>();
  for (const { head } of headsIn(folder))
    if (head.kind === 'request' && head.receivedAt >= since) found.set(head.id, head);
  return [...found.values()];
}

export interface Found {
  readonly head: RequestHead;
  readonly content: Content;
  /** Ids of events that its records became when they were replayed. */
  readonly replayed: ReadonlySet<string>;
}

/**
 * One request with all that was sent.
 *
 * @param since what was received before (ms since epoch) has expired
 * @throws ShellError NOT_FOUND, WRONG_KEY, QUARANTINE_BROKEN, QUARANTINE_UNAVAILABLE
 */
export function findRequest(folder: string, key: DataKey, id: string, since: number): Found {
  let found: { readonly head: RequestHead; readonly frame: Placed } | undefined;
  const replays: Placed[] = [];
  for (const frame of headsIn(folder)) {
    const { head } = frame;
    if (head.id !== id) continue;
    if (head.kind === 'replayed') replays.push(frame);
    else if (head.receivedAt >= since) found = { head, frame };
  }
  if (found === undefined)
    throw new ShellError(
      'NOT_FOUND',
      `${id} is not in the quarantine ${folder}; what has expired or had to make room is gone`,
      {
        retryable: false,
      },
    );
  const content = contentOf(bytesOf(found.frame, key));
  const replayed = replays.flatMap((frame) => JSON.parse(bytesOf(frame, key).toString('utf8')) as string[]);
  return { head: found.head, content, replayed: new Set(replayed) };
}

function bytesOf(frame: Placed, key: DataKey): Buffer {
  const bytes = readContent(frame.path, key, frame);
  if (bytes !== undefined) return bytes;
  throw new ShellError('QUARANTINE_BROKEN', `${frame.head.id} in ${frame.path} is not what was written there`, {
    retryable: false,
  });
}

function headsOrNone(path: string): readonly Frame[] {
  try {
    return readHeads(path);
  } catch (error) {
    if (sizeOf(path) === 0) return [];
    throw error;
  }
}
