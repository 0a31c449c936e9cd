/** Answers `/v1/events`. */
import { listEvents } from '../../schemas/api/events.ts';
import type { AuditContext } from '../context.ts';
import { handle } from '../http/handle.ts';
import { listing } from '../http/listing.ts';

export const eventHandlers = ({ queries }: AuditContext) => [
  handle(listEvents, async ({ query: { cursor, ...filter } }) => listing(await queries.listEvents(filter, cursor))),
];
