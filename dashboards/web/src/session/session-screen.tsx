/** A session: its summary, then its story by turn. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { ApiError } from '../api/client.ts';
import { sessionQuery } from '../api/queries.ts';
import { FailureNotice, Loading } from '../frame/notice.tsx';
import { SessionStory } from './session-story.tsx';
import '../styles/session.css';

const route = getRouteApi('/sessions/$sessionId');
const RETRY_MS = 10_000;

export function SessionScreen() {
  const { sessionId } = route.useParams();
  const { tenant } = route.useSearch();
  const query = useQuery({
    ...sessionQuery(tenant, sessionId),
    // The story stays unchanged while it is read; "Refresh" loads newer events.
    staleTime: Infinity,
    refetchInterval: ({ state }) =>
      state.data === undefined && state.error instanceof ApiError && state.error.failure === 'unavailable'
        ? RETRY_MS
        : false,
  });
  return (
    <main className="screen session-pane" aria-label="Session">
      {query.isPending && <Loading what="the session" rows={12} />}
      {query.isError && query.data === undefined && (
        <FailureNotice error={query.error} what="this session" onRetry={() => void query.refetch()} />
      )}
      {query.data !== undefined && <SessionStory key={sessionId} tenant={tenant} detail={query.data} />}
    </main>
  );
}
