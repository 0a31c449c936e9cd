/**
 * Gemini CLI (written against 0.61.0), recognised by its instrumentation scope.
 *
 * Logs are authoritative. `tool_call` is the command, file change, fetch or MCP call, and carries the decision about it;
 * `api_response` is the model call. Its twin by the GenAI conventions, `file_operation` (which names no file) and all spans
 * repeat it. None of them can be joined to one call, since a log record of a tool call has no call id and parallel calls share
 * a span.
 *
 * Gemini CLI does not export its own version (`service.version` is Node's), the working directory, who decided, and an exit
 * code of 0. With `logPrompts` off it exports neither arguments nor exit codes, so a command's line and outcome are unknown.
 */
import type { FlatRecord, LogRecord, MetricRecord, SpanRecord } from '../../schemas/otlp/record.ts';
import { ownerOf } from '../mapping/agent-identity.ts';
import { eventsOf, timeOf } from '../mapping/event-draft.ts';
import type { DraftBase, DraftPart } from '../mapping/event-draft.ts';
import { GEMINI_EVENTS, SKIPPED, otherEvent } from './events.ts';
import { type Mapped, type Mapping, bySignal, skip } from '../mapping/mapping.ts';
import { RecordFields } from '../mapping/record-fields.ts';
import { mapUsageMetric } from '../mapping/usage-metric.ts';

const ID = 'gemini-cli@1';
const SCOPE = 'gemini-cli';
const EVENT = 'gemini_cli.';
const DETAILS = 'gen_ai.client.inference.operation.details';

const REPEATING_SPANS = new Set(['llm_call', 'tool_call', 'agent_call', 'user_prompt']);

const USAGE_METRICS = new Set([
  'gemini_cli.session.count',
  'gemini_cli.token.usage',
  'gemini_cli.api.request.count',
  'gemini_cli.tool.call.count',
  'gemini_cli.file.operation.count',
  'gemini_cli.lines.changed',
  'gemini_cli.agent.run.count',
]);
/** The same record in the GenAI conventions. */
const REPEATING_METRICS = new Set(['gen_ai.client.token.usage', 'gen_ai.client.operation.duration']);

export const mapping: Mapping = {
  id: ID,
  matches: (_resource, scope) => scope.name === SCOPE,
  map: bySignal({ log: mapLog, span: mapSpan, metric: mapMetric }),
};

function mapLog(record: LogRecord, hash: (text: string) => string): Mapped {
  // Older versions write `event_name` for a mode change.
  const name = record.peek('event.name') ?? record.peek('event_name') ?? record.name;
  if (name === DETAILS) return skip('repeated_elsewhere');
  if (!name.startsWith(EVENT)) return skip('internal');
  const key = name.slice(EVENT.length);
  const reason = SKIPPED.get(key);
  if (reason !== undefined) return skip(reason);
  const fields = new RecordFields(record.attributes, record.resource);
  const read = Object.hasOwn(GEMINI_EVENTS, key) ? GEMINI_EVENTS[key] : undefined;
  return finish(record, fields, (read ?? otherEvent)(fields, hash));
}

function mapSpan(record: SpanRecord): Mapped {
  return skip(REPEATING_SPANS.has(record.name) ? 'repeated_elsewhere' : 'internal');
}

function mapMetric(record: MetricRecord): Mapped {
  if (REPEATING_METRICS.has(record.name)) return skip('repeated_elsewhere');
  return mapUsageMetric(record, USAGE_METRICS, finish);
}

function finish(record: FlatRecord, fields: RecordFields, parts: readonly DraftPart[]): Mapped {
  const owner = ownerOf(fields, {
    account: [],
    user: ['user.email', 'enduser.id', 'user.id', 'user.name'],
    install: ['installation.id'],
  });
  const sessionId = fields.anywhere('session.id');
  fields.dropOfResource('session.id', sessionId);
  const base: DraftBase = {
    agentName: 'gemini-cli',
    sessionId,
    agentId: fields.text('agent_id'),
    turnId: fields.text('prompt_id'),
    time: timeOf(record, fields),
  };
  return eventsOf(ID, record, fields, base, owner, parts);
}
