/** Memory limits of a partition. What is evicted at a limit is counted; below the limits every result is exact. */
export interface Limits {
  /** States of judges per actor. */
  readonly memoriesPerActor: number;
  readonly alertsPerActor: number;
  /** Evicted alerts per actor of which only the count is kept. */
  readonly fadedPerActor: number;
  /** Actors, states and alerts in a partition. */
  readonly itemsPerPartition: number;
  readonly spoolsPerPartition: number;
}

export const LIMITS: Limits = {
  memoriesPerActor: 512,
  alertsPerActor: 128,
  fadedPerActor: 4096,
  itemsPerPartition: 200_000,
  spoolsPerPartition: 1024,
};

/** How many entries to evict in one go at a limit, so that not every new entry sorts all the others. */
export function eighth(limit: number): number {
  return Math.max(1, Math.floor(limit / 8));
}
