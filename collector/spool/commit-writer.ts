/** Writes one commit: the entries of several requests, followed by the state of the spool. */
import type { ActorKeeper } from './actors/actor-keeper.ts';
import { encodeEntry } from './entry.ts';
import type { Expiry } from './expiry.ts';
import type { Append } from './group-commit.ts';
import { type AccountId, type Ledger, type LedgerEntry, createLedger } from './ledger/ledger.ts';
import type { LedgerChanges } from './ledger/ledger-changes.ts';
import type { Position } from './position.ts';
import type { Room } from './room.ts';
import { SEQUENCE_STEP, type SegmentList, type SpoolState } from './segments/segment-list.ts';

export interface CommitWriterDeps {
  readonly segments: SegmentList;
  readonly position: Position;
  readonly ledger: Ledger;
  readonly changes: LedgerChanges;
  readonly expiry: Expiry;
  readonly actorKeeper: ActorKeeper;
  readonly room: Pick<Room, 'grew'>;
  readonly now: () => number;
}

/**
 * @param ledgerOnly entries of requests that have nothing else to write
 * @throws ShellError SPOOL_UNAVAILABLE; then nothing of it is kept
 */
export type WriteCommit = (batch: readonly Append[], ledgerOnly: readonly LedgerEntry[]) => Promise<void>;

export function createCommitWriter(deps: CommitWriterDeps): WriteCommit {
  const { segments, position, ledger, changes, expiry, actorKeeper, room, now } = deps;
  let addedAt = segments.state.addedAt ?? now();

  const stateWith = (ids: Iterable<AccountId>, added: readonly LedgerEntry[], nextSequence: number): SpoolState => {
    const later = createLedger([...ids, ...added].map((account) => ledger.accountOf(account)));
    for (const entry of added) later.add(entry);
    return { nextSequence, publishedSequence: position.published(), accounts: later.accounts(), addedAt };
  };

  const rotateIfFull = (): void => {
    if (!segments.isFull(expiry.rotateBegunBefore())) return;
    // Assignments are read back from the last segments alone: while they cannot be kept, the current segment grows on.
    if (!actorKeeper.keep(position.next() - SEQUENCE_STEP)) return;
    const [nextSequence, publishedSequence] = [position.next(), position.published()];
    segments.rotate({ nextSequence, publishedSequence, accounts: ledger.accounts(), addedAt });
  };

  return async (batch, ledgerOnly) => {
    rotateIfFull();
    let sequence = position.next();
    const entries: { sequence: number; bytes: Buffer }[] = [];
    for (const append of batch) {
      for (const { header, value } of append.entries) {
        entries.push({ sequence, bytes: encodeEntry(header, value) });
        sequence += SEQUENCE_STEP;
      }
    }
    if (entries.length > 0) addedAt = now();
    const added = [...ledgerOnly, ...batch.map((append) => append.ledger)];
    const published = position.published();
    const changed = changes.take();
    try {
      await segments.append(entries, stateWith(changed.accounts.values(), added, sequence));
    } catch (error) {
      changes.restore(changed);
      throw error;
    }
    position.written(sequence, published);
    // More may have been published meanwhile, so the written state does not replace the ledger.
    for (const entry of added) ledger.add(entry);
    room.grew(entries.reduce((sum, { bytes }) => sum + bytes.length, 0));
  };
}
