/** Expires entries that could not be published in time, one segment at a time. */
import type { Losses } from './losses.ts';
import type { Position } from './position.ts';
import { SEQUENCE_STEP, type SegmentList } from './segments/segment-list.ts';

export interface Expiry {
  /** Something was published: the outage is over. */
  moved(): void;
  /** During an outage, the instant before which a segment must have begun to be rotated now; otherwise undefined. */
  readonly rotateBegunBefore: () => number | undefined;
  /** Skips segments whose every entry has waited for too long, and counts them as lost. */
  expire(): void;
}

export interface ExpiryDeps {
  /** Entries may wait this long; for ever when it is absent. */
  readonly maxAgeMs: number | undefined;
  readonly position: Position;
  readonly segments: Pick<SegmentList, 'closedBefore'>;
  readonly losses: Losses;
  readonly now: () => number;
}

/** During an outage, segments are rotated every `maxAgeMs / 24`, so that expiry drops small segments. */
const SEGMENTS_PER_AGE = 24;

export function createExpiry({ maxAgeMs, position, segments, losses, now }: ExpiryDeps): Expiry {
  /** When something was last published or expired, or nothing waited. */
  let movedAt = position.hasUnpublished() ? 0 : now();
  const moved = (): void => void (movedAt = now());
  return {
    moved,
    rotateBegunBefore: () => {
      if (!position.hasUnpublished()) moved();
      if (maxAgeMs === undefined || now() - movedAt < maxAgeMs / SEGMENTS_PER_AGE) return undefined;
      return now() - maxAgeMs / SEGMENTS_PER_AGE;
    },
    expire: () => {
      if (maxAgeMs === undefined) return;
      for (;;) {
        const from = position.published();
        const end = segments.closedBefore(from, now() - maxAgeMs);
        if (end === undefined) return;
        position.publishedTo(end);
        moved();
        losses.expired(end, (end - from) / SEQUENCE_STEP);
      }
    },
  };
}
