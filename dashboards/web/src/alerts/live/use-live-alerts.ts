/** Joins the fetched list and the stream: new alerts wait until the analyst asks for them. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Alert } from '../../../../../schemas/records/alert.ts';
import type { LineState } from '../../api/alert-source.ts';
import { followAlerts } from '../../api/alert-stream.ts';
import { alertsQuery, fetchNewestAlerts, type AlertFilter } from '../../api/queries.ts';
import { NOTHING_LIVE, accept, arrive, belongs, reachesShown, rowsOf, type Live } from './live.ts';

export interface LiveAlerts {
  readonly rows: readonly Alert[];
  readonly line: LineState;
  /** Number of waiting alerts that are not in the list. */
  readonly fresh: number;
  /** Number of waiting alerts with a newer revision of one in the list. */
  readonly revised: number;
  readonly overflow: boolean;
  readonly pending: ReadonlyMap<string, Alert>;
  readonly show: () => void;
}

const NO_PAGES: readonly (readonly Alert[])[] = [];

/** Remount it (by key) when tenant or filter change, because waiting alerts belong to one list. */
export function useLiveAlerts(
  tenant: string | undefined,
  filter: AlertFilter,
  pages: readonly (readonly Alert[])[] = NO_PAGES,
): LiveAlerts {
  const queries = useQueryClient();
  const [live, setLive] = useState<Live>(NOTHING_LIVE);
  const [line, setLine] = useState<LineState>('connecting');
  const rows = useMemo(() => rowsOf(live.accepted, pages), [live.accepted, pages]);
  const shown = useMemo(() => new Map(rows.map(({ alertId, revision }) => [alertId, revision])), [rows]);
  const shownNow = useRef(shown);
  useEffect(() => {
    shownNow.current = shown;
  }, [shown]);

  const offer = useCallback(
    (alerts: readonly Alert[]) => {
      const now = Date.now();
      const wanted = alerts.filter((alert) => belongs(alert, filter, now));
      if (wanted.length === 0) return;
      setLive((before) =>
        wanted.reduce((state, alert) => arrive(state, alert, shownNow.current.get(alert.alertId)), before),
      );
    },
    [filter],
  );

  useEffect(() => {
    let catchUp: AbortController | undefined;
    // A burst is rendered once.
    let waiting: Alert[] = [];
    let timer: number | undefined;
    const flush = () => {
      timer = undefined;
      const alerts = waiting;
      waiting = [];
      offer(alerts);
    };
    const close = followAlerts(tenant, {
      onAlert: (alert) => {
        waiting.push(alert);
        timer ??= window.setTimeout(flush, 100);
      },
      onState: setLine,
      onGap: () => {
        catchUp?.abort();
        catchUp = new AbortController();
        fetchNewestAlerts(tenant, filter, catchUp.signal).then(
          (page) => {
            const whole = reachesShown(page, shownNow.current);
            offer(page.items);
            if (!whole) setLive((before) => ({ ...before, overflow: true }));
          },
          () => undefined,
        );
      },
    });
    return () => {
      close();
      catchUp?.abort();
      window.clearTimeout(timer);
    };
  }, [tenant, filter, offer]);

  // Alerts that the list has fetched meanwhile no longer wait.
  const stillWaiting = useMemo(
    () => new Map([...live.pending].filter(([id, alert]) => (shown.get(id) ?? -1) < alert.revision)),
    [live.pending, shown],
  );
  const revised = [...stillWaiting.keys()].filter((id) => shown.has(id)).length;
  const { overflow } = live;
  const show = useCallback(() => {
    if (!overflow) {
      setLive(accept);
      return;
    }
    setLive(NOTHING_LIVE);
    void queries.resetQueries({ queryKey: alertsQuery(tenant, filter).queryKey });
  }, [overflow, queries, tenant, filter]);
  return { rows, line, fresh: stillWaiting.size - revised, revised, overflow, pending: stillWaiting, show };
}
