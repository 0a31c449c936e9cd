/** The sessions, newest first: another way to a timeline than an alert. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { ApiError } from '../api/client.ts';
import { sessionsQuery } from '../api/queries.ts';
import { plural } from '../format/quantity.ts';
import { FilterChip } from '../controls/filter-chip.tsx';
import { FailureNotice, Loading, Notice } from '../frame/notice.tsx';
import { PointAgentHere } from '../frame/point-agent-here.tsx';
import { RangeChoice } from '../frame/range-choice.tsx';
import { useKeys } from '../frame/keys.ts';
import { given, type SessionsSearch } from '../search.ts';
import { SessionTable, type SessionTableHandle } from './session-table.tsx';
import '../styles/list.css';
import '../styles/sessions.css';

const route = getRouteApi('/sessions');
const RETRY_MS = 10_000;

export function SessionsScreen() {
  const { tenant, range, from, to, actor, agentName } = route.useSearch();
  const search = given<SessionsSearch>({ range, from, to, actor, agentName });
  const navigate = useNavigate({ from: '/sessions' });
  const query = useInfiniteQuery({
    ...sessionsQuery(tenant, search),
    refetchInterval: ({ state }) =>
      state.data === undefined && state.error instanceof ApiError && state.error.failure === 'unavailable'
        ? RETRY_MS
        : false,
  });
  // A session that continues while pages are loaded can be in two of them; its newer version is used.
  const rows = useMemo(() => {
    const all = query.data?.pages.flatMap(({ items }) => items) ?? [];
    const seen = new Set<string>();
    return all.filter(({ sessionId }) => !seen.has(sessionId) && seen.add(sessionId));
  }, [query.data]);
  const [cursorId, setCursorId] = useState<string>();
  const table = useRef<SessionTableHandle>(null);
  const open = (sessionId: string) => void navigate({ to: '/sessions/$sessionId', params: { sessionId }, search: {} });
  const move = (step: 1 | -1) => {
    const at = rows.findIndex(({ sessionId }) => sessionId === cursorId);
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
    if (next === undefined) return;
    setCursorId(next.sessionId);
    table.current?.focus(next.sessionId);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    Enter: () => {
      if (cursorId !== undefined) open(cursorId);
    },
  });
  const set = (change: SessionsSearch) => void navigate({ search: (now) => ({ ...now, ...change }) });
  const clear = () => void navigate({ search: {} });
  const filtered = Object.keys(search).length > 0;
  return (
    <main className="screen list-pane" aria-label="Sessions">
      <header className="bar">
        <h1>Sessions</h1>
        <div className="filters">
          <RangeChoice span={search} onChange={set} />
          {search.agentName !== undefined && (
            <FilterChip name="Agent" value={search.agentName} onClear={() => set({ agentName: undefined })} />
          )}
          {search.actor !== undefined && (
            <FilterChip name="Actor" value={search.actor} onClear={() => set({ actor: undefined })} />
          )}
        </div>
      </header>
      <div className="live-bar">
        <span className="faint">
          {query.isSuccess && `${plural(rows.length, 'session')}${query.hasNextPage ? ' so far' : ''}, newest first`}
        </span>
        <span className="new-slot">
          <Button className="button" onPress={() => void query.refetch()} isDisabled={query.isFetching}>
            Refresh
          </Button>
        </span>
      </div>
      {query.isPending && <Loading what="the sessions" />}
      {query.isError && rows.length === 0 && (
        <FailureNotice
          error={query.error}
          what="the sessions"
          onRetry={() => void query.refetch()}
          onClear={filtered ? clear : undefined}
        />
      )}
      {query.isSuccess && rows.length === 0 && filtered && (
        <Notice
          title="No session matches these filters"
          actions={
            <Button className="button primary" onPress={clear}>
              Clear the filters
            </Button>
          }
        />
      )}
      {query.isSuccess && rows.length === 0 && !filtered && <PointAgentHere what="sessions" tenant={tenant} />}
      {rows.length > 0 && (
        <SessionTable
          ref={table}
          rows={rows}
          cursorId={cursorId}
          onOpen={open}
          hasMore={query.hasNextPage}
          loadingMore={query.isFetchingNextPage}
          moreError={query.isFetchNextPageError ? query.error : undefined}
          onMore={() => void query.fetchNextPage()}
        />
      )}
    </main>
  );
}
