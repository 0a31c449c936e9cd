/** How much a partition may remember. */

/** Bounds of memory. What is given up at a bound is counted; everything below it is exact. */
export interface Limits {
  /** States of judges per actor. */
  readonly memoriesPerActor: number;
  readonly alertsPerActor: number;
  /** Alerts per actor that were given up with their evidence and keep their count. */
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
