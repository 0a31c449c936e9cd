/** `/v1/sessions`: which sessions there were, and one of them as a story. */
import { TenantQuery } from '../../schemas/api/contract/parameters.ts';
import type { Router } from 'express';
import { SessionsQuery } from '../../schemas/api/sessions.ts';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { sessionOfSegment } from '../../schemas/api/contract/session-path.ts';
import { type AuditContext, sendList } from '../context.ts';
import { tenantQueryOf } from '../sign-in/tenant-query.ts';
import { sendBadFields, sendProblem } from '../http/problem.ts';
import { onlyGet } from '../http/only-get.ts';

export function sessionRoutes(router: Router, { queries, guard }: AuditContext): void {
  onlyGet(router, '/v1/sessions', async (request, response) => {
    const query = tenantQueryOf(SessionsQuery, request, response, guard);
    if (query === undefined) return;
    const { cursor, ...filter } = query;
    sendList(response, await queries.listSessions(filter, cursor));
  });

  onlyGet(router, '/v1/sessions/:sessionId', async (request, response) => {
    const query = tenantQueryOf(TenantQuery, request, response, guard);
    if (query === undefined) return;
    const sessionId = AgentEvent.shape.sessionId.safeParse(sessionOfSegment(String(request.params['sessionId'])));
    if (!sessionId.success) {
      sendBadFields(response, [{ field: 'sessionId', message: 'must be 1 to 256 characters' }]);
      return;
    }
    const detail = await queries.findSession(query.tenant, sessionId.data);
    if (detail === undefined) sendProblem(response, 404, { detail: 'No such session' });
    else response.json(detail);
  });
}
