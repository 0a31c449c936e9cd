/** Loads all events of a session: those returned with it, then the rest page by page up to a limit. */
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { AgentEvent } from '../../../../schemas/records/agent-event.ts';
import type { SessionDetail } from '../../../../schemas/api/sessions.ts';
import { moreEventsQuery, sessionQuery } from '../api/queries.ts';

/**
 * Number of events loaded automatically. Beyond it the user must press a button, so that no session fills the browser's
 * memory.
 */
const UNASKED = 20_000;

export interface SessionEvents {
  readonly events: readonly AgentEvent[];
  readonly state: 'loading' | 'held' | 'failed' | 'whole';
  /** Continues after the limit or an error. */
  readonly more: () => void;
  readonly refresh: () => void;
}

export function useSessionEvents(tenant: string | undefined, detail: SessionDetail): SessionEvents {
  const queries = useQueryClient();
  const { sessionId } = detail.session;
  const query = useInfiniteQuery({ ...moreEventsQuery(tenant, sessionId, detail.nextCursor), staleTime: Infinity });
  const { fetchNextPage, hasNextPage, isFetching, isError, data } = query;
  const [bound, setBound] = useState(UNASKED);
  const events = useMemo(
    () => [...detail.events, ...(data?.pages.flatMap(({ items }) => items) ?? [])],
    [detail, data],
  );
  const goesOn = hasNextPage && !isFetching && !isError;
  useEffect(() => {
    if (goesOn && events.length < bound) void fetchNextPage();
  }, [goesOn, events.length, bound, fetchNextPage]);

  const { refetch } = query;
  const more = useCallback(() => {
    setBound(events.length + UNASKED);
    void (data === undefined ? refetch() : fetchNextPage());
  }, [events.length, data, refetch, fetchNextPage]);
  const refresh = useCallback(() => {
    void queries.invalidateQueries({ queryKey: sessionQuery(tenant, sessionId).queryKey });
    queries.removeQueries({ queryKey: ['session-events', tenant, sessionId] });
  }, [queries, tenant, sessionId]);

  const rest = detail.nextCursor !== null && (data === undefined || hasNextPage);
  const state = isError ? 'failed' : !rest ? 'whole' : events.length >= bound ? 'held' : 'loading';
  return { events, state, more, refresh };
}
