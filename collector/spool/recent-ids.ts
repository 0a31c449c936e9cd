/**
 * Recently accepted event ids, by which an agent's retry is recognised. Each sender has its own share of the memory: the
 * records of others do not push its ids out. Two generations: bounded memory, no bookkeeping per id.
 */
import type { Origin } from '../../schemas/otlp/request.ts';

/** Ids of all senders in one generation, at about 100 bytes each. */
const REMEMBERED = 131_072;
/** A sender's share is never smaller. */
const SMALLEST_SHARE = 2_048;

export interface SenderIds {
  readonly has: (id: string) => boolean;
  readonly add: (id: string) => void;
  /** Called after a failed write, because the agent will send these records again. */
  remove(ids: readonly string[]): void;
}

export interface RecentIds {
  of(origin: Origin): SenderIds;
}

export function createRecentIds(remembered = REMEMBERED, smallestShare = SMALLEST_SHARE): RecentIds {
  const senders = new Map<string, SenderIds>();
  const share = (): number => Math.max(smallestShare, Math.floor(remembered / senders.size));
  return {
    of: ({ tenant, sender }) => {
      const key = `${tenant}\0${sender}`;
      let ids = senders.get(key);
      if (ids === undefined) senders.set(key, (ids = createSenderIds(share)));
      return ids;
    },
  };
}

function createSenderIds(share: () => number): SenderIds {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    has: (id) => young.has(id) || old.has(id),
    add: (id) => {
      if (young.size >= share()) {
        old = young;
        young = new Set();
      }
      young.add(id);
    },
    remove: (ids) => {
      for (const id of ids) {
        young.delete(id);
        old.delete(id);
      }
    },
  };
}
