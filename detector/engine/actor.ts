/**
 * The state that a partition keeps about one actor. Actors share no state, so verdicts do not depend on other actors.
 */
import type { IdSegment } from './recent-ids.ts';
import { RecentIds } from './recent-ids.ts';
import type { FadedAlert, OpenAlert } from './open-alert.ts';
import type { ChangedEntries, StateEntry } from './state-entry.ts';

/** A judge's state for one entity. */
export interface Memory {
  readonly state: unknown;
  /** Event time of the last change. */
  readonly touched: number;
  /** The state is dropped after it has been idle for this long. */
  readonly idleMs: number;
}

export interface ActorHead {
  /** Latest event time. */
  readonly touched: number;
}

export class Actor {
  readonly key: string;
  readonly head: StateEntry<ActorHead>;
  readonly ids: RecentIds;
  /** Keyed by rule and entity. */
  readonly memories = new Map<string, StateEntry<Memory>>();
  /** Keyed by alert id. */
  readonly alerts = new Map<string, StateEntry<OpenAlert>>();
  /** Keyed by alert id; none of these is in `alerts`. */
  readonly faded = new Map<string, StateEntry<FadedAlert>>();
  readonly #changed: ChangedEntries;

  constructor(
    key: string,
    changed: ChangedEntries,
    stored: { readonly head?: ActorHead; readonly ids?: readonly IdSegment[] } = {},
  ) {
    this.key = key;
    this.#changed = changed;
    this.head = { key: JSON.stringify(['a', key]), value: stored.head ?? { touched: 0 } };
    this.ids = new RecentIds(key, changed, stored.ids);
  }

  get touched(): number {
    return this.head.value?.touched ?? 0;
  }

  touch(time: number): void {
    if (time > this.touched) this.head.value = { touched: time };
    this.#changed.add(this.head);
  }

  memoryEntry(name: string): StateEntry<Memory> {
    return { key: JSON.stringify(['m', this.key, name]), value: undefined };
  }

  alertEntry(alertId: string): StateEntry<OpenAlert> {
    return { key: JSON.stringify(['o', this.key, alertId]), value: undefined };
  }

  fadedEntry(alertId: string): StateEntry<FadedAlert> {
    return { key: JSON.stringify(['f', this.key, alertId]), value: undefined };
  }
}

/**
 * Returns the names that were touched longest ago. Ties are ordered by name, so that every replay evicts the same ones.
 */
export function oldest(names: Iterable<readonly [string, number]>, count: number): readonly string[] {
  return [...names]
    .sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, count)
    .map(([name]) => name);
}
