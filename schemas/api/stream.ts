/** `/v1/stream`: new alerts as server-sent events. */
import { TenantQuery } from './contract/parameters.ts';
import { route } from './contract/route.ts';

export const followAlerts = route({
  id: 'followAlerts',
  method: 'get',
  path: '/v1/stream',
  right: 'alerts.read',
  summary: 'New alerts and revisions as server-sent events',
  description:
    'Each `alert` event has an id and one Alert as JSON; the first event has an id only. After a broken connection, the server sends what followed Last-Event-ID. A `reset` event means that the server no longer has all of it: list the alerts again.',
  query: TenantQuery,
  answer: { kind: 'stream', mediaType: 'text/event-stream', description: 'Events until either side closes' },
  problems: { 503: 'Too many streams are open' },
});

export const streamRoutes = [followAlerts] as const;
