/** `/v1/alerts`: what was found, and one finding with its evidence. */
import { TenantQuery } from '../../schemas/api/contract/parameters.ts';
import type { Router } from 'express';
import { AlertsQuery } from '../../schemas/api/alerts.ts';
import { Hex32 } from '../../schemas/records/scalars.ts';
import { type AuditContext, sendList } from '../context.ts';
import { tenantQueryOf } from '../sign-in/tenant-query.ts';
import { sendBadFields, sendProblem } from '../http/problem.ts';
import { onlyGet } from '../http/only-get.ts';

export function alertRoutes(router: Router, { queries, guard }: AuditContext): void {
  onlyGet(router, '/v1/alerts', async (request, response) => {
    const query = tenantQueryOf(AlertsQuery, request, response, guard);
    if (query === undefined) return;
    const { cursor, ...filter } = query;
    sendList(response, await queries.listAlerts(filter, cursor));
  });

  onlyGet(router, '/v1/alerts/:alertId', async (request, response) => {
    const query = tenantQueryOf(TenantQuery, request, response, guard);
    if (query === undefined) return;
    const alertId = Hex32.safeParse(request.params['alertId']);
    if (!alertId.success) {
      sendBadFields(response, [{ field: 'alertId', message: 'must be 32 lower-case hex digits' }]);
      return;
    }
    const detail = await queries.findAlert(query.tenant, alertId.data);
    if (detail === undefined) sendProblem(response, 404, { detail: 'No such alert' });
    else response.json(detail);
  });
}
