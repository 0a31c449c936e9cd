/** Builds one page of a list in which rows may be repeated: copies share their sort key, so they are adjacent. */

export interface Page<T, P> {
  readonly items: readonly T[];
  /** Where the page ended; absent when nothing follows. */
  readonly end?: P;
}

/** Reads a few more rows to allow for copies, so that a second query is rare. */
const SPARE_ROWS = 9;

/**
 * @param fetch returns at most `count` rows after the position, in order
 * @param keyOf is equal for copies of one row
 */
export async function pageOf<T, P>(options: {
  readonly limit: number;
  readonly after: P | undefined;
  readonly fetch: (after: P | undefined, count: number) => Promise<readonly T[]>;
  readonly keyOf: (item: T) => string;
  readonly positionOf: (item: T) => P;
}): Promise<Page<T, P>> {
  const { limit, fetch, keyOf, positionOf } = options;
  const items: T[] = [];
  let after = options.after;
  for (;;) {
    const count = limit - items.length + SPARE_ROWS;
    const rows = await fetch(after, count);
    for (const row of rows) {
      const last = items.at(-1);
      if (last === undefined || keyOf(last) !== keyOf(row)) items.push(row);
    }
    const end = rows.at(-1);
    if (items.length > limit || rows.length < count || end === undefined) break;
    after = positionOf(end);
  }
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, ...(items.length > limit && last !== undefined ? { end: positionOf(last) } : {}) };
}
