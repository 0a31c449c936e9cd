import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../platform/log.ts';
import { type Append, type GroupCommit, createGroupCommit } from './group-commit.ts';
import type { LedgerEntry } from './ledger/ledger.ts';

const entryOf = (received: number): LedgerEntry => ({
  tenant: 't',
  sender: 's',
  signal: 'logs',
  received,
  accepted: 0,
  duplicate: 0,
  skipped: new Map(),
  rejected: new Map(),
  events: 0,
  derived: 0,
});
const appendOf = (n: number): Append => ({ entries: [], ledger: entryOf(n) });

let written: { readonly batch: readonly number[]; readonly noted: readonly number[] }[];
let forgotten: number[];
let write: () => Promise<void>;
let commits: GroupCommit;
beforeEach(() => {
  written = [];
  forgotten = [];
  write = () => Promise.resolve();
  commits = createGroupCommit({
    write: async (batch, noted) => {
      await write();
      written.push({ batch: batch.map(({ ledger }) => ledger.received), noted: noted.map(({ received }) => received) });
    },
    onWritten: () => undefined,
    onFailed: ({ ledger }) => void forgotten.push(ledger.received),
    log: silentLog,
  });
});

describe('a group commit', () => {
  it('writes all waiting appends in one commit, and later ones in the next', async () => {
    let late: Promise<void> | undefined;
    write = () => {
      late ??= commits.append(appendOf(3));
      return Promise.resolve();
    };
    commits.note(entryOf(9));
    await Promise.all([commits.append(appendOf(1)), commits.append(appendOf(2))]);
    await late;
    expect(written).toEqual([
      { batch: [1, 2], noted: [9] },
      { batch: [3], noted: [] },
    ]);
  });

  it('fails all of its appends together, keeps notes, and continues', async () => {
    write = () => Promise.reject(new Error('no space left'));
    commits.note(entryOf(9));
    const both = await Promise.allSettled([commits.append(appendOf(1)), commits.append(appendOf(2))]);
    expect(both).toMatchObject([{ reason: { code: 'SPOOL_FAILED', retryable: true } }, { status: 'rejected' }]);
    expect([forgotten, commits.failures(), commits.unsaved()]).toEqual([[1, 2], 1, [entryOf(9)]]);
    await commits.running();
    write = () => Promise.resolve();
    await commits.append(appendOf(3));
    expect(written).toEqual([{ batch: [3], noted: [9] }]);
    expect(commits.hasUnsaved()).toBe(false);
  });

  it('counts appends in progress as unsaved, and wakes waiters for an append', async () => {
    const next = commits.nextAppend();
    write = () => {
      expect(commits.unsaved()).toEqual([entryOf(9)]);
      return Promise.resolve();
    };
    commits.note(entryOf(9));
    await commits.append(appendOf(1));
    await next;
    expect(commits.unsaved()).toEqual([]);
  });

  it('starts on request, and finishes the notes', async () => {
    commits.note(entryOf(1));
    commits.start();
    await commits.running();
    commits.note(entryOf(2));
    await commits.finish();
    expect(written.map(({ noted }) => noted)).toEqual([[1], [2]]);
  });
});
