/**
 * Claude Code (written against 2.1.330), recognised by its instrumentation scope, because anybody can set `service.name`.
 *
 * Logs are authoritative. Spans repeat them and are skipped, except that a `claude_code.tool` span has three things that
 * the logs of a refused call, or of any call with the details switched off, do not: the path of a file, the program of a
 * command, and the server and tool of an MCP call. The span does not say whether the call was refused (its outcome is on
 * its child spans, which have no call id), so it cannot become a refused file event: it becomes `tool/describe`, which
 * claims no outcome and is joined to the approval by `callId`.
 *
 * No single record says which `Agent` call started a sub-agent. The call runs inside of a `claude_code.tool.execution`
 * span, which names it by `tool_use_id`, and the sub-agent's log records carry the id of that span as their `spanId`. The
 * execution span does not say which tool it belongs to, so each becomes a `tool/describe` of call and span; readers of a
 * session join the two (`store/queries/sub-agents.ts`). Without traces the parent call is unknown.
 *
 * Claude Code does not export exit codes (except of background commands), output, the URL of a refused fetch, and calls that fail
 * the tool's own validation.
 */
import type { FlatRecord, LogRecord, MetricRecord, SpanRecord } from '../../schemas/otlp/record.ts';
import { ownerOf } from '../mapping/agent-identity.ts';
import { CLAUDE_EVENTS, otherEvent } from './events.ts';
import { eventsOf, spanDurationMs, timeOf } from '../mapping/event-draft.ts';
import type { DraftBase, DraftPart } from '../mapping/event-draft.ts';
import { type Mapped, type Mapping, type SkipReason, bySignal, skip } from '../mapping/mapping.ts';
import { RecordFields } from '../mapping/record-fields.ts';
import { mapUsageMetric } from '../mapping/usage-metric.ts';

const ID = 'claude-code@1';
const SCOPE = 'com.anthropic.claude_code';

const USAGE_METRICS = new Set([
  'claude_code.session.count',
  'claude_code.token.usage',
  'claude_code.cost.usage',
  'claude_code.lines_of_code.count',
  'claude_code.commit.count',
  'claude_code.pull_request.count',
  'claude_code.code_edit_tool.decision',
  'claude_code.active_time.total',
]);

export const mapping: Mapping = {
  id: ID,
  matches: (_resource, scope) => scope.name === SCOPE || scope.name.startsWith(`${SCOPE}.`),
  map: bySignal({ log: mapLog, span: mapSpan, metric: mapMetric }),
};

/** Events that say nothing about what the agent did, or that another event reports better. */
const SKIPPED: ReadonlyMap<string, SkipReason> = new Map([
  ['retention_sweep', 'internal'],
  ['feedback_survey', 'internal'],
  ['hook_plugin_metrics', 'internal'],
  ['system_prompt', 'internal'],
  ['tool', 'internal'],
  // Whole model requests and answers: `api_request` is the authoritative record, and content is not kept.
  ['api_request_body', 'repeated_elsewhere'],
  ['api_response_body', 'repeated_elsewhere'],
]);

function mapLog(record: LogRecord, hash: (text: string) => string): Mapped {
  const name = record.peek('event.name') ?? nameInBody(record);
  if (name === undefined) return skip('internal');
  const reason = SKIPPED.get(name);
  if (reason !== undefined) return skipNumbered(record, reason);
  // `hook_execution_complete` reports the outcome. Only a prompt that a hook blocks has no `complete`.
  if (name === 'hook_execution_start' && record.peek('hook_event') !== 'UserPromptSubmit')
    return skipNumbered(record, 'repeated_elsewhere');
  const fields = new RecordFields(record.attributes, record.resource);
  const read = Object.hasOwn(CLAUDE_EVENTS, name) ? CLAUDE_EVENTS[name] : undefined;
  return finish(record, fields, (read ?? otherEvent)(fields, hash));
}

/** Claude Code numbers its records without gaps. A skipped record keeps its number, or it would count as missing. */
function skipNumbered(record: LogRecord, reason: SkipReason): Mapped {
  const kept = record.attributes.filter(([key]) => KEPT_OF_SKIPPED.has(key));
  const fields = new RecordFields(kept, record.resource);
  if (fields.see('event.sequence') === undefined || fields.see('session.id') === undefined) return skip(reason);
  return finish(record, fields, [{ category: 'telemetry', action: 'skip', outcome: 'unknown' }]);
}

const KEPT_OF_SKIPPED: ReadonlySet<string> = new Set([
  'session.id',
  'event.name',
  'event.sequence',
  'event.timestamp',
  'user.account_uuid',
  'user.account_id',
  'user.email',
  'user.id',
  'organization.id',
  'agent_id',
  'app.version',
]);

const LONG_NAME = 'claude_code.';

/** The body is the long name of the event; it is read only when no attribute has the short one. */
function nameInBody({ body }: LogRecord): string | undefined {
  return typeof body === 'string' && body.startsWith(LONG_NAME) ? body.slice(LONG_NAME.length) : undefined;
}

function mapSpan(record: SpanRecord): Mapped {
  if (record.name === 'claude_code.tool.execution') return mapExecution(record);
  if (record.name !== 'claude_code.tool') return skip('repeated_elsewhere');
  const hidden = record.peek('bash_argv0') !== undefined && record.peek('full_command') === undefined;
  if (!hidden && record.peek('file_path') === undefined && record.peek('anthropic.mcp.server.name') === undefined) {
    return skip('repeated_elsewhere');
  }
  const fields = new RecordFields(record.attributes, record.resource);
  // In a sub-agent's spans this is its agent id, which `agent_id` says as well.
  fields.drop('gen_ai.conversation.id', 'gen_ai.tool.call.id');
  fields.dropContent('full_command');
  const part: DraftPart = {
    category: 'tool',
    action: 'describe',
    outcome: 'unknown',
    callId: fields.text('tool_use_id'),
    toolName: fields.text('gen_ai.tool.name', 'tool_name'),
    mcpServer: fields.text('anthropic.mcp.server.name'),
    filePath: fields.text('file_path'),
    durationMs: fields.whole('duration_ms') ?? spanDurationMs(record),
  };
  return finish(record, fields, [part]);
}

/** Keeps only the join of span and call: the call's result has everything else that the span says. */
function mapExecution(record: SpanRecord): Mapped {
  if (record.spanId === undefined || (record.peek('tool_use_id') ?? '') === '') return skip('repeated_elsewhere');
  const fields = new RecordFields(record.attributes, record.resource);
  const conversation = fields.seeText('gen_ai.conversation.id');
  // For a call by a sub-agent this is the sub-agent's id, and `agent_id` is missing.
  const agentId = conversation === fields.seeText('session.id') ? undefined : conversation;
  const callId = fields.text('tool_use_id');
  fields.drop(...REPEATED_BY_RESULT);
  return finish(record, fields, [{ category: 'tool', action: 'describe', outcome: 'unknown', callId, agentId }]);
}

const REPEATED_BY_RESULT = [
  'gen_ai.conversation.id',
  'gen_ai.tool.call.id',
  'gen_ai.provider.name',
  'anthropic.provider',
  'anthropic.custom_base_url',
  'terminal.type',
  'duration_ms',
  'success',
  'error',
  'error.type',
  'error_class',
];

function mapMetric(record: MetricRecord): Mapped {
  return mapUsageMetric(record, USAGE_METRICS, finish);
}

function finish(record: FlatRecord, fields: RecordFields, parts: readonly DraftPart[]): Mapped {
  const owner = ownerOf(fields, {
    account: ['user.account_uuid', 'user.account_id'],
    user: ['user.email'],
    install: ['user.id'],
  });
  const agentVersion = fields.anywhere('app.version', 'service.version');
  fields.dropOfResource('service.version', agentVersion);
  const base: DraftBase = {
    agentName: 'claude-code',
    agentVersion,
    sessionId: fields.text('session.id'),
    agentId: fields.text('agent_id'),
    turnId: fields.text('prompt.id'),
    cwd: workingDirectory(fields),
    time: timeOf(record, fields),
    sequence: fields.number('event.sequence'),
  };
  return eventsOf(ID, record, fields, base, owner, parts);
}

/** `workspace.host_paths` is a list; with one entry it is the working directory, with more the working directory is unknown. */
function workingDirectory(fields: RecordFields): string | undefined {
  const paths = fields.see('workspace.host_paths');
  const only: unknown = Array.isArray(paths) && paths.length === 1 ? paths[0] : undefined;
  return typeof only === 'string' ? only : undefined;
}
