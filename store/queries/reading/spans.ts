/**
 * Searches from an instant in growing steps, so that the first rows of a long history are found without sorting all of
 * it.
 */

export const DAY_MS = 86_400_000;

/**
 * @param stepsMs how far back to search, growing; after the last one everything is read
 * @param fetch returns the rows since `lower` (ms since epoch)
 * @param enough returns whether a longer search cannot change the page
 */
export async function lookBack<T>(options: {
  readonly anchor: number;
  readonly from: number | undefined;
  readonly stepsMs: readonly number[];
  readonly fetch: (lower: number) => Promise<readonly T[]>;
  readonly enough: (rows: readonly T[]) => boolean;
}): Promise<readonly T[]> {
  const floor = options.from ?? 0;
  for (const step of options.stepsMs) {
    const lower = options.anchor - step;
    if (lower <= floor) break;
    const rows = await options.fetch(lower);
    if (options.enough(rows)) return rows;
  }
  return options.fetch(floor);
}

/**
 * Searches forward from the oldest rows.
 *
 * @param fetch returns the rows before `upper` (ms since epoch); undefined means to the end
 */
export async function lookAhead<T>(options: {
  readonly anchor: number;
  readonly to: number | undefined;
  readonly stepsMs: readonly number[];
  readonly fetch: (upper: number | undefined) => Promise<readonly T[]>;
  readonly enough: (rows: readonly T[]) => boolean;
}): Promise<readonly T[]> {
  for (const step of options.stepsMs) {
    const upper = options.anchor + step;
    if (options.to !== undefined && upper >= options.to) break;
    const rows = await options.fetch(upper);
    if (options.enough(rows)) return rows;
  }
  return options.fetch(options.to);
}
