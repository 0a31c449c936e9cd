/** Lets many requests share one commit: appends that arrive during a write go into the next one. */
import type { Log } from '../../platform/log.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import type { ActorAssignment } from './actors/actors.ts';
import type { EntryHeader } from './entry.ts';
import type { LedgerEntry } from './ledger/ledger.ts';

export interface Append {
  readonly entries: readonly { readonly header: EntryHeader; readonly value: string }[];
  readonly ledger: LedgerEntry;
  /** The actors of its events' sessions from now on. */
  readonly assignments?: readonly ActorAssignment[];
}

export interface GroupCommit {
  /** Resolves when it is on disk. @throws ShellError SPOOL_FAILED (retryable); then nothing of it is kept */
  append(append: Append): Promise<void>;
  /** Has no entries and no hurry: written with the next commit. */
  note(entry: LedgerEntry): void;
  /** Starts a separate commit unless one is running. */
  start(): void;
  /** The commits that are being written; undefined while there are none. */
  readonly running: () => Promise<void> | undefined;
  /** Writes the remaining appends; no commit may be running. Never throws. */
  finish(): Promise<void>;
  /** Ledger entries that are not on disk. */
  readonly unsaved: () => readonly LedgerEntry[];
  readonly hasUnsaved: () => boolean;
  /** Commits that failed since the start. */
  readonly failures: () => number;
  /** Resolves when the next entries are on disk. */
  nextAppend(): Promise<void>;
}

export interface GroupCommitDeps {
  readonly write: (batch: readonly Append[], ledgerOnly: readonly LedgerEntry[]) => Promise<void>;
  readonly onWritten: () => void;
  /** The append is not kept; its agent will send it again. */
  readonly onFailed: (append: Append) => void;
  readonly log: Log;
}

interface Pending extends Append {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createGroupCommit({ write, onWritten, onFailed, log }: GroupCommitDeps): GroupCommit {
  let queue: Pending[] = [];
  /** Ledger entries without a commit, and those of the commit that is being written. */
  let noted: LedgerEntry[] = [];
  let writing: readonly LedgerEntry[] = [];
  let running: Promise<void> | undefined;
  let failures = 0;
  let isFailing = false;
  let appended = signal();

  const fail = (batch: readonly Pending[], error: unknown): void => {
    failures += 1;
    if (!isFailing) log.error('spool commit failed', { requests: batch.length, error: messageOf(error) });
    isFailing = true;
    const failure = new ShellError('SPOOL_FAILED', `the spool cannot be written: ${messageOf(error)}`, {
      retryable: true,
      cause: error,
    });
    for (const append of batch) {
      onFailed(append);
      append.reject(failure);
    }
  };

  const succeed = (batch: readonly Pending[]): void => {
    if (isFailing) log.info('spool commits again', { failures });
    isFailing = false;
    for (const { resolve } of batch) resolve();
    onWritten();
    if (batch.length === 0) return;
    const { fire } = appended;
    appended = signal();
    fire();
  };

  /** @returns whether it could be written; never throws */
  const commit = async (): Promise<boolean> => {
    const batch = queue;
    const ledgerOnly = noted;
    queue = [];
    noted = [];
    writing = ledgerOnly;
    try {
      await write(batch, ledgerOnly);
    } catch (error) {
      noted = [...ledgerOnly, ...noted];
      fail(batch, error);
      return false;
    } finally {
      writing = [];
    }
    succeed(batch);
    return true;
  };

  const start = (): void => {
    running ??= (async () => {
      // Appends that have already arrived share the commit.
      await new Promise((resolve) => setImmediate(resolve));
      let written: boolean;
      do written = await commit();
      while (queue.length > 0 || (written && noted.length > 0));
      // This must be in the same tick as the check of the queue, so that a later append starts a new commit.
      running = undefined;
    })();
  };

  return {
    append: (append) =>
      new Promise<void>((resolve, reject) => {
        queue.push({ ...append, resolve, reject });
        start();
      }),
    note: (entry) => void noted.push(entry),
    start,
    running: () => running,
    finish: async () => {
      await commit();
    },
    unsaved: () => [...writing, ...noted],
    hasUnsaved: () => noted.length > 0,
    failures: () => failures,
    nextAppend: () => appended.fired,
  };
}

function signal(): { readonly fired: Promise<void>; readonly fire: () => void } {
  let fire = (): void => undefined;
  const fired = new Promise<void>((resolve) => (fire = resolve));
  return { fired, fire };
}
