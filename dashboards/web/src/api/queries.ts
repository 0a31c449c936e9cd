/** What the screens ask of the audit API, as TanStack Query options. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type {
  AlertDetail,
  AlertList,
  EventList,
  SessionDetail,
  SessionList,
  Setup,
} from '../../../../schemas/api/api.ts';
import { segmentOfSession } from '../../../../schemas/api/session-path.ts';
import { instantsOf, type AlertsSearch, type SessionsSearch } from '../search.ts';
import { ApiError, getJson, urlOf, type Params } from './client.ts';

const ALERTS_PER_PAGE = 200;
const EVENTS_PER_PAGE = 1000;

type Fields = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isList = (body: Fields) => Array.isArray(body['items']) && body['items'].every(isRecord);
const isAlert = (value: unknown) =>
  isRecord(value) && isRecord(value['explanation']) && Array.isArray(value['evidence']);

/** Only what may heal by itself is asked for again. */
export const retriable = (failures: number, error: Error): boolean =>
  failures < 2 && error instanceof ApiError && error.failure === 'unavailable';

export type AlertFilter = Pick<AlertsSearch, 'range' | 'from' | 'to' | 'severity' | 'detectionId' | 'entity'>;

const alertParams = (tenant: string | undefined, filter: AlertFilter): Params => ({
  tenant,
  ...instantsOf(filter, Date.now()),
  severity: filter.severity?.join(','),
  detectionId: filter.detectionId,
  entity: filter.entity,
  limit: ALERTS_PER_PAGE,
});

export const alertsQuery = (tenant: string | undefined, filter: AlertFilter) =>
  infiniteQueryOptions({
    queryKey: ['alerts', tenant, filter] as const,
    queryFn: ({ pageParam, signal }) =>
      getJson<AlertList>(urlOf('/v1/alerts', { ...alertParams(tenant, filter), cursor: pageParam }), isList, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

/** The newest alerts now: what a reconnected stream may have missed. */
export const fetchNewestAlerts = (tenant: string | undefined, filter: AlertFilter, signal: AbortSignal) =>
  getJson<AlertList>(urlOf('/v1/alerts', alertParams(tenant, filter)), isList, signal);

export const alertQuery = (tenant: string | undefined, alertId: string) =>
  queryOptions({
    queryKey: ['alert', tenant, alertId] as const,
    queryFn: ({ signal }) =>
      getJson<AlertDetail>(
        urlOf(`/v1/alerts/${encodeURIComponent(alertId)}`, { tenant }),
        (body) => isAlert(body['alert']) && Array.isArray(body['events']) && Array.isArray(body['missingEventIds']),
        signal,
      ),
  });

export const sessionsQuery = (tenant: string | undefined, search: SessionsSearch) =>
  infiniteQueryOptions({
    queryKey: ['sessions', tenant, search] as const,
    queryFn: ({ pageParam, signal }) =>
      getJson<SessionList>(
        urlOf('/v1/sessions', {
          tenant,
          ...instantsOf(search, Date.now()),
          actor: search.actor,
          agentName: search.agentName,
          limit: ALERTS_PER_PAGE,
          cursor: pageParam,
        }),
        isList,
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

/** Whether anything at all has arrived: tells an empty alert list apart from an empty house. */
export const anySessionQuery = (tenant: string | undefined) =>
  queryOptions({
    queryKey: ['any-session', tenant] as const,
    queryFn: ({ signal }) => getJson<SessionList>(urlOf('/v1/sessions', { tenant, limit: 1 }), isList, signal),
  });

/** Where agents are to send; it stays as it is while the page is open. */
export const setupQuery = () =>
  queryOptions({
    queryKey: ['setup'] as const,
    queryFn: ({ signal }) =>
      getJson<Setup>(
        urlOf('/v1/setup'),
        ({ otlpUrl, needsCredential, recipes }) =>
          (otlpUrl === null || typeof otlpUrl === 'string') &&
          typeof needsCredential === 'boolean' &&
          Array.isArray(recipes),
        signal,
      ),
    staleTime: Infinity,
  });

export const sessionQuery = (tenant: string | undefined, sessionId: string) =>
  queryOptions({
    queryKey: ['session', tenant, sessionId] as const,
    queryFn: ({ signal }) =>
      getJson<SessionDetail>(
        urlOf(`/v1/sessions/${encodeURIComponent(segmentOfSession(sessionId))}`, { tenant }),
        (body) => isRecord(body['session']) && Array.isArray(body['events']) && Array.isArray(body['alerts']),
        signal,
      ),
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
      getJson<EventList>(
        urlOf('/v1/events', { tenant, sessionId, limit: EVENTS_PER_PAGE, cursor: pageParam }),
        isList,
        signal,
      ),
    enabled: typeof firstCursor === 'string',
    initialPageParam: firstCursor ?? '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
