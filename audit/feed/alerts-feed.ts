/** Passes new alerts to open streams. It keeps a bounded number of them, so that a short break loses none. */
import type { Alert } from '../../schemas/records/alert.ts';

export interface FeedItem {
  /** Random: a number would reveal how many alerts other tenants have. */
  readonly id: string;
  readonly alert: Alert;
}

export interface AlertsFeed {
  publish(alert: Alert): void;
  /**
   * Calls the listener with new items. `missed` are those after `lastEventId`; `complete` is false when that id is too
   * old or from another process, so that the listener must list the alerts again. `now` is the id to resume from until
   * an item comes.
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

/** @param newId returns an id that neither this process nor an earlier one has returned */
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
      // The topic may deliver a message twice.
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
