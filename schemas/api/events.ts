/** `/v1/events`: what agents did. */
import { z } from 'zod';
import { AgentEvent, Category } from '../records/agent-event.ts';
import { actor, cursor, instant, limit, oneOrMore, pageOf, tenant } from './contract/parameters.ts';
import { json, route } from './contract/route.ts';

export const EventsQuery = z.strictObject({
  tenant,
  sessionId: z.string().min(1).max(256).optional().describe('Session, as its agent names it'),
  category: oneOrMore(Category).describe('One category or several, separated by commas'),
  actor,
  from: instant.describe('Events at or after this instant'),
  to: instant.describe('Events before this instant'),
  text: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('Text in the command line, file path, host, reason or tool, ignoring case'),
  limit,
  cursor,
});

export const EventList = pageOf(AgentEvent);
export type EventList = z.infer<typeof EventList>;

export const listEvents = route({
  id: 'listEvents',
  method: 'get',
  path: '/v1/events',
  right: 'events.read',
  summary: 'Events, newest first; with sessionId, in the order in which they happened',
  query: EventsQuery,
  answer: json('EventList', EventList),
  readsWarehouse: true,
});

export const eventRoutes = [listEvents] as const;
