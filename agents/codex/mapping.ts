/**
 * Codex CLI (written against 0.169.0). Log records have everything an auditor needs. Spans repeat it without content and
 * name no user, so all of them (about 560 per command) are skipped by scope and name alone.
 *
 * One authoritative record per thing: `codex.tool_result` is the command or file change, `codex.tool_decision` the approval,
 * the `response.completed` with token counts the model call, `codex.network_proxy.policy_decision` the connection.
 * Metrics name no conversation and repeat the logs.
 *
 * Codex does not export the working directory (only a span without a conversation has it), which command a connection
 * belongs to, and the parent of a sub-agent except in its `spawn` record: readers of a session use that record.
 */
import type { FlatRecord, LogRecord } from '../../schemas/otlp/record.ts';
import { ownerOf } from '../mapping/agent-identity.ts';
import { CODEX_EVENTS, otherEvent } from './events.ts';
import { eventsOf, timeOf } from '../mapping/event-draft.ts';
import type { DraftBase, DraftPart } from '../mapping/event-draft.ts';
import { type Mapped, type Mapping, type SkipReason, bySignal, skip } from '../mapping/mapping.ts';
import { RecordFields } from '../mapping/record-fields.ts';

const ID = 'codex@1';

/** Log scopes `codex_otel.*`, trace scopes `codex_exec`, `codex-app-server`, …; the metric scope is `codex`. */
const SCOPE = /^codex(?:$|[._:-])/;

/** Spans of tool calls and turns repeat the logs; all other spans are Codex's own tracing. */
const REPEATING_SPANS = new Set([
  'exec_command',
  'apply_patch',
  'session_task.turn',
  'handle_responses',
  'mcp.tools.call',
]);

const EVENT = 'codex.';

export const mapping: Mapping = {
  id: ID,
  matches: (_resource, scope) => SCOPE.test(scope.name),
  map: bySignal({
    log: mapLog,
    span: (record) => skip(REPEATING_SPANS.has(record.name) ? 'repeated_elsewhere' : 'internal'),
    metric: () => skip('unmapped_metric'),
  }),
};

const INTERNAL_EVENTS = new Set(['codex.startup_phase', 'codex.turn_ttft']);

function mapLog(record: LogRecord, hash: (text: string) => string): Mapped {
  const name = record.peek('event.name');
  if (name === undefined || !name.startsWith(EVENT)) return skip('internal');
  const reason = skipReason(name, record);
  if (reason !== undefined) return skip(reason);
  const fields = new RecordFields(record.attributes, record.resource);
  const key = name.slice(EVENT.length);
  if (repeatsModelCall(key, fields)) return skip('repeated_elsewhere');
  const read = Object.hasOwn(CODEX_EVENTS, key) ? CODEX_EVENTS[key] : undefined;
  const parts = (read ?? otherEvent)(fields, hash);
  return finish(record, fields, Array.isArray(parts) ? (parts as readonly DraftPart[]) : [parts as DraftPart]);
}

/** Decided from the names alone, before the record is decoded. */
function skipReason(name: string, record: FlatRecord): SkipReason | undefined {
  if (INTERNAL_EVENTS.has(name)) return 'internal';
  switch (name) {
    case 'codex.sse_event':
    case 'codex.websocket_event':
      if (record.peek('error.message') !== undefined) return undefined;
      if (record.peek('event.kind') !== 'response.completed') return 'internal';
      // The first of two has a duration, the second the tokens.
      return record.peek('duration_ms') === undefined ? undefined : 'repeated_elsewhere';
    case 'codex.agent_communication':
      // The receiving end has only the id of the message.
      return record.peek('sender_thread_id') === undefined ? 'repeated_elsewhere' : undefined;
    default:
      return undefined;
  }
}

const MODEL_EVENTS = new Set(['sse_event', 'websocket_event', 'api_request', 'websocket_request', 'websocket_connect']);
const FIRST_HTTP_ERROR = 400;

/** A successful request is reported by the tokens of its answer; a record with neither tokens nor an error adds nothing. */
function repeatsModelCall(key: string, fields: RecordFields): boolean {
  if (!MODEL_EVENTS.has(key)) return false;
  const failed =
    fields.seeText('error.message') !== undefined ||
    fields.seeText('success') === 'false' ||
    Number(fields.seeText('http.response.status_code') ?? '0') >= FIRST_HTTP_ERROR;
  return !failed && fields.see('input_token_count') === undefined;
}

function finish(record: LogRecord, fields: RecordFields, parts: readonly DraftPart[]): Mapped {
  const owner = ownerOf(fields, {
    account: ['user.account_id'],
    user: ['user.email', 'user.id', 'enduser.id', 'user.name'],
    install: [],
  });
  const agentVersion = fields.anywhere('app.version', 'service.version');
  fields.dropOfResource('service.version', agentVersion);
  const base: DraftBase = {
    agentName: 'codex',
    agentVersion,
    sessionId: fields.text('conversation.id') ?? parts[0]?.sessionId,
    agentId: subAgent(fields),
    model: fields.text('model'),
    time: timeOf(record, fields),
    sequence: fields.number('tool_result_seq'),
  };
  if (fields.seeText('slug') === base.model) fields.drop('slug');
  return eventsOf(ID, record, fields, base, owner, parts);
}

/** `/root` is the session's own agent, `/root/looker` is an agent that it started, a UUID is the reviewer. */
function subAgent(fields: RecordFields): string | undefined {
  const name = fields.seeText('agent_name');
  return name === '/root' ? undefined : name;
}
