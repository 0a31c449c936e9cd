/** `/v1/pipeline/ledger`: what became of every record that was received; `/v1/pipeline/agents`: who sent, and what it left out. */
import type { Router } from 'express';
import { AgentsQuery, LedgerQuery } from '../../schemas/api/pipeline.ts';
import type { AuditContext } from '../context.ts';
import { tenantQueryOf } from '../sign-in/tenant-query.ts';
import { onlyGet } from '../http/only-get.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;

export function pipelineRoutes(router: Router, { queries, guard }: AuditContext): void {
  onlyGet(router, '/v1/pipeline/ledger', async (request, response) => {
    const query = tenantQueryOf(LedgerQuery, request, response, guard);
    if (query !== undefined) response.json(await queries.ledger(query.tenant, query.stored));
  });

  onlyGet(router, '/v1/pipeline/agents', async (request, response) => {
    const query = tenantQueryOf(AgentsQuery, request, response, guard);
    if (query === undefined) return;
    const from = query.from ?? Math.max(0, Date.now() - DEFAULT_DAYS * DAY_MS);
    response.json({ from, agents: await queries.agents(query.tenant, from) });
  });
}
