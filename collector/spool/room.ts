/** Whether the spool may grow: it is limited by its own size and by the free space that its disk must keep. */
import { statfsSync } from 'node:fs';

export interface Room {
  /** Undefined while there is room, else why there is none. */
  readonly refusal: () => string | undefined;
  /** The segments grew by so many bytes since they were last measured. */
  grew(bytes: number): void;
  sizeBytes(): number;
}

export interface RoomOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly reserveBytes: number;
  readonly now: () => number;
}

/** Disk and segments are measured this often. */
const MEASURE_MS = 500;

export function createRoom({ path, maxBytes, reserveBytes, now }: RoomOptions, segmentBytes: () => number): Room {
  let measuredAt = 0;
  let freeBytes = Number.POSITIVE_INFINITY;
  let usedBytes = segmentBytes();
  const measure = (): void => {
    const instant = now();
    if (Math.abs(instant - measuredAt) < MEASURE_MS) return;
    measuredAt = instant;
    const disk = statfsSync(path);
    freeBytes = disk.bavail * disk.bsize;
    usedBytes = segmentBytes();
  };
  return {
    refusal: () => {
      measure();
      if (usedBytes >= maxBytes) return `the spool holds ${usedBytes} bytes, its limit is ${maxBytes}`;
      if (freeBytes < reserveBytes) return `the disk has ${freeBytes} bytes left, ${reserveBytes} are kept free`;
      return undefined;
    },
    grew: (bytes) => void (usedBytes += bytes),
    sizeBytes: () => usedBytes,
  };
}
