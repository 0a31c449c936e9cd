/** Claude Code's log events by their short name (`event.name`), each as one or more events of ours. */
import { textOf } from '../../schemas/otlp/attributes.ts';
import { toolResult } from './tools.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import type { RecordFields } from '../mapping/record-fields.ts';
import { parseArguments } from '../tools/tool-arguments.ts';
import { decisionOf, decisionSourceOf, outcomeOfDecision, outcomeOfSuccess } from '../mapping/vocabulary.ts';

type Hash = (text: string) => string;
type Reader = (fields: RecordFields, hash: Hash) => readonly DraftPart[];

const REDACTED = '<REDACTED>';

export const CLAUDE_EVENTS: Readonly<Record<string, Reader>> = {
  tool_decision: toolDecision,
  tool_result: toolResult,
  user_prompt: userPrompt,
  assistant_response: assistantResponse,
  api_request: modelRequest,
  api_error: (fields) => [modelFailure(fields, 'error', fields.text('error'))],
  api_retries_exhausted: (fields) => [modelFailure(fields, 'give_up', fields.text('error'))],
  api_refusal: (fields) => [modelRefusal(fields)],
  compaction: compaction,
  permission_mode_changed: modeChanged,
  mcp_server_connection: mcpConnection,
  hook_registered: () => [{ category: 'config', action: 'register', outcome: 'success' }],
  hook_execution_start: () => [{ category: 'tool', action: 'hook_start', outcome: 'unknown' }],
  hook_execution_complete: hookComplete,
  plugin_loaded: () => [{ category: 'config', action: 'load', outcome: 'success' }],
  plugin_installed: (fields) => [
    { category: 'config', action: 'register', outcome: outcomeOfSuccess(fields.boolean('success')) },
  ],
  managed_settings_resolved: () => [{ category: 'config', action: 'load', outcome: 'success' }],
  skill_activated: (fields) => [
    { category: 'tool', action: 'skill', outcome: 'success', toolName: fields.text('skill.name') },
  ],
  at_mention: (fields) => [
    { category: 'prompt', action: 'mention', outcome: outcomeOfSuccess(fields.boolean('success')) },
  ],
  subagent_completed: subAgentCompleted,
  auth: (fields) => [
    {
      category: 'auth',
      action: 'sign_in',
      outcome: outcomeOfSuccess(fields.boolean('success')),
      reason: fields.text('error'),
    },
  ],
  safety_event: safetyEvent,
};

/** An event that this mapping does not know yet. It is kept without texts that may hold content. */
export function otherEvent(fields: RecordFields): readonly DraftPart[] {
  fields.dropContent('prompt', 'prompt_text', 'response', 'output', 'content', 'body', 'text', 'message', 'tool_input');
  return [
    {
      category: 'telemetry',
      action: 'event',
      outcome: outcomeOfSuccess(fields.boolean('success')),
      callId: fields.text('tool_use_id'),
      toolName: fields.text('tool_name'),
      durationMs: fields.whole('duration_ms'),
    },
  ];
}

const SCOPES: Readonly<Record<string, DraftPart['decisionScope']>> = {
  user_temporary: 'once',
  user_permanent: 'always',
};

/** A call that ran is reported by its result. A refused call has only this record, so the record keeps the command. */
function toolDecision(fields: RecordFields): readonly DraftPart[] {
  const source = fields.seeText('source');
  const parameters = parseArguments(fields.see('tool_parameters')) ?? [];
  const decided = source === 'user_abort' ? { decision: 'aborted' as const } : decisionOf(fields.seeText('decision'));
  const outcome = outcomeOfDecision(decided.decision);
  const name = fields.text('tool_name');
  const call = {
    callId: fields.text('tool_use_id'),
    toolName: textOf(parameters, 'mcp_tool_name') ?? name,
    mcpServer: textOf(parameters, 'mcp_server_name'),
    commandLine: textOf(parameters, 'full_command'),
    approvalMode: fields.text('permission_mode'),
  };
  // The result repeats all of `tool_parameters`; a refused call has only these.
  fields.drop('tool_parameters');
  for (const [key, value] of parameters) {
    if (!PARAMETER_FIELDS.has(key)) fields.note(`tool_parameters.${key}`, value);
  }
  const decision: DraftPart = {
    ...call,
    category: 'approval',
    action: 'decide',
    outcome,
    ...decided,
    decisionScope: source === undefined ? undefined : SCOPES[source],
    decisionSource: decisionSourceOf(source),
  };
  if (textOf(parameters, 'dangerouslyDisableSandbox') !== 'true') return [decision];
  return [
    decision,
    {
      ...call,
      category: 'sandbox',
      action: 'escalate',
      outcome,
      sandboxOutcome: outcome === 'success' ? 'escalated' : 'refused',
    },
  ];
}

const PARAMETER_FIELDS = new Set(['full_command', 'mcp_server_name', 'mcp_tool_name']);

const NOTIFICATION = '<task-notification>';
const CALL = /<tool-use-id>([0-9A-Za-z_-]{1,128})<\/tool-use-id>/;
const STATUS = /<status>([a-z_]{1,32})<\/status>/;
const ENDED = /" (?:completed \(exit code (-?[0-9]{1,10})\)|failed with exit code (-?[0-9]{1,10}))$/;

interface Notification {
  readonly callId?: string | undefined;
  readonly status?: string | undefined;
  /** Present only for a background command that has ended. */
  readonly exitCode?: number | undefined;
}

/**
 * The CLI writes ids and status before the summary, and output of a task after it. The summary quotes words that the model
 * chose, so it is read from both ends, and nothing after it is trusted.
 */
function parseNotification(prompt: string): Notification {
  const start = prompt.indexOf('<summary>');
  const head = prompt.slice(0, start === -1 ? 2048 : start);
  const callId = CALL.exec(head)?.[1];
  const status = STATUS.exec(head)?.[1];
  const summary = start === -1 ? '' : prompt.slice(start + '<summary>'.length, prompt.lastIndexOf('</summary>'));
  if (!summary.startsWith('Background command "')) return { callId, status };
  const ended = ENDED.exec(summary.slice(-64));
  const code = ended?.[1] ?? ended?.[2];
  return { callId, status, exitCode: code === undefined ? undefined : Number(code) };
}

/**
 * What a person typed, or what the CLI wrote in their place when a background task had news. With prompts redacted the two
 * cannot be distinguished and both are `submit`.
 *
 * The end of a background command gives the only exit code that Claude Code exports: a `command/finish` for its call. Nothing on
 * the record distinguishes a notification from a person who writes or pastes the same words. So both events
 * carry `vigil.told_by`: the text claims it, the agent does not vouch for it.
 */
function userPrompt(fields: RecordFields, hash: Hash): readonly DraftPart[] {
  const prompt = fields.seeText('prompt') ?? fields.seeText('prompt_text');
  fields.drop('prompt', 'prompt_text');
  const said: DraftPart = {
    category: 'prompt',
    action: 'submit',
    outcome: 'success',
    contentLength: fields.number('prompt_length') ?? prompt?.length,
    contentHash: prompt === undefined || prompt === REDACTED ? undefined : hash(prompt),
    contentText: prompt === REDACTED ? undefined : prompt,
  };
  if (prompt?.startsWith(NOTIFICATION) !== true) return [said];
  const { callId, status, exitCode } = parseNotification(prompt);
  fields.note('task.status', status);
  fields.note('vigil.told_by', 'text of a prompt');
  const notified: DraftPart = { ...said, category: 'prompt', action: 'notify', callId };
  if (callId === undefined || exitCode === undefined) return [notified];
  const outcome = exitCode === 0 ? 'success' : 'failure';
  return [notified, { category: 'command', action: 'finish', outcome, callId, exitCode }];
}

function assistantResponse(fields: RecordFields, hash: Hash): readonly DraftPart[] {
  const response = fields.seeText('response');
  fields.drop('response');
  return [
    {
      category: 'model',
      action: 'answer',
      outcome: 'success',
      model: fields.text('model'),
      contentLength: fields.number('response_length') ?? response?.length,
      contentHash: response === undefined || response === REDACTED ? undefined : hash(response),
      contentText: response === REDACTED ? undefined : response,
    },
  ];
}

function modelRequest(fields: RecordFields): readonly DraftPart[] {
  return [
    {
      category: 'model',
      action: 'request',
      outcome: 'success',
      model: fields.text('model'),
      provider: fields.text('anthropic.provider'),
      inputTokens: fields.number('input_tokens'),
      outputTokens: fields.number('output_tokens'),
      costUsd: fields.number('cost_usd'),
      durationMs: fields.whole('duration_ms'),
    },
  ];
}

function modelFailure(fields: RecordFields, action: 'error' | 'give_up', reason: string | undefined): DraftPart {
  return {
    category: 'model',
    action,
    outcome: 'failure',
    reason,
    model: fields.text('model'),
    durationMs: fields.whole('duration_ms', 'total_retry_duration_ms'),
  };
}

function modelRefusal(fields: RecordFields): DraftPart {
  return {
    category: 'model',
    action: 'refusal',
    outcome: 'denied',
    reason: fields.text('category'),
    model: fields.text('model'),
  };
}

function compaction(fields: RecordFields): readonly DraftPart[] {
  return [
    {
      category: 'model',
      action: 'compact',
      outcome: outcomeOfSuccess(fields.boolean('success')),
      durationMs: fields.whole('duration_ms'),
    },
  ];
}

function modeChanged(fields: RecordFields): readonly DraftPart[] {
  return [{ category: 'config', action: 'change', outcome: 'success', approvalMode: fields.text('to_mode') }];
}

function mcpConnection(fields: RecordFields): readonly DraftPart[] {
  const status = fields.seeText('status');
  return [
    {
      category: 'mcp',
      action: status === 'disconnected' ? 'disconnect' : 'connect',
      outcome: status === 'failed' ? 'failure' : status === undefined ? 'unknown' : 'success',
      mcpServer: fields.text('server_name'),
      reason: fields.text('error'),
      durationMs: fields.whole('duration_ms'),
    },
  ];
}

function hookComplete(fields: RecordFields): readonly DraftPart[] {
  const blocking = Number(fields.seeText('num_blocking') ?? '0') > 0;
  const failing = Number(fields.seeText('num_non_blocking_error') ?? '0') > 0;
  return [
    {
      category: 'tool',
      action: 'hook',
      outcome: blocking ? 'denied' : failing ? 'failure' : 'success',
      durationMs: fields.whole('total_duration_ms'),
    },
  ];
}

function subAgentCompleted(fields: RecordFields): readonly DraftPart[] {
  // `total_tokens` stays an attribute: the sub-agent's own model calls count them.
  return [
    {
      category: 'session',
      action: 'return',
      outcome: 'success',
      model: fields.text('final_model', 'model'),
      durationMs: fields.whole('duration_ms'),
    },
  ];
}

function safetyEvent(fields: RecordFields): readonly DraftPart[] {
  const kind = fields.seeText('category');
  return kind?.startsWith('sandbox_') === true
    ? [{ category: 'sandbox', action: 'deny', outcome: 'denied', sandboxOutcome: kind }]
    : [{ category: 'telemetry', action: 'event', outcome: 'unknown', reason: kind }];
}
