/** Codex's log events by the name behind `codex.`, each as one or more events of ours. */
import { toolResult } from './tools.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import type { RecordFields } from '../mapping/record-fields.ts';
import { decisionOf, decisionSourceOf, outcomeOfDecision } from '../mapping/vocabulary.ts';

type Hash = (text: string) => string;
type Reader = (fields: RecordFields, hash: Hash) => DraftPart | readonly DraftPart[];

export const CODEX_EVENTS: Readonly<Record<string, Reader>> = {
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

function sessionStart(fields: RecordFields): DraftPart {
  const approvalMode = fields.text('approval_policy');
  const sandboxMode = fields.text('sandbox_policy');
  return {
    category: 'session',
    action: hasReviewersSettings(fields, approvalMode, sandboxMode) ? 'review_start' : 'start',
    outcome: 'success',
    approvalMode,
    sandboxMode,
    provider: fields.text('provider_name'),
  };
}

/**
 * The settings that Codex gives its automatic reviewer, regardless of the reviewed session. With prompts redacted (the default),
 * nothing else shows whose prompts these are.
 */
function hasReviewersSettings(
  fields: RecordFields,
  approvalMode: string | undefined,
  sandboxMode: string | undefined,
): boolean {
  return (
    approvalMode === 'never' &&
    sandboxMode === 'read-only' &&
    fields.seeText('reasoning_summary') === 'none' &&
    fields.seeText('reasoning_effort') === 'low'
  );
}

/** The automatic reviewer is a separate session, prompted by Codex with the transcript of the reviewed session. */
const REVIEW_PROMPT = 'The following is the Codex agent history ';
const REVIEWED_SESSION = /^Reviewed Codex session id: ([0-9A-Za-z-]{1,64})$/m;
const REDACTED = '[REDACTED]';

function userPrompt(fields: RecordFields, hash: Hash): DraftPart {
  const prompt = fields.seeText('prompt');
  const isReview = prompt?.startsWith(REVIEW_PROMPT) === true;
  fields.drop('prompt');
  // Anybody can write a prompt that begins like a review.
  if (isReview) fields.note('vigil.told_by', 'text of a prompt');
  return {
    category: 'prompt',
    action: isReview ? 'notify' : 'submit',
    outcome: 'success',
    parentSessionId: isReview ? REVIEWED_SESSION.exec(prompt)?.[1] : undefined,
    contentLength: fields.number('prompt_length') ?? prompt?.length,
    contentHash: prompt === undefined || prompt === REDACTED ? undefined : hash(prompt),
    contentText: prompt === REDACTED ? undefined : prompt,
  };
}

function toolDecision(fields: RecordFields): DraftPart {
  const decided = decisionOf(fields.seeText('decision'));
  const decisionSource = decisionSourceOf(fields.seeText('source'));
  const isApproved = decided.decision === 'approved';
  return {
    category: 'approval',
    action: 'decide',
    outcome: outcomeOfDecision(decided.decision),
    ...decided,
    // A plain approval by a person is for this one call.
    decisionScope: decided.decisionScope ?? (decisionSource === 'user' && isApproved ? 'once' : undefined),
    decisionSource,
    callId: fields.text('call_id'),
    toolName: fields.text('tool_name'),
  };
}

function sandboxOutcome(fields: RecordFields): DraftPart {
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

function networkDecision(fields: RecordFields): DraftPart {
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

function assessment(fields: RecordFields): DraftPart {
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

/**
 * The record names no conversation: the two threads are the sessions. Only a `spawn` says who is whose parent: results and other messages
 * also go from a parent to its child, or between children, so they name the other session as an attribute.
 */
function communication(fields: RecordFields): DraftPart {
  fields.dropContent('content');
  const kind = fields.seeText('kind');
  if (kind === 'spawn') {
    const [sessionId, parentSessionId] = [fields.text('receiver_thread_id'), fields.text('sender_thread_id')];
    return { category: 'session', action: 'spawn', outcome: 'success', sessionId, parentSessionId };
  }
  const sessionId = fields.text('sender_thread_id');
  return { category: 'session', action: kind === 'result' ? 'return' : 'message', outcome: 'success', sessionId };
}

function modelCall(fields: RecordFields): DraftPart {
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

function modelError(fields: RecordFields): DraftPart {
  return {
    category: 'model',
    action: 'error',
    outcome: 'failure',
    reason: fields.text('error.message'),
    durationMs: fields.whole('duration_ms'),
  };
}

function answer(fields: RecordFields, hash: Hash): DraftPart {
  const text = fields.seeText('response');
  fields.dropContent('response', 'text', 'content', 'message', 'output');
  return {
    category: 'model',
    action: 'answer',
    outcome: 'success',
    contentLength: fields.number('response_length') ?? text?.length,
    contentHash: text === undefined || text === REDACTED ? undefined : hash(text),
    contentText: text === REDACTED ? undefined : text,
  };
}

function authRecovery(fields: RecordFields): DraftPart {
  const failed = fields.seeText('error.message') !== undefined || fields.seeText('success') === 'false';
  return {
    category: 'auth',
    action: 'sign_in',
    outcome: failed ? 'failure' : 'unknown',
    reason: fields.text('error.message'),
  };
}

/** An event that this mapping does not know yet. It is kept without texts that may hold content. */
export function otherEvent(fields: RecordFields): DraftPart {
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
