/**
 * Codex CLI (written against 0.169.0). Everything an auditor wants is on log records; spans repeat it without content and
 * name no user, so none of them is taken: about 560 per command, skipped by scope and name alone.
 *
 * One authoritative record per thing: `codex.tool_result` is the command or file change, `codex.tool_decision` the approval,
 * the `response.completed` with token counts the model call, `codex.network_proxy.policy_decision` the connection.
 * Metrics name no conversation and repeat the logs.
 *
 * Not told by Codex: the working directory (only a span without a conversation has it), which command a connection
 * belongs to, and the parent of a sub-agent save in its `spawn` record.
 */
import type { FlatRecord, LogRecord } from '../otlp/record.ts';
import { ownerOf } from './agent-identity.ts';
import { toolResult } from './codex-tools.ts';
import { eventsOf, timeOf } from './event-draft.ts';
import type { DraftBase, DraftPart } from './event-draft.ts';
import type { Mapped, Mapping, SkipReason } from './mapping.ts';
import { RecordFields } from './record-fields.ts';
import { decisionOf, decisionSourceOf, outcomeOfDecision } from './vocabulary.ts';

const ID = 'codex@1';

/** Log scopes `codex_otel.*`, trace scopes `codex_exec`, `codex-app-server`, …; the metric scope is `codex`. */
const SCOPE = /^codex(?:$|[._:-])/;

/** Spans of tool calls and turns say again what the logs say; all other spans are Codex's own tracing. */
const REPEATING_SPANS = new Set([
  'exec_command',
  'apply_patch',
  'session_task.turn',
  'handle_responses',
  'mcp.tools.call',
]);

const EVENT = 'codex.';

export const codex: Mapping = {
  id: ID,
  matches: (_resource, scope) => SCOPE.test(scope.name),
  map(record, hash) {
    switch (record.signal) {
      case 'span':
        return skip(REPEATING_SPANS.has(record.name) ? 'repeated_elsewhere' : 'internal');
      case 'metric':
        return skip('unmapped_metric');
      case 'log':
        return mapLog(record, hash);
      default:
        return record satisfies never;
    }
  },
};

function skip(reason: SkipReason): Mapped {
  return { kind: 'skip', reason };
}

type Reader = (fields: RecordFields, hash: (text: string) => string) => Part | readonly Part[];
/** An event, and what it says in place of the record's common fields. */
type Part = DraftPart;

const INTERNAL_EVENTS = new Set(['codex.startup_phase', 'codex.turn_ttft']);

const READERS: Readonly<Record<string, Reader>> = {
  conversation_starts: sessionStart,
  user_prompt: userPrompt,
  tool_decision: toolDecision,
  tool_result: toolResult,
  sandbox_outcome: sandboxOutcome,
  'network_proxy.policy_decision': networkDecision,
  guardian_assessment: assessment,
  agent_communication: communication,
  api_request: modelError,
  sse_event: modelCall,
  websocket_request: modelError,
  websocket_connect: modelError,
  websocket_event: modelCall,
  agent_response: answer,
  auth_recovery: authRecovery,
};

function mapLog(record: LogRecord, hash: (text: string) => string): Mapped {
  const name = record.peek('event.name');
  if (name === undefined || !name.startsWith(EVENT)) return skip('internal');
  const reason = skipReason(name, record);
  if (reason !== undefined) return skip(reason);
  const fields = new RecordFields(record.attributes, record.resource);
  const key = name.slice(EVENT.length);
  const read = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
  const parts = (read ?? otherEvent)(fields, hash);
  return finish(record, fields, Array.isArray(parts) ? (parts as readonly Part[]) : [parts as Part]);
}

/** Decided from the names alone, before the record is decoded. */
function skipReason(name: string, record: FlatRecord): SkipReason | undefined {
  if (INTERNAL_EVENTS.has(name)) return 'internal';
  switch (name) {
    case 'codex.sse_event':
    case 'codex.websocket_event': {
      const kind = record.peek('event.kind');
      if (record.peek('input_token_count') !== undefined || record.peek('error.message') !== undefined)
        return undefined;
      // The first `response.completed` has a duration only; the second has the tokens.
      return kind === 'response.completed' ? 'repeated_elsewhere' : 'internal';
    }
    case 'codex.api_request':
    case 'codex.websocket_request':
    case 'codex.websocket_connect':
      // A request that went well is told by its `response.completed`.
      return record.peek('error.message') === undefined && record.peek('success') !== 'false'
        ? 'repeated_elsewhere'
        : undefined;
    case 'codex.agent_communication':
      // The receiving end has only the id of the message.
      return record.peek('sender_thread_id') === undefined ? 'repeated_elsewhere' : undefined;
    default:
      return undefined;
  }
}

function finish(record: LogRecord, fields: RecordFields, parts: readonly Part[]): Mapped {
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

/** `/root` is the session's own agent; `/root/looker` one that it started, a UUID the reviewer. */
function subAgent(fields: RecordFields): string | undefined {
  const name = fields.seeText('agent_name');
  return name === '/root' ? undefined : name;
}

function sessionStart(fields: RecordFields): Part {
  return {
    category: 'session',
    action: 'start',
    outcome: 'success',
    approvalMode: fields.text('approval_policy'),
    sandboxMode: fields.text('sandbox_policy'),
    provider: fields.text('provider_name'),
  };
}

/** The automatic reviewer is a session of its own, prompted by Codex with the transcript of the reviewed session. */
const REVIEW_PROMPT = 'The following is the Codex agent history ';
const REVIEWED_SESSION = /^Reviewed Codex session id: ([0-9A-Za-z-]{1,64})$/m;
const REDACTED = '[REDACTED]';

function userPrompt(fields: RecordFields, hash: (text: string) => string): Part {
  const prompt = fields.seeText('prompt');
  const isReview = prompt?.startsWith(REVIEW_PROMPT) === true;
  fields.drop('prompt');
  return {
    category: 'prompt',
    action: isReview ? 'notify' : 'submit',
    outcome: 'success',
    parentSessionId: isReview ? REVIEWED_SESSION.exec(prompt)?.[1] : undefined,
    contentLength: fields.number('prompt_length') ?? prompt?.length,
    contentHash: prompt === undefined || prompt === REDACTED ? undefined : hash(prompt),
  };
}

function toolDecision(fields: RecordFields): Part {
  const decided = decisionOf(fields.seeText('decision'));
  const decisionSource = decisionSourceOf(fields.seeText('source'));
  const isApproved = decided.decision === 'approved';
  return {
    category: 'approval',
    action: 'decide',
    outcome: outcomeOfDecision(decided.decision),
    ...decided,
    // What a person allows without more is allowed for this one call.
    decisionScope: decided.decisionScope ?? (decisionSource === 'user' && isApproved ? 'once' : undefined),
    decisionSource,
    callId: fields.text('call_id'),
    toolName: fields.text('tool_name'),
  };
}

function sandboxOutcome(fields: RecordFields): Part {
  const word = fields.text('outcome');
  const base = {
    category: 'sandbox' as const,
    sandboxOutcome: word,
    callId: fields.text('call_id'),
    toolName: fields.text('tool_name'),
    durationMs: fields.whole('initial_duration_ms'),
  };
  return word === 'denied'
    ? { ...base, action: 'deny', outcome: 'denied' }
    : { ...base, action: 'report', outcome: 'unknown' };
}

const PROTOCOLS: Readonly<Record<string, string>> = { https_connect: 'https' };

function networkDecision(fields: RecordFields): Part {
  const decided = decisionOf(fields.seeText('network.policy.decision'));
  const protocol = fields.seeText('network.transport.protocol');
  return {
    category: 'network',
    // A request stopped by its method is first allowed by domain, then denied by this guard: one connection, not two.
    action: fields.seeText('network.policy.source') === 'mode_guard' ? 'restrict' : 'connect',
    outcome: outcomeOfDecision(decided.decision),
    ...decided,
    decisionSource: 'policy',
    reason: decided.decision === 'denied' ? fields.seeText('network.policy.reason') : undefined,
    networkHost: fields.text('server.address'),
    networkPort: fields.number('server.port'),
    networkProtocol: protocol === undefined ? undefined : (PROTOCOLS[protocol] ?? protocol),
    networkMethod: fields.text('http.request.method'),
  };
}

function assessment(fields: RecordFields): Part {
  const started = fields.number('started_at_ms');
  const completed = fields.number('completed_at_ms');
  const decided = decisionOf(fields.seeText('status'));
  return {
    category: 'approval',
    action: 'review',
    outcome: outcomeOfDecision(decided.decision),
    decisionSource: 'reviewer',
    callId: fields.text('item.id'),
    turnId: fields.text('turn.id'),
    reason: fields.text('rationale'),
    durationMs:
      started !== undefined && completed !== undefined && completed >= started ? completed - started : undefined,
  };
}

/** Names no conversation: the two threads are the sessions. */
function communication(fields: RecordFields): Part {
  fields.dropContent('content');
  const sender = fields.text('sender_thread_id');
  const receiver = fields.text('receiver_thread_id');
  return fields.seeText('kind') === 'spawn'
    ? { category: 'session', action: 'spawn', outcome: 'success', sessionId: receiver, parentSessionId: sender }
    : { category: 'session', action: 'return', outcome: 'success', sessionId: sender, parentSessionId: receiver };
}

function modelCall(fields: RecordFields): Part {
  if (fields.see('input_token_count') === undefined) return modelError(fields);
  return {
    category: 'model',
    action: 'request',
    outcome: 'success',
    inputTokens: fields.number('input_token_count'),
    outputTokens: fields.number('output_token_count'),
    durationMs: fields.whole('duration_ms'),
  };
}

function modelError(fields: RecordFields): Part {
  return {
    category: 'model',
    action: 'error',
    outcome: 'failure',
    reason: fields.text('error.message'),
    durationMs: fields.whole('duration_ms'),
  };
}

function answer(fields: RecordFields, hash: (text: string) => string): Part {
  const text = fields.seeText('response');
  fields.dropContent('response', 'text', 'content', 'message', 'output');
  return {
    category: 'model',
    action: 'answer',
    outcome: 'success',
    contentLength: fields.number('response_length') ?? text?.length,
    contentHash: text === undefined || text === REDACTED ? undefined : hash(text),
  };
}

function authRecovery(fields: RecordFields): Part {
  const failed = fields.seeText('error.message') !== undefined || fields.seeText('success') === 'false';
  return {
    category: 'auth',
    action: 'sign_in',
    outcome: failed ? 'failure' : 'unknown',
    reason: fields.text('error.message'),
  };
}

/** An event that this mapping does not know yet: kept, save for texts that may hold content. */
function otherEvent(fields: RecordFields): Part {
  fields.dropContent('prompt', 'response', 'output', 'content', 'arguments', 'message', 'text', 'body');
  return {
    category: 'telemetry',
    action: 'event',
    outcome: 'unknown',
    callId: fields.text('call_id'),
    toolName: fields.text('tool_name'),
    durationMs: fields.whole('duration_ms'),
  };
}
