/** Live alerts wait here until the analyst asks for them, so that nothing moves under the pointer. Pure. */
import type { Alert } from '../../../../../schemas/records/alert.ts';
import type { AlertList } from '../../../../../schemas/api/alerts.ts';
import { instantsOf } from '../../search.ts';
import type { AlertFilter } from '../../api/queries.ts';

export interface Live {
  /** Shown above the fetched pages, newest first. */
  readonly accepted: readonly Alert[];
  /** Newest revision of each waiting alert, by id. */
  readonly pending: ReadonlyMap<string, Alert>;
  /** More alerts arrived than are kept, so showing them means loading the list again. */
  readonly overflow: boolean;
}

export const NOTHING_LIVE: Live = { accepted: [], pending: new Map(), overflow: false };

/** A flood must not fill the browser's memory. */
export const PENDING_KEPT = 1000;

/** Returns whether the server would include the alert in a list with these filters. */
export function belongs(alert: Alert, filter: AlertFilter, now: number): boolean {
  const { from, to } = instantsOf(filter, now);
  return (
    (filter.severity === undefined || filter.severity.includes(alert.severity)) &&
    (filter.detectionId === undefined || filter.detectionId === alert.detectionId) &&
    (filter.entity === undefined || filter.entity === alert.entity.id) &&
    (from === undefined || alert.time >= from) &&
    (to === undefined || alert.time < to)
  );
}

/** @param shownRevision highest revision of the alert that is on the page; undefined if it is not */
export function arrive(live: Live, alert: Alert, shownRevision: number | undefined): Live {
  if (shownRevision !== undefined && shownRevision >= alert.revision) return live;
  const waiting = live.pending.get(alert.alertId);
  if (waiting !== undefined && waiting.revision >= alert.revision) return live;
  if (waiting === undefined && live.pending.size >= PENDING_KEPT)
    return live.overflow ? live : { ...live, overflow: true };
  return { ...live, pending: new Map(live.pending).set(alert.alertId, alert) };
}

/**
 * Returns whether the newest page, fetched after a gap, overlaps with what is shown. Otherwise there are alerts in
 * between, and only loading the list again shows them.
 *
 * @param shown revisions on the page by id; an empty list has no gap
 */
export function reachesShown({ items, nextCursor }: AlertList, shown: ReadonlyMap<string, number>): boolean {
  if (nextCursor === null || shown.size === 0) return true;
  return items.some(({ alertId, revision }) => shown.get(alertId) === revision);
}

/** Moves waiting alerts to the top, newest first. */
export function accept(live: Live): Live {
  const fresh = [...live.pending.values()].sort((a, b) => b.time - a.time);
  const kept = live.accepted.filter(({ alertId }) => !live.pending.has(alertId));
  return { accepted: [...fresh, ...kept], pending: new Map(), overflow: false };
}

/**
 * Returns the rows of the list: accepted alerts first, then the pages in the server's order, each alert once in its
 * newest revision.
 */
export function rowsOf(accepted: readonly Alert[], pages: readonly (readonly Alert[])[]): Alert[] {
  const rows: Alert[] = [];
  const at = new Map<string, number>();
  for (const alert of [accepted, ...pages].flat()) {
    const known = at.get(alert.alertId);
    if (known === undefined) {
      at.set(alert.alertId, rows.length);
      rows.push(alert);
    } else if ((rows[known]?.revision ?? 0) < alert.revision) rows[known] = alert;
  }
  return rows;
}
