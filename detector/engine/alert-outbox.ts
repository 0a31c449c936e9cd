/** Decides when revisions of alerts are published, and collects them until the fold's caller drains them. */
import type { Alert } from '../../schemas/records/alert.ts';
import { type OpenAlert, withAllPublished } from './open-alert.ts';
import type { ChangedEntries, StateEntry } from './state-entry.ts';

export class AlertOutbox {
  readonly #changed: ChangedEntries;
  /** Alerts with unpublished findings. This is derived from the alerts and not stored. */
  readonly #waiting = new Set<StateEntry<OpenAlert>>();
  #out: Alert[] = [];

  constructor(changed: ChangedEntries) {
    this.#changed = changed;
  }

  /** True when `publishDue` would publish something. */
  hasDue(time: number): boolean {
    for (const entry of this.#waiting) if ((entry.value?.due ?? Infinity) <= time) return true;
    return false;
  }

  /** Call this whenever the entry got a new value: it is published now, or waits until it is due. */
  add(entry: StateEntry<OpenAlert>): void {
    if (entry.value?.due !== undefined) {
      this.#waiting.add(entry);
      return;
    }
    this.#waiting.delete(entry);
    if (entry.value !== undefined) this.#out.push(entry.value.alert);
  }

  /** Restores a stored alert, which waits if it has unpublished findings. */
  restore(entry: StateEntry<OpenAlert>): void {
    if (entry.value?.due !== undefined) this.#waiting.add(entry);
  }

  publishDue(time: number): void {
    const due = [...this.#waiting].filter((entry) => (entry.value?.due ?? Infinity) <= time);
    due.sort((a, b) => (a.value?.due ?? 0) - (b.value?.due ?? 0) || (a.key < b.key ? -1 : 1));
    for (const entry of due) this.publish(entry);
  }

  /** Publishes the findings of an alert that are still waiting, if there are any. */
  publish(entry: StateEntry<OpenAlert>): void {
    if (entry.value?.due === undefined) return;
    entry.value = withAllPublished(entry.value);
    this.#changed.add(entry);
    this.#waiting.delete(entry);
    this.#out.push(entry.value.alert);
  }

  /** Drops the findings of an alert that are still waiting. */
  discard(entry: StateEntry<OpenAlert>): void {
    if (entry.value?.due !== undefined) entry.value = withAllPublished(entry.value);
    this.#waiting.delete(entry);
  }

  take(): readonly Alert[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }
}
