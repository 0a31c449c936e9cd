/** One piece of a partition's state: a key in the changelog and a JSON value. Values are replaced, never changed in place. */

export interface Slot<V> {
  /** Key in the changelog; a JSON array, so that no part of it can run into the next. */
  readonly key: string;
  /** Undefined once deleted. */
  value: V | undefined;
}

/** What must be written so that another process can go on: a value as JSON, or undefined for a deletion. */
export interface Change {
  readonly key: string;
  readonly value: string | undefined;
}

/** Slots changed since they were last written. */
export class ChangedSlots {
  readonly #slots = new Set<Slot<unknown>>();

  get size(): number {
    return this.#slots.size;
  }

  add(slot: Slot<unknown>): void {
    this.#slots.add(slot);
  }

  encode(): readonly Change[] {
    return Array.from(this.#slots, ({ key, value }) => ({
      key,
      value: value === undefined ? undefined : JSON.stringify(value),
    }));
  }

  clear(): void {
    this.#slots.clear();
  }
}
