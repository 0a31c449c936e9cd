/**
 * Memory for request bodies, shared by all senders. One sender may hold so much that a share stays free for the others,
 * the less the fuller it is: at most SHARE times what is free (dynamic thresholds; A. K. Choudhury and E. L. Hahne, IEEE/ACM
 * Transactions on Networking 6(2), 1998). One sender alone comes to two thirds of all, two that press come to two fifths
 * each. A sender's only request is bounded by what there is, and the only request of all by nothing but its own limits.
 */
import { Refusal } from '../refusal.ts';

const SHARE = 2;

/** Counts bytes as held by one request. @throws Refusal `busy` */
export type Hold = (bytes: number) => void;

export interface SharedMemory {
  /** @param sender whose request it is */
  open(sender: string): { readonly hold: Hold; readonly release: () => void };
}

/** @param limit bytes of all requests together */
export function createSharedMemory(limit: number): SharedMemory {
  const bySender = new Map<string, number>();
  let inflight = 0;
  return {
    open: (sender) => {
      let held = 0;
      const add = (bytes: number): void => {
        held += bytes;
        inflight += bytes;
        const ofSender = (bySender.get(sender) ?? 0) + bytes;
        if (ofSender === 0) bySender.delete(sender);
        else bySender.set(sender, ofSender);
      };
      return {
        hold: (bytes) => {
          const ofSender = bySender.get(sender) ?? 0;
          // What this request already holds is its own; others must not push the sum over the limit.
          if (inflight > held && inflight + bytes > limit)
            throw new Refusal('busy', 'too many requests are being processed at this moment', { limit: 'memory' });
          if (ofSender > held && ofSender + bytes > SHARE * (limit - inflight))
            throw new Refusal('busy', 'this sender has too many requests under way at this moment', { limit: 'share' });
          add(bytes);
        },
        release: () => add(-held),
      };
    },
  };
}
