/** Looking away from an instant in growing steps: the first rows of a long history are found without sorting all of it. */

export const DAY_MS = 86_400_000;

/**
 * @param stepsMs how far back to look, growing; after the last one everything is looked at
 * @param fetch gives what a look back to `lower` (ms since epoch) finds
 * @param enough tells whether a longer look could not change the page
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
 * The same from the oldest on.
 *
 * @param fetch gives what a look ahead to `upper` (ms since epoch, not included) finds; undefined: to the end
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
