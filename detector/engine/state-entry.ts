/**
 * One entry of a partition's state: a key in the changelog and a JSON value. Values are replaced, never changed in
 * place.
 */

export interface StateEntry<V> {
  /** Key in the changelog; a JSON array, so that its parts cannot run into each other. */
  readonly key: string;
  /** Undefined once deleted. */
  value: V | undefined;
}

/** What must be written so that another process can continue: a value as JSON, or undefined for a deletion. */
export interface Change {
  readonly key: string;
  readonly value: string | undefined;
}

/** Entries that changed since they were last written. */
export class ChangedEntries {
  readonly #entries = new Set<StateEntry<unknown>>();

  get size(): number {
    return this.#entries.size;
  }

  add(entry: StateEntry<unknown>): void {
    this.#entries.add(entry);
  }

  encode(): readonly Change[] {
    return Array.from(this.#entries, ({ key, value }) => ({
      key,
      value: value === undefined ? undefined : JSON.stringify(value),
    }));
  }

  clear(): void {
    this.#entries.clear();
  }
}
