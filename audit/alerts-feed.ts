/** New alerts on their way to open pages: a bounded memory of the latest ones, so that a short break loses none. */
import type { Alert } from '../schemas/alert.ts';

export interface FeedItem {
  /** Names the item within this process's life. */
  readonly id: string;
  readonly alert: Alert;
}

export interface AlertsFeed {
  publish(alert: Alert): void;
  /**
   * Items from now on. With `lastEventId` the ones after it come first; `complete` is false when it is too long ago (or
   * of another process), so that the listener must ask for the list again.
   */
  subscribe(
    tenant: string,
    lastEventId: string | undefined,
    listener: (item: FeedItem) => void,
  ): { readonly complete: boolean; readonly missed: readonly FeedItem[]; readonly unsubscribe: () => void };
}

/** @param epoch differs from every earlier process's, so that their ids are not mistaken for ours */
export function createAlertsFeed({
  epoch,
  capacity = 1_000,
}: {
  readonly epoch: string;
  readonly capacity?: number;
}): AlertsFeed {
  const latest: FeedItem[] = [];
  const known = new Set<string>();
  const listeners = new Set<{ readonly tenant: string; readonly listener: (item: FeedItem) => void }>();
  let published = 0;
  const nameOf = (alert: Alert): string => `${alert.tenant}/${alert.alertId}/${alert.revision}`;

  const after = (lastEventId: string): readonly FeedItem[] | undefined => {
    const [theirs, count] = [lastEventId.slice(0, lastEventId.lastIndexOf('-')), Number(lastEventId.split('-').at(-1))];
    if (theirs !== epoch || !Number.isSafeInteger(count) || count < 0 || count > published) return undefined;
    const oldest = published - latest.length;
    return count < oldest ? undefined : latest.slice(count - oldest);
  };

  return {
    publish: (alert) => {
      // The topic may give a message twice.
      if (known.has(nameOf(alert))) return;
      published += 1;
      const item = { id: `${epoch}-${published}`, alert };
      latest.push(item);
      known.add(nameOf(alert));
      const dropped = latest.length > capacity ? latest.shift() : undefined;
      if (dropped !== undefined) known.delete(nameOf(dropped.alert));
      for (const { tenant, listener } of listeners) if (tenant === alert.tenant) listener(item);
    },
    subscribe: (tenant, lastEventId, listener) => {
      const missed = lastEventId === undefined ? [] : after(lastEventId);
      const subscription = { tenant, listener };
      listeners.add(subscription);
      return {
        complete: missed !== undefined,
        missed: (missed ?? []).filter(({ alert }) => alert.tenant === tenant),
        unsubscribe: () => listeners.delete(subscription),
      };
    },
  };
}
