/** `/v1/events`: what agents did. */
import type { Router } from 'express';
import { EventsQuery } from '../../schemas/api/events.ts';
import { type AuditContext, sendList } from '../context.ts';
import { tenantQueryOf } from '../sign-in/tenant-query.ts';
import { onlyGet } from '../http/only-get.ts';

export function eventRoutes(router: Router, { queries, guard }: AuditContext): void {
  onlyGet(router, '/v1/events', async (request, response) => {
    const query = tenantQueryOf(EventsQuery, request, response, guard);
    if (query === undefined) return;
    const { cursor, ...filter } = query;
    sendList(response, await queries.listEvents(filter, cursor));
  });
}
