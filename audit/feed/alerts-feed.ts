/** New alerts on their way to open pages: a bounded memory of the latest ones, so that a short break loses none. */
import type { Alert } from '../../schemas/records/alert.ts';

export interface FeedItem {
  /** Names the item, and tells nothing else: not even how many others there were, which may be of other tenants. */
  readonly id: string;
  readonly alert: Alert;
}

export interface AlertsFeed {
  publish(alert: Alert): void;
  /**
   * Items from now on. With `lastEventId` the ones after it come first; `complete` is false when it is too long ago (or
   * of another process), so that the listener must ask for the list again. `now` is the id to come back with while no
   * item has come.
   */
  subscribe(
    tenant: string,
    lastEventId: string | undefined,
    listener: (item: FeedItem) => void,
  ): {
    readonly now: string;
    readonly complete: boolean;
    readonly missed: readonly FeedItem[];
    readonly unsubscribe: () => void;
  };
}

/** @param newId gives an id that neither this process nor an earlier one has given */
export function createAlertsFeed({
  newId,
  capacity = 1_000,
}: {
  readonly newId: () => string;
  readonly capacity?: number;
}): AlertsFeed {
  const latest: FeedItem[] = [];
  const known = new Set<string>();
  const listeners = new Set<{ readonly tenant: string; readonly listener: (item: FeedItem) => void }>();
  /** The id before the oldest item that is kept. */
  let beginning = newId();
  const nameOf = (alert: Alert): string => `${alert.tenant}/${alert.alertId}/${alert.revision}`;

  const after = (lastEventId: string): readonly FeedItem[] | undefined => {
    if (lastEventId === beginning) return latest;
    const at = latest.findIndex(({ id }) => id === lastEventId);
    return at < 0 ? undefined : latest.slice(at + 1);
  };

  return {
    publish: (alert) => {
      // The topic may give a message twice.
      if (known.has(nameOf(alert))) return;
      const item = { id: newId(), alert };
      latest.push(item);
      known.add(nameOf(alert));
      const dropped = latest.length > capacity ? latest.shift() : undefined;
      if (dropped !== undefined) {
        known.delete(nameOf(dropped.alert));
        beginning = dropped.id;
      }
      for (const { tenant, listener } of listeners) if (tenant === alert.tenant) listener(item);
    },
    subscribe: (tenant, lastEventId, listener) => {
      const missed = lastEventId === undefined ? [] : after(lastEventId);
      const subscription = { tenant, listener };
      listeners.add(subscription);
      return {
        now: latest.at(-1)?.id ?? beginning,
        complete: missed !== undefined,
        missed: (missed ?? []).filter(({ alert }) => alert.tenant === tenant),
        unsubscribe: () => listeners.delete(subscription),
      };
    },
  };
}
