/**
 * Qwen Code (written against 0.24.4), a descendant of Gemini CLI with the same events, recognised by its instrumentation scope.
 * Its HTTP client has another scope, whose spans are not agent activity (`genai.ts` skips them).
 *
 * Logs are authoritative; spans repeat them, except `qwen-code.interaction`: one turn, with its mode and the only name of a
 * user. That name is a field of the turn and not part of the identity: the logs, which come first, name nobody, and a session has
 * one actor. A name in `OTEL_RESOURCE_ATTRIBUTES` is on every record, so it counts.
 *
 * Qwen Code does not export host, working directory, who decided about a call that went on, and an exit code that is 0. Metrics name
 * no session.
 */
import type { FlatRecord, LogRecord, MetricRecord, SpanRecord } from '../../schemas/otlp/record.ts';
import { ownerOf } from '../mapping/agent-identity.ts';
import { eventsOf, spanDurationMs, timeOf } from '../mapping/event-draft.ts';
import type { DraftBase, DraftPart } from '../mapping/event-draft.ts';
import { QWEN_EVENTS, SKIPPED, otherEvent } from '../gemini-cli/events.ts';
import { type Mapped, type Mapping, bySignal, skip } from '../mapping/mapping.ts';
import { RecordFields } from '../mapping/record-fields.ts';
import { mapUsageMetric } from '../mapping/usage-metric.ts';

const ID = 'qwen-code@1';
const SCOPE = 'qwen-code';
const EVENT = 'qwen-code.';

/** `config` reports the start of a session with its settings. */
const SESSION_START = 'session.start';
const SESSION_END = 'session.end';

/** `qwen-code.hook` is excluded: Qwen exports it, marked as failed, even if no hook is configured. */
const REPEATING_SPANS = new Set([
  'qwen-code.llm_request',
  'qwen-code.tool',
  'qwen-code.tool.execution',
  'qwen-code.tool.blocked_on_user',
  'qwen-code.subagent',
]);

const USAGE_METRICS = new Set([
  'qwen-code.session.count',
  'qwen-code.token.usage',
  'qwen-code.api.request.count',
  'qwen-code.tool.call.count',
  'qwen-code.file.operation.count',
]);

export const mapping: Mapping = {
  id: ID,
  matches: (_resource, scope) => scope.name === SCOPE,
  map: bySignal({ log: mapLog, span: mapSpan, metric: mapMetric }),
};

function mapLog(record: LogRecord | SpanRecord, hash: (text: string) => string): Mapped {
  const name = record.peek('event.name') ?? record.name;
  if (name === SESSION_START) return skip('repeated_elsewhere');
  if (!name.startsWith(EVENT) && name !== SESSION_END) return skip('internal');
  const key = name === SESSION_END ? name : name.slice(EVENT.length);
  const reason = SKIPPED.get(key);
  if (reason !== undefined) return skip(reason);
  const fields = new RecordFields(record.attributes, record.resource);
  const read = Object.hasOwn(QWEN_EVENTS, key) ? QWEN_EVENTS[key] : undefined;
  return finish(record, fields, (read ?? otherEvent)(fields, hash));
}

function mapSpan(record: SpanRecord, hash: (text: string) => string): Mapped {
  // Only without an endpoint for logs, Qwen writes each log record as a span with the same attributes.
  if (record.peek('event.name') !== undefined) return mapLog(record, hash);
  if (record.name !== 'qwen-code.interaction') {
    return skip(REPEATING_SPANS.has(record.name) ? 'repeated_elsewhere' : 'internal');
  }
  const fields = new RecordFields(record.attributes, record.resource);
  fields.drop('gen_ai.conversation.id', 'gen_ai.operation.name', 'gen_ai.agent.name');
  fields.dropContent('gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'new_context');
  return finish(record, fields, [turn(record, fields)]);
}

function turn(record: SpanRecord, fields: RecordFields): DraftPart {
  const status = fields.seeText('qwen-code.turn_status');
  return {
    category: 'session',
    action: 'turn',
    outcome: status === 'ok' ? 'success' : status === 'error' ? 'failure' : 'unknown',
    userId: fields.text('gen_ai.user.id'),
    model: fields.text('qwen-code.model'),
    approvalMode: fields.text('qwen-code.approval_mode'),
    durationMs: fields.whole('interaction.duration_ms') ?? spanDurationMs(record),
  };
}

function mapMetric(record: MetricRecord): Mapped {
  return mapUsageMetric(record, USAGE_METRICS, finish);
}

function finish(record: FlatRecord, fields: RecordFields, parts: readonly DraftPart[]): Mapped {
  const owner = ownerOf(fields, {
    account: [],
    user: ['user.email', 'enduser.id', 'user.id', 'user.name'],
    install: [],
  });
  const base: DraftBase = {
    agentName: 'qwen-code',
    agentVersion: fields.ofResource('service.version'),
    sessionId: fields.text('session.id'),
    agentId: fields.text('subagent_name'),
    turnId: fields.text('prompt_id', 'qwen-code.prompt_id'),
    time: timeOf(record, fields),
  };
  return eventsOf(ID, record, fields, base, owner, parts);
}
