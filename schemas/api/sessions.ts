/** `/v1/sessions`: the sessions of a tenant, and one session with its events and alerts. */
import { z } from 'zod';
import { AgentEvent } from '../records/agent-event.ts';
import { Alert } from '../records/alert.ts';
import { Count, UnixMs } from '../records/scalars.ts';
import { actor, cursor, instant, limit, order, pageOf, tenant, TenantQuery } from './contract/parameters.ts';
import { json, route } from './contract/route.ts';
import { sessionOfSegment } from './contract/session-path.ts';

export const SessionsQuery = z.strictObject({
  tenant,
  actor,
  agentName: z.string().min(1).max(64).optional().describe('Agent program, exact match'),
  from: instant.describe('Sessions active at or after this instant'),
  to: instant.describe('Sessions active before this instant'),
  order,
  limit,
  cursor,
});

export const SessionSummary = z.strictObject({
  sessionId: z.string(),
  tenant: z.string(),
  actor: z.string(),
  userEmail: z.string().optional(),
  userId: z.string().optional(),
  host: z.string().optional(),
  agentName: z.string(),
  agentVersion: z.string().optional(),
  repository: z.string().optional(),
  cwd: z.string().optional(),
  parentSessionId: z.string().optional(),
  approvalMode: z.string().optional().describe('The last one in force'),
  approvalModes: z.array(z.string()).describe('All that were in force, in the order of their first use; at most 50'),
  sandboxMode: z.string().optional().describe('The last one in force'),
  sandboxModes: z.array(z.string()).describe('All that were in force, in the order of their first use; at most 50'),
  models: z.array(z.string()),
  firstSeen: UnixMs,
  lastSeen: UnixMs,
  events: Count,
  commands: Count,
  failedCommands: Count,
  fileChanges: Count,
  networkEvents: Count,
  denials: Count.describe('Refusals; one that several records report counts once'),
  prompts: Count,
  inputTokens: Count,
  outputTokens: Count,
  costUsd: z.number(),
  alerts: Count,
});
export type SessionSummary = z.infer<typeof SessionSummary>;

export const SessionList = pageOf(SessionSummary);
export type SessionList = z.infer<typeof SessionList>;

/** How complete a session's telemetry is. Records are counted if the agent numbers them. */
export const SessionTelemetry = z.strictObject({
  completeness: z.number().min(0).max(1).optional().describe('Share of its numbered records that were seen'),
  recordsExpected: Count.optional().describe(
    'Numbered records up to the last one seen; nobody can know how many followed',
  ),
  recordsSeen: Count.optional().describe('Numbered records that were seen'),
  restarts: Count.optional().describe('Processes that resumed the session'),
  calls: Count.describe('Tool calls'),
  callsWithoutResult: Count.describe('Tool calls that were allowed and whose result was not seen'),
  resultsWithoutDecision: Count.describe(
    'Tool calls whose result was seen but no decision, although other calls of the session have one',
  ),
  ended: z.boolean().describe('Whether the end of the session was seen; not every agent reports it'),
  commandsWithoutLine: Count.describe('Commands whose command line the agent did not report'),
  filesWithoutPath: Count.describe('File events without a path'),
  promptsWithoutText: Count.describe('Prompts without a text and without a hash of it'),
});
export type SessionTelemetry = z.infer<typeof SessionTelemetry>;

export const SessionDetail = z.strictObject({
  session: SessionSummary,
  telemetry: SessionTelemetry,
  events: z.array(AgentEvent).describe('The first events, by time, then sequence'),
  nextCursor: z.string().nullable().describe('Cursor of /v1/events?sessionId=… for the events that follow'),
  alerts: z.array(Alert),
});
export type SessionDetail = z.infer<typeof SessionDetail>;

export const listSessions = route({
  id: 'listSessions',
  method: 'get',
  path: '/v1/sessions',
  right: 'events.read',
  summary: 'Sessions, last active first, or last with order=oldest; from and to select those active in between',
  query: SessionsQuery,
  answer: json('SessionList', SessionList),
  readsWarehouse: true,
});

export const getSession = route({
  id: 'getSession',
  method: 'get',
  path: '/v1/sessions/{sessionId}',
  right: 'events.read',
  summary: 'One session: summary, events in their order, alerts',
  parameters: z.strictObject({
    sessionId: z
      .string()
      .meta({ minLength: 1, maxLength: 257 })
      .describe(
        'Session, as its agent names it. An id that consists only of dots or begins with `~` gets a `~` in front, since paths lose the segments `.` and `..`',
      )
      .transform(sessionOfSegment)
      .refine((id) => AgentEvent.shape.sessionId.safeParse(id).success, 'must be 1 to 256 characters'),
  }),
  query: TenantQuery,
  answer: json('SessionDetail', SessionDetail),
  readsWarehouse: true,
});

export const sessionRoutes = [listSessions, getSession] as const;
