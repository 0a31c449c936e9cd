/** `/v1/pipeline/ledger`: what became of every record that was received. */
import type { Router } from 'express';
import { LedgerQuery } from '../../schemas/api.ts';
import type { AuditContext } from '../context.ts';
import { queryOf } from '../parse-query.ts';
import { onlyGet } from './only-get.ts';

export function pipelineRoutes(router: Router, { queries, tenant }: AuditContext): void {
  onlyGet(router, '/v1/pipeline/ledger', async (request, response) => {
    const query = queryOf(LedgerQuery, request, response);
    if (query !== undefined) response.json(await queries.ledger(query.tenant ?? tenant, query.stored));
  });
}
