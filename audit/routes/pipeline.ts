/** Answers `/v1/pipeline`. */
import { getLedger, listAgents } from '../../schemas/api/pipeline.ts';
import type { AuditContext } from '../context.ts';
import { handle } from '../http/handle.ts';

const DEFAULT_PERIOD_MS = 7 * 86_400_000;

export const pipelineHandlers = ({ queries, now }: AuditContext) => [
  handle(getLedger, ({ query: { tenant, stored } }) => queries.ledger(tenant, stored)),

  handle(listAgents, async ({ query: { tenant, from = Math.max(0, now() - DEFAULT_PERIOD_MS) } }) => ({
    from,
    agents: await queries.agents(tenant, from),
  })),
];
