/** Counts records that were accepted and will never be published. */
import type { Log } from '../../platform/log.ts';
import { type AccountId, type Ledger, type Part, complete, stillOpen } from './ledger/ledger.ts';
import type { LedgerChanges } from './ledger/ledger-changes.ts';
import type { SegmentList } from './segments/segment-list.ts';

export type Lost = AccountId & Part;

export interface Losses {
  /** Records that cannot be read from a broken segment, up to a published sequence. */
  unreadable(upToSequence: number): void;
  /** Records that waited for too long, up to a sequence that now counts as published; `messages` of them. */
  expired(upToSequence: number, messages: number): void;
}

export interface LossesDeps {
  readonly segments: Pick<SegmentList, 'stateAt'>;
  readonly ledger: Ledger;
  readonly changes: Pick<LedgerChanges, 'dropped'>;
  readonly log: Log;
}

export function createLosses({ segments, ledger, changes, log }: LossesDeps): Losses {
  /** At the end of a segment, everything accepted before it is published, refused or lost. */
  const count = (sequence: number, reason: string): readonly Lost[] => {
    const found: Lost[] = [];
    for (const then of segments.stateAt(sequence)?.accounts ?? []) {
      const open = stillOpen(complete(then), ledger.accountOf(then));
      if (open.records <= 0 && open.events <= 0) continue;
      ledger.lost(then, reason, open);
      changes.dropped(then);
      found.push({ tenant: then.tenant, sender: then.sender, signal: then.signal, ...open });
    }
    return found;
  };
  return {
    unreadable: (upToSequence) => {
      for (const lost of count(upToSequence, 'spool_broken'))
        log.error('records cannot be read back from the spool', { ...lost, upToSequence });
    },
    expired: (upToSequence, messages) => {
      const lost = count(upToSequence, 'spool_too_old');
      log.error('records waited in the spool for too long and have expired', { messages, lost, upToSequence });
    },
  };
}
