/** The live alert list, next to the panel of the open alert. */
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { alertQuery, alertsQuery, type AlertFilter } from '../api/queries.ts';
import { FailureNotice, Loading } from '../frame/notice.tsx';
import { useKeys } from '../frame/keys.ts';
import { ApiError } from '../api/client.ts';
import { given } from '../search.ts';
import { AlertFilters } from './alert-filters.tsx';
import { AlertPanel } from './alert-panel.tsx';
import { AlertTable, type AlertTableHandle } from './alert-table.tsx';
import { LiveBar } from './live/live-bar.tsx';
import { NoAlerts } from './no-alerts.tsx';
import { useLiveAlerts } from './live/use-live-alerts.ts';
import '../styles/list.css';
import '../styles/alerts.css';

const route = getRouteApi('/alerts');

export function AlertsScreen() {
  const { range, from, to, severity, detectionId, entity, tenant } = route.useSearch();
  // The search object changes whenever a panel opens, but the list must not.
  const key = JSON.stringify([tenant, range, from, to, severity, detectionId, entity]);
  const filter = useMemo<AlertFilter>(
    () => given<AlertFilter>({ range, from, to, severity, detectionId, entity }),
    [key],
  );
  return <Alerts key={key} tenant={tenant} filter={filter} />;
}

interface AlertsProps {
  readonly tenant: string | undefined;
  readonly filter: AlertFilter;
}

const RETRY_MS = 10_000;

function Alerts({ tenant, filter }: AlertsProps) {
  const { alert: openId } = route.useSearch();
  const navigate = useNavigate({ from: '/alerts' });
  const queries = useQueryClient();
  const query = useInfiniteQuery({
    ...alertsQuery(tenant, filter),
    refetchInterval: ({ state }) =>
      state.data === undefined && state.error instanceof ApiError && state.error.failure === 'unavailable'
        ? RETRY_MS
        : false,
  });
  const pages = useMemo(() => query.data?.pages.map(({ items }) => items), [query.data]);
  const live = useLiveAlerts(tenant, filter, pages);
  const { rows } = live;
  const [cursorId, setCursorId] = useState(openId);
  const table = useRef<AlertTableHandle>(null);
  const filters = useRef<HTMLInputElement>(null);

  const open = (alertId: string | undefined, how: 'push' | 'replace' = 'push') => {
    void navigate({ search: (now) => ({ ...now, alert: alertId }), replace: how === 'replace' });
  };
  const move = (step: 1 | -1) => {
    const at = rows.findIndex(({ alertId }) => alertId === (cursorId ?? openId));
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
    if (next === undefined) return;
    setCursorId(next.alertId);
    table.current?.focus(next.alertId);
    // The panel follows the cursor. Going back closes it and does not step through every row.
    if (openId !== undefined) open(next.alertId, 'replace');
  };
  const showNew = () => {
    if (live.fresh + live.revised === 0) return;
    live.show();
    if (openId !== undefined && live.pending.has(openId))
      void queries.invalidateQueries({ queryKey: alertQuery(tenant, openId).queryKey });
    table.current?.toTop();
  };
  const clear = () => void navigate({ search: {} });
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    Enter: () => {
      if (cursorId !== undefined) open(cursorId);
    },
    Escape: () => {
      if (openId === undefined) return;
      open(undefined);
      table.current?.focus(openId);
    },
    n: showNew,
    '/': () => filters.current?.focus(),
  });

  const filtered = Object.keys(filter).length > 0;
  return (
    <div className={openId === undefined ? 'split' : 'split open'}>
      <main className="screen list-pane" aria-label="Alerts">
        <header className="bar">
          <h1>Alerts</h1>
          <AlertFilters filter={filter} searchRef={filters} />
        </header>
        <LiveBar live={live} loaded={rows.length} more={query.hasNextPage} ready={query.isSuccess} onShow={showNew} />
        {query.isPending && <Loading what="the alerts" />}
        {query.isError && rows.length === 0 && (
          <FailureNotice
            error={query.error}
            what="the alerts"
            onRetry={() => void query.refetch()}
            onClear={filtered ? clear : undefined}
          />
        )}
        {query.isSuccess && rows.length === 0 && <NoAlerts tenant={tenant} filtered={filtered} onClear={clear} />}
        {rows.length > 0 && (
          <AlertTable
            ref={table}
            rows={rows}
            openId={openId}
            cursorId={cursorId ?? openId}
            onOpen={(alertId) => {
              setCursorId(alertId);
              open(alertId, openId === undefined ? 'push' : 'replace');
            }}
            hasMore={query.hasNextPage}
            loadingMore={query.isFetchingNextPage}
            moreError={query.isFetchNextPageError ? query.error : undefined}
            onMore={() => void query.fetchNextPage()}
          />
        )}
      </main>
      {openId !== undefined && (
        <AlertPanel
          key={openId}
          tenant={tenant}
          alertId={openId}
          waiting={live.pending.get(openId)}
          onClose={() => {
            open(undefined);
            table.current?.focus(openId);
          }}
        />
      )}
    </div>
  );
}
