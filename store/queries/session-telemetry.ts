/** Finds gaps in a session's own telemetry: records that must have been sent and are not stored. */
import type { Warehouse } from '../../platform/warehouse/index.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { SessionTelemetry } from '../../schemas/api/sessions.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { type SequenceCount, countSequence, shareSeen, totals } from '../../schemas/records/sequence-count.ts';
import { TABLES } from '../tables.ts';
import { type Condition, allOf, instant, read, when } from './reading/read.ts';
import type { SessionSpan } from './session-spans.ts';

/** In a session with more numbered records than this, only the first ones are read. */
const RECORDS = 200_000;

const DECIDED = "e.category = 'approval' AND e.action = 'decide'";
const RESULT = `(e.category IN ('file', 'network') AND e.derivedFrom = '') OR (e.category = 'command' AND e.action = 'run') OR (e.category IN ('tool', 'mcp') AND e.action = 'call')`;

export async function sessionTelemetry(
  warehouse: Warehouse,
  tenant: string,
  sessionId: string,
  { firstSeen, lastSeen }: SessionSpan,
): Promise<SessionTelemetry> {
  const where = allOf([
    ...when(tenant, 'tenant', 'e.tenant = {tenant:String}'),
    ...when(firstSeen, 'from', `e.time >= ${instant('from')}`),
    ...when(lastSeen, 'to', `e.time <= ${instant('to')}`),
    ...when(sessionId, 'sessionId', 'e.sessionId = {sessionId:String}'),
  ]);
  const log = `${quoteName(warehouse.database)}.${quoteName(TABLES.events.log.name)} AS e`;
  const [count, calls, rest] = await Promise.all([
    numbered(warehouse, log, where),
    callFacts(warehouse, log, where),
    switchedOff(warehouse, log, where),
  ]);
  const records = count === undefined ? undefined : totals(count);
  return SessionTelemetry.parse({
    ...calls,
    ...rest,
    ...(count === undefined || records === undefined
      ? {}
      : {
          completeness: shareSeen(count),
          recordsExpected: records.expected,
          recordsSeen: records.seen,
          restarts: count.restarts,
        }),
  });
}

async function numbered(warehouse: Warehouse, log: string, where: Condition): Promise<SequenceCount | undefined> {
  const columns = 'toUnixTimestamp64Milli(e.time) AS time, e.sequence AS sequence, e.mapping AS mapping';
  const query = `SELECT DISTINCT ${columns} FROM ${log} WHERE ${where.sql} AND e.sequence IS NOT NULL AND e.derivedFrom = '' ORDER BY time, sequence LIMIT ${RECORDS}`;
  let count: SequenceCount | undefined;
  for (const row of await read(warehouse, 'queries', query, where.parameters))
    count = countSequence(count, row as Pick<AgentEvent, 'time' | 'sequence' | 'mapping'>);
  return count;
}

/** Counts allowed calls without a result, and results without a decision. */
async function callFacts(warehouse: Warehouse, log: string, where: Condition): Promise<Record<string, unknown>> {
  const perCall = `SELECT e.callId, max(${DECIDED}) AS decided, max(${DECIDED} AND e.decision = 'approved') AS approved, max(${RESULT}) AS result FROM ${log} WHERE ${where.sql} AND e.callId != '' GROUP BY e.callId`;
  // For agents that report no decisions at all, none is missing.
  const query = `SELECT countIf(decided OR result) AS calls, countIf(approved AND NOT result) AS callsWithoutResult, if(max(decided), countIf(result AND NOT decided), 0) AS resultsWithoutDecision FROM (${perCall})`;
  const [row = {}] = await read(warehouse, 'queries', query, where.parameters);
  return row;
}

async function switchedOff(warehouse: Warehouse, log: string, where: Condition): Promise<Record<string, unknown>> {
  const columns = [
    "max(e.category = 'session' AND e.action = 'end') AS ended",
    "uniqExactIf(e.eventId, e.category = 'command' AND e.action = 'run' AND e.commandLine = '') AS commandsWithoutLine",
    "uniqExactIf(e.eventId, e.category = 'file' AND e.filePath = '') AS filesWithoutPath",
    "uniqExactIf(e.eventId, e.category = 'prompt' AND e.action = 'submit' AND e.contentHash = '') AS promptsWithoutText",
  ].join(', ');
  const [row = {}] = await read(
    warehouse,
    'queries',
    `SELECT ${columns} FROM ${log} WHERE ${where.sql}`,
    where.parameters,
  );
  return { ...row, ended: Number(row['ended'] ?? 0) > 0 };
}
