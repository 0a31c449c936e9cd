/**
 * Reads which agents were seen, and which fields their events have. This shows what a deployment loses through its
 * settings.
 */
import type { Warehouse } from '../../platform/warehouse/index.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { SeenAgent } from '../../schemas/api/pipeline.ts';
import { quoteName } from '../../schemas/ddl.ts';
import { TABLES } from '../tables.ts';
import { allOf, instant, read, when } from './reading/read.ts';

/** Program names are claims, and anybody can invent more, so only the most recent ones are returned. */
const MOST_AGENTS = 200;
const MOST_VERSIONS = 20;

interface FieldCheck {
  readonly field: keyof AgentEvent;
  /** Condition for events that could have the field. */
  readonly of: string;
  readonly has: string;
}

const RESULT = `(e.category = 'command' AND e.action = 'run') OR e.category IN ('file', 'network') OR (e.category IN ('tool', 'mcp') AND e.action = 'call')`;
const MODEL = `e.category = 'model' AND e.action = 'request'`;

const CHECKS: readonly FieldCheck[] = [
  { field: 'commandLine', of: `e.category = 'command' AND e.action = 'run'`, has: `e.commandLine != ''` },
  {
    field: 'exitCode',
    of: `e.category = 'command' AND e.action = 'run' AND e.outcome != 'denied'`,
    has: 'e.exitCode IS NOT NULL',
  },
  { field: 'filePath', of: `e.category = 'file'`, has: `e.filePath != ''` },
  { field: 'networkHost', of: `e.category = 'network'`, has: `e.networkHost != ''` },
  { field: 'mcpServer', of: `e.category = 'mcp'`, has: `e.mcpServer != ''` },
  { field: 'contentHash', of: `e.category = 'prompt' AND e.action = 'submit'`, has: `e.contentHash != ''` },
  { field: 'outputTokens', of: MODEL, has: 'e.outputTokens IS NOT NULL' },
  { field: 'costUsd', of: MODEL, has: 'e.costUsd IS NOT NULL' },
  { field: 'userId', of: '1', has: `e.userId != '' OR e.userEmail != ''` },
  { field: 'host', of: '1', has: `e.host != ''` },
  { field: 'repository', of: '1', has: `e.repository != ''` },
  { field: 'agentVersion', of: '1', has: `e.agentVersion != ''` },
];

/** @param from ms since epoch */
export async function seenAgents(warehouse: Warehouse, tenant: string, from: number): Promise<readonly SeenAgent[]> {
  const where = allOf([
    ...when(tenant, 'tenant', 'e.tenant = {tenant:String}'),
    ...when(from, 'from', `e.time >= ${instant('from')}`),
    // Derived events repeat fields of their command.
    { sql: `e.derivedFrom = ''`, parameters: {} },
  ]);
  const columns = [
    'e.agentName AS agentName',
    `splitByChar('@', e.mapping)[1] AS agent`,
    `arraySort(groupUniqArrayIf(${MOST_VERSIONS})(e.agentVersion, e.agentVersion != '')) AS versions`,
    'uniqExact(e.sessionId) AS sessions',
    'count() AS events',
    'toUnixTimestamp64Milli(min(e.time)) AS firstSeen',
    'toUnixTimestamp64Milli(max(e.time)) AS lastSeen',
    `countIf(${RESULT}) AS results`,
    `countIf(e.decision != '') AS decisions`,
    ...CHECKS.flatMap(({ field, of, has }) => [
      `countIf(${of}) AS expected_${field}`,
      `countIf((${of}) AND (${has})) AS present_${field}`,
    ]),
  ];
  const log = `${quoteName(warehouse.database)}.${quoteName(TABLES.events.log.name)} AS e FINAL`;
  const query = `SELECT ${columns.join(', ')} FROM ${log} WHERE ${where.sql} GROUP BY agentName, agent ORDER BY lastSeen DESC, agentName, agent LIMIT ${MOST_AGENTS}`;
  return (await read(warehouse, 'searches', query, where.parameters)).map(agentIn);
}

function agentIn(row: Readonly<Record<string, unknown>>): SeenAgent {
  const { agentName, agent, versions } = row;
  const number = (column: string): number => Number(row[column]);
  const checked = CHECKS.map(({ field }) => ({
    field,
    expected: number(`expected_${field}`),
    present: number(`present_${field}`),
  }));
  // Not every result has a decision in its own record, so only the existence of decisions is reported.
  const decided = {
    field: 'decision' as const,
    expected: number('results'),
    present: Math.min(number('decisions'), number('results')),
  };
  return SeenAgent.parse({
    agentName,
    agent,
    versions,
    sessions: number('sessions'),
    events: number('events'),
    firstSeen: number('firstSeen'),
    lastSeen: number('lastSeen'),
    fields: [...checked, decided],
  });
}
