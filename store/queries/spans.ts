/** Looking back in growing steps: the newest rows of a long history are found without sorting all of it. */

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
