/** The audit API's contract: what requests may ask and what answers hold. `/openapi.json` and the pages' types come from here. */
import { z } from 'zod';
import { AgentEvent, Category } from '../records/agent-event.ts';
import { Alert, Severity } from '../records/alert.ts';
import { PipelineAccount } from '../records/pipeline-account.ts';
import { Count, UnixMs } from '../records/scalars.ts';
import { Recipe } from './recipe.ts';

/** A number as a query string carries it: digits and nothing else, where `Number` would take ` ` for 0 and `0x10` for 16. */
const digits = (number: z.ZodType<number, number>) =>
  z.string().regex(/^\d+$/, 'must be a whole number in decimal digits').transform(Number).pipe(number);

const limit = digits(z.int().min(1).max(1000)).default(100).describe('Rows per page');
const cursor = z
  .string()
  .min(1)
  .max(1024)
  .optional()
  .describe('nextCursor of the last page; the filters must be the same, but for from, to and limit');
/** Instants are ms since the epoch or ISO 8601 with a zone; the description shows both, as they are sent. */
const instant = z
  .union([
    digits(UnixMs),
    z.iso
      .datetime({ offset: true })
      .transform((iso) => Date.parse(iso))
      .pipe(UnixMs),
  ])
  .meta({
    anyOf: [
      { type: 'integer', minimum: 0, maximum: UnixMs.maxValue },
      { type: 'string', format: 'date-time' },
    ],
  })
  .optional();
const tenant = z.string().min(1).max(256).optional().describe('Owner of the data; default: the server’s own tenant');

/** Rows move when more is seen of them: towards the end of a list that begins with the oldest, where none is missed. */
const order = z
  .enum(['newest', 'oldest'])
  .optional()
  .meta({ default: 'newest' })
  .describe(
    'Which comes first. A row moves when more is seen of it: while a list is paged from the newest on, such a row can pass by unseen; from the oldest on it comes again, and none is missed',
  );

/** Requests for one thing, and the stream of alerts. */
export const TenantQuery = z.strictObject({ tenant });

/** Requests that take no parameter. */
export const NoQuery = z.strictObject({});

export const AlertsQuery = z.strictObject({
  tenant,
  from: instant.describe('Alerts whose last evidence is at or after this instant'),
  to: instant.describe('… and before this one'),
  severity: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(Severity).min(1))
    .optional()
    .describe('One severity or several, separated by commas'),
  detectionId: z.string().min(1).max(128).optional().describe('Detection that raised it'),
  entity: z.string().min(1).max(1024).optional().describe('Id of whom it is about, whole'),
  order,
  limit,
  cursor,
});

export const EventsQuery = z.strictObject({
  tenant,
  sessionId: z.string().min(1).max(256).optional().describe('Session, as its agent names it'),
  category: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(Category).min(1))
    .optional()
    .describe('One category or several, separated by commas'),
  actor: z.string().min(1).max(600).optional().describe('Actor, whole'),
  from: instant.describe('Events at or after this instant'),
  to: instant.describe('… and before this one'),
  text: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('Found in the command line, file path, host, reason or tool, ignoring case'),
  limit,
  cursor,
});

export const SessionsQuery = z.strictObject({
  tenant,
  actor: z.string().min(1).max(600).optional().describe('Actor, whole'),
  agentName: z.string().min(1).max(64).optional().describe('Agent program, whole'),
  from: instant.describe('Sessions active at or after this instant'),
  to: instant.describe('… and before this one'),
  order,
  limit,
  cursor,
});

/** What one session amounts to. */
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
  approvalMode: z.string().optional().describe('In force last'),
  approvalModes: z.array(z.string()).describe('All that were in force, in the order of their first use; at most 50'),
  sandboxMode: z.string().optional().describe('In force last'),
  sandboxModes: z.array(z.string()).describe('All that were in force, in the order of their first use; at most 50'),
  models: z.array(z.string()),
  firstSeen: UnixMs,
  lastSeen: UnixMs,
  events: Count,
  commands: Count,
  failedCommands: Count,
  fileChanges: Count,
  networkEvents: Count,
  denials: Count.describe('Refusals, however many records tell of each'),
  prompts: Count,
  inputTokens: Count,
  outputTokens: Count,
  costUsd: z.number(),
  alerts: Count,
});
export type SessionSummary = z.infer<typeof SessionSummary>;

const listOf = <S extends z.ZodType>(item: S) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

export const AlertList = listOf(Alert);
export const EventList = listOf(AgentEvent);
export const SessionList = listOf(SessionSummary);
/** An alert with the events named in its evidence; those that retention has deleted are listed as missing. */
export const AlertDetail = z.strictObject({
  alert: Alert,
  events: z.array(AgentEvent),
  missingEventIds: z.array(z.string()),
});
/** What a session's own telemetry says about its completeness. Records are counted where the agent numbers them. */
export const SessionTelemetry = z.strictObject({
  completeness: z.number().min(0).max(1).optional().describe('Share of its numbered records that were seen'),
  recordsExpected: Count.optional().describe(
    'Numbered records that there must have been; what came after the last one seen nobody can know',
  ),
  recordsSeen: Count.optional().describe('… and that were seen'),
  restarts: Count.optional().describe('Processes that took the session up again'),
  calls: Count.describe('Tool calls'),
  callsWithoutResult: Count.describe('… that were allowed and of which no result was seen'),
  resultsWithoutDecision: Count.describe(
    '… of which a result was seen but no decision, although others of the session have one',
  ),
  ended: z.boolean().describe('Whether its end was seen; not every agent tells it'),
  commandsWithoutLine: Count.describe('Commands whose command line the agent did not tell'),
  filesWithoutPath: Count.describe('File events without a path'),
  promptsWithoutText: Count.describe('Prompts of which not even a hash is known'),
});
export type SessionTelemetry = z.infer<typeof SessionTelemetry>;

/** Events come ordered by time, then sequence; `nextCursor` goes on with `/v1/events?sessionId=…&cursor=…`. */
export const SessionDetail = z.strictObject({
  session: SessionSummary,
  telemetry: SessionTelemetry,
  events: z.array(AgentEvent),
  nextCursor: z.string().nullable(),
  alerts: z.array(Alert),
});
export type AlertList = z.infer<typeof AlertList>;
export type EventList = z.infer<typeof EventList>;
export type SessionList = z.infer<typeof SessionList>;
export type AlertDetail = z.infer<typeof AlertDetail>;
export type SessionDetail = z.infer<typeof SessionDetail>;

export const Setup = z.strictObject({
  otlpUrl: z.url().nullable().describe('Where agents reach the collector; null if VIGIL_OTLP_URL is not set'),
  needsCredential: z
    .boolean()
    .describe('Whether the collector accepts only requests with a credential, as far as this server knows'),
  recipes: z
    .array(Recipe)
    .describe('What to write where, for each agent; `TOKEN` and `http://COLLECTOR:4318` are to be replaced'),
});
export type Setup = z.infer<typeof Setup>;

/** Whether one has to sign in, and who one is. */
export const SignInState = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('open').describe('Everybody reads, as on loopback') }),
  z.strictObject({ state: z.literal('signed_out').describe('A credential is needed') }),
  z.strictObject({
    state: z.literal('signed_in'),
    sender: z.string().describe('Whose credential it is'),
    tenant: z.string().describe('Its own tenant, of requests that name none'),
    reads: z.array(z.string()).describe('Tenants that it may read besides; `*` is every one'),
    endsAt: UnixMs.optional().describe('When the sign-in ends, where there is one'),
  }),
]);
export type SignInState = z.infer<typeof SignInState>;

export const LedgerQuery = z.strictObject({
  tenant,
  stored: z
    .enum(['true', 'false'])
    .transform((word) => word === 'true')
    .pipe(z.boolean())
    .default(false)
    .describe('Whether the events in the warehouse are counted too, which takes long where there are many'),
});

export const StoredEvents = z.strictObject({
  bySender: z.array(
    z.strictObject({
      sender: z.string(),
      events: Count,
      derived: Count.optional().describe('Of these events: derived from command lines'),
    }),
  ),
  repeats: z
    .strictObject({ events: Count, derived: Count.describe('Of them: derived from command lines') })
    .optional()
    .describe(
      'How often an event came that had come before, in another request or from another sender: it is stored once',
    ),
  refused: Count.describe('Events that the warehouse refused; they are among the rejects'),
  retentionDays: Count.optional().describe('Events older than this are deleted'),
  removedAt: UnixMs.optional().describe('When the tenant’s data was last removed: what was stored before is not there'),
});
export type StoredEvents = z.infer<typeof StoredEvents>;

/** What became of every input record: the latest word of each collector’s spool on each sender and signal. */
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
  field: AgentEvent.keyof().describe('Field of the event; `userId` stands for a user by id or address'),
  expected: Count.describe('Events of the kind that has it'),
  present: Count.describe('… that have it'),
});

/** An agent program as it was seen. Events that are derived from command lines are left out. */
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

/** Agents that were seen, the one that was active last first; at most 200. */
export const SeenAgents = z.strictObject({ from: UnixMs, agents: z.array(SeenAgent) });
export type SeenAgents = z.infer<typeof SeenAgents>;

/** RFC 9457 problem document; `errors` names each field that was wrong. */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  errors: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;
