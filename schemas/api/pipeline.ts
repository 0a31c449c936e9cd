/** `/v1/pipeline`: the counts of the records that arrived, and of the agents that sent them. */
import { z } from 'zod';
import { AgentEvent } from '../records/agent-event.ts';
import { PipelineAccount } from '../records/pipeline-account.ts';
import { Count, UnixMs } from '../records/scalars.ts';
import { flag, instant, tenant } from './contract/parameters.ts';
import { json, route } from './contract/route.ts';

export const LedgerQuery = z.strictObject({
  tenant,
  stored: flag.describe('Whether to count the events in the warehouse too, which takes long where there are many'),
});

export const StoredEvents = z.strictObject({
  bySender: z.array(
    z.strictObject({
      sender: z.string(),
      events: Count,
      derived: Count.optional().describe('How many of these events were derived from command lines'),
    }),
  ),
  repeats: z
    .strictObject({ events: Count, derived: Count.describe('How many of them were derived from command lines') })
    .optional()
    .describe('Events that arrived again, in another request or from another sender; each is stored once'),
  refused: Count.describe('Events that the warehouse refused; they are among the rejects'),
  retentionDays: Count.optional().describe('Events older than this are deleted'),
  removedAt: UnixMs.optional().describe(
    'When the tenant’s data was last removed; events that were stored before are gone',
  ),
});
export type StoredEvents = z.infer<typeof StoredEvents>;

/** The latest counts of each collector’s spool, by sender and signal. */
export const PipelineLedger = z.strictObject({
  accounts: z.array(PipelineAccount),
  stored: StoredEvents.optional(),
});
export type PipelineLedger = z.infer<typeof PipelineLedger>;

export const AgentsQuery = z.strictObject({
  tenant,
  from: instant.describe('Events at or after this instant; default: seven days ago'),
});

/** How many events could have a field, and how many have it. */
export const FieldCount = z.strictObject({
  field: AgentEvent.keyof().describe('Field of the event; `userId` also counts a user known by address'),
  expected: Count.describe('Events of the kind that has the field'),
  present: Count.describe('Events that have it'),
});

/** An agent program that was seen. Events that were derived from command lines are not counted. */
export const SeenAgent = z.strictObject({
  agentName: z.string().describe('Program, as its telemetry names it'),
  agent: z.string().describe('Mapping that read it, without its version: `codex`, `genai`, …'),
  versions: z.array(z.string()).describe('At most 20'),
  sessions: Count,
  events: Count,
  firstSeen: UnixMs,
  lastSeen: UnixMs,
  fields: z.array(FieldCount),
});
export type SeenAgent = z.infer<typeof SeenAgent>;

/** Agents that were seen, the last active first; at most 200. */
export const SeenAgents = z.strictObject({ from: UnixMs, agents: z.array(SeenAgent) });
export type SeenAgents = z.infer<typeof SeenAgents>;

export const getLedger = route({
  id: 'getLedger',
  method: 'get',
  path: '/v1/pipeline/ledger',
  right: 'reports.read',
  summary: 'Counts of all input records by collector, sender and signal',
  description:
    'In each account received = accepted + skipped + rejected + duplicate, and accepted = published + waiting + refused + lost. Collectors report it every few seconds; vigil verify ledger checks it.',
  query: LedgerQuery,
  answer: json('PipelineLedger', PipelineLedger),
  readsWarehouse: true,
});

export const listAgents = route({
  id: 'listAgents',
  method: 'get',
  path: '/v1/pipeline/agents',
  right: 'reports.read',
  summary: 'Agents that were seen, and which fields their events have',
  description:
    'For each program, how many events could have a field and how many do: this shows what its settings leave out. vigil doctor says what that means for detections.',
  query: AgentsQuery,
  answer: json('SeenAgents', SeenAgents),
  readsWarehouse: true,
});

export const pipelineRoutes = [getLedger, listAgents] as const;
