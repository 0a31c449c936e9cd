/** The requests of the screens, as TanStack Query options. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { segmentOfSession } from '../../../../schemas/api/contract/session-path.ts';
import { instantsOf, type AlertsSearch, type SessionsSearch } from '../search.ts';
import { ApiError, get } from './client.ts';

const ROWS_PER_PAGE = 200;
const EVENTS_PER_PAGE = 1000;

type Fields = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isList = (body: Fields) => Array.isArray(body['items']) && body['items'].every(isRecord);
const isAlert = (value: unknown) =>
  isRecord(value) && isRecord(value['explanation']) && Array.isArray(value['evidence']);

/** Whether to retry: only failures that may pass by themselves. */
export const retriable = (failures: number, error: Error): boolean =>
  failures < 2 && error instanceof ApiError && error.failure === 'unavailable';

export type AlertFilter = Pick<AlertsSearch, 'range' | 'from' | 'to' | 'severity' | 'detectionId' | 'entity'>;

const alertFilters = (tenant: string | undefined, filter: AlertFilter) => ({
  tenant,
  ...instantsOf(filter, Date.now()),
  severity: filter.severity?.join(','),
  detectionId: filter.detectionId,
  entity: filter.entity,
  limit: ROWS_PER_PAGE,
});

export const alertsQuery = (tenant: string | undefined, filter: AlertFilter) =>
  infiniteQueryOptions({
    queryKey: ['alerts', tenant, filter] as const,
    queryFn: ({ pageParam, signal }) =>
      get('/v1/alerts', { query: { ...alertFilters(tenant, filter), cursor: pageParam }, isShape: isList, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

/** The newest alerts now: a stream that reconnected may have missed some. */
export const fetchNewestAlerts = (tenant: string | undefined, filter: AlertFilter, signal: AbortSignal) =>
  get('/v1/alerts', { query: alertFilters(tenant, filter), isShape: isList, signal });

export const alertQuery = (tenant: string | undefined, alertId: string) =>
  queryOptions({
    queryKey: ['alert', tenant, alertId] as const,
    queryFn: ({ signal }) =>
      get('/v1/alerts/{alertId}', {
        parameters: { alertId },
        query: { tenant },
        isShape: (body) =>
          isAlert(body['alert']) && Array.isArray(body['events']) && Array.isArray(body['missingEventIds']),
        signal,
      }),
  });

export const sessionsQuery = (tenant: string | undefined, search: SessionsSearch) =>
  infiniteQueryOptions({
    queryKey: ['sessions', tenant, search] as const,
    queryFn: ({ pageParam, signal }) =>
      get('/v1/sessions', {
        query: {
          tenant,
          ...instantsOf(search, Date.now()),
          actor: search.actor,
          agentName: search.agentName,
          limit: ROWS_PER_PAGE,
          cursor: pageParam,
        },
        isShape: isList,
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

/** Whether any session has arrived: without one, an empty list of alerts means that no agent is connected. */
export const anySessionQuery = (tenant: string | undefined) =>
  queryOptions({
    queryKey: ['any-session', tenant] as const,
    queryFn: ({ signal }) => get('/v1/sessions', { query: { tenant, limit: 1 }, isShape: isList, signal }),
  });

/** Where agents send their telemetry. It does not change while the page is open. */
export const setupQuery = () =>
  queryOptions({
    queryKey: ['setup'] as const,
    queryFn: ({ signal }) =>
      get('/v1/setup', {
        isShape: ({ otlpUrl, needsCredential }) =>
          (otlpUrl === null || typeof otlpUrl === 'string') && typeof needsCredential === 'boolean',
        signal,
      }),
    staleTime: Infinity,
  });

export const sessionQuery = (tenant: string | undefined, sessionId: string) =>
  queryOptions({
    queryKey: ['session', tenant, sessionId] as const,
    queryFn: ({ signal }) =>
      get('/v1/sessions/{sessionId}', {
        parameters: { sessionId: segmentOfSession(sessionId) },
        query: { tenant },
        isShape: (body) => isRecord(body['session']) && Array.isArray(body['events']) && Array.isArray(body['alerts']),
        signal,
      }),
  });

/** The events after those that came with the session. */
export const moreEventsQuery = (
  tenant: string | undefined,
  sessionId: string,
  firstCursor: string | null | undefined,
) =>
  infiniteQueryOptions({
    queryKey: ['session-events', tenant, sessionId, firstCursor] as const,
    queryFn: ({ pageParam, signal }) =>
      get('/v1/events', {
        query: { tenant, sessionId, limit: EVENTS_PER_PAGE, cursor: pageParam },
        isShape: isList,
        signal,
      }),
    enabled: typeof firstCursor === 'string',
    initialPageParam: firstCursor ?? '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
