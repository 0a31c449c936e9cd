/** Live alerts wait here until the analyst asks for them: nothing moves under the pointer. Pure. */
import type { Alert } from '../../../../../schemas/records/alert.ts';
import type { AlertList } from '../../../../../schemas/api/alerts.ts';
import { instantsOf } from '../../search.ts';
import type { AlertFilter } from '../../api/queries.ts';

export interface Live {
  /** Shown above the fetched pages, newest first. */
  readonly accepted: readonly Alert[];
  /** Newest revision of each alert that waits, by id. */
  readonly pending: ReadonlyMap<string, Alert>;
  /** More arrived than is kept: showing them means reading the list anew. */
  readonly overflow: boolean;
}

export const NOTHING_LIVE: Live = { accepted: [], pending: new Map(), overflow: false };

/** A flood must not fill the browser's memory. */
export const PENDING_KEPT = 1000;

/** Says whether an alert belongs in a list with these filters, as the server would. */
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
 * Whether the newest page, asked for after a gap, reaches back to what is shown; else there are alerts between the two,
 * and only reading the list anew shows them.
 *
 * @param shown revisions on the page by id; nothing shown leaves nothing between
 */
export function reachesShown({ items, nextCursor }: AlertList, shown: ReadonlyMap<string, number>): boolean {
  if (nextCursor === null || shown.size === 0) return true;
  return items.some(({ alertId, revision }) => shown.get(alertId) === revision);
}

/** Moves what waits to the top, newest first. */
export function accept(live: Live): Live {
  const fresh = [...live.pending.values()].sort((a, b) => b.time - a.time);
  const kept = live.accepted.filter(({ alertId }) => !live.pending.has(alertId));
  return { accepted: [...fresh, ...kept], pending: new Map(), overflow: false };
}

/** The rows of the list: accepted ones first, then the pages in the server's order, each alert once in its newest revision. */
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
