/** Log events of Gemini CLI and Qwen Code by the name behind `gemini_cli.` or `qwen-code.`, each as one or more events of ours. */
import type { Outcome } from '../../schemas/records/agent-event.ts';
import { cutText } from '../mapping/attribute-text.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import { geminiToolCall, qwenToolCall } from './tools.ts';
import type { SkipReason } from '../mapping/mapping.ts';
import type { RecordFields } from '../mapping/record-fields.ts';
import { decisionOf, outcomeOfDecision, outcomeOfSuccess } from '../mapping/vocabulary.ts';

type Hash = (text: string) => string;
export type Reader = (fields: RecordFields, hash: Hash) => readonly DraftPart[];
const MAX_REASON_LENGTH = 1024;

/** Events that say nothing about what the agent did, or that another event reports better. */
export const SKIPPED: ReadonlyMap<string, SkipReason> = new Map([
  // The answer or the error reports the call and its tokens.
  ['api_request', 'repeated_elsewhere'],
  // The tool call has the file's path.
  ['file_operation', 'repeated_elsewhere'],
  ...[
    'startup_stats',
    'startup.performance',
    'model_routing',
    'ripgrep_fallback',
    'ripgrep_runtime_recovery',
    'edit_strategy',
    'edit_correction',
    'web_fetch_fallback_attempt',
    'approval_mode_duration',
    'plan.approval_mode_duration',
    'next_speaker_check',
    'llm_loop_check',
    'tool_output_masking',
    'keychain.availability',
    'token_storage.initialization',
    'kitty_sequence_overflow',
    'conseca.policy_generation',
    'memory.usage',
    'memory.recall',
    'memory.recall.delivery',
    'memory.recall_mode_transition',
    'memory.search',
    'performance.baseline',
    'performance.regression',
    'repeated_tool_failure_guard',
    'prompt_suggestion',
    'speculation',
  ].map((name) => [name, 'internal'] as const),
]);

const SHARED: Readonly<Record<string, Reader>> = {
  user_prompt: userPrompt,
  api_response: modelRequest,
  api_error: (fields) => [modelFailure(fields, 'error')],
  'chat.content_retry_failure': (fields) => [modelFailure(fields, 'give_up')],
  chat_compression: compaction,
  extension_install: extension,
  extension_update: extension,
  extension_enable: extension,
};

export const GEMINI_EVENTS: Readonly<Record<string, Reader>> = {
  ...SHARED,
  tool_call: geminiToolCall,
  config: (fields) => [sessionStart(fields, geminiSandbox(fields))],
  'plan.approval_mode_switch': modeChanged,
  approval_mode_switch: modeChanged,
  hook_call: hookCall,
  'conseca.verdict': verdict,
  'agent.finish': agentFinish,
};

export const QWEN_EVENTS: Readonly<Record<string, Reader>> = {
  ...SHARED,
  tool_call: qwenToolCall,
  config: (fields) => [sessionStart(fields, qwenSandbox(fields))],
  auth: signIn,
  subagent_execution: subAgent,
  skill_launch: skillLaunch,
};

function sessionStart(fields: RecordFields, sandboxMode: string | undefined): DraftPart {
  return {
    category: 'session',
    action: 'start',
    outcome: 'success',
    model: fields.text('model'),
    approvalMode: fields.text('approval_mode'),
    sandboxMode,
  };
}

/** Gemini 0.61 also says `true` when no sandbox is configured, so only `false` is trusted. */
function geminiSandbox(fields: RecordFields): string | undefined {
  return fields.seeText('sandbox_enabled') === 'false' ? 'none' : undefined;
}

/** The record does not say which kind of sandbox. */
function qwenSandbox(fields: RecordFields): string | undefined {
  const enabled = fields.seeText('sandbox_enabled');
  return enabled === 'false' ? 'none' : enabled === 'true' ? 'enabled' : undefined;
}

function userPrompt(fields: RecordFields, hash: Hash): readonly DraftPart[] {
  const prompt = fields.seeText('prompt');
  fields.drop('prompt');
  return [
    {
      category: 'prompt',
      action: 'submit',
      outcome: 'success',
      contentLength: fields.number('prompt_length') ?? prompt?.length,
      contentHash: prompt === undefined ? undefined : hash(prompt),
      contentText: prompt,
    },
  ];
}

/** Thoughts and cached tokens stay attributes: Gemini counts thoughts beside the output, Qwen in it. */
function modelRequest(fields: RecordFields): readonly DraftPart[] {
  fields.dropContent('response_text');
  return [
    {
      category: 'model',
      action: 'request',
      outcome: 'success',
      model: fields.text('model'),
      inputTokens: fields.number('input_token_count'),
      outputTokens: fields.number('output_token_count'),
      durationMs: fields.whole('duration_ms'),
    },
  ];
}

function modelFailure(fields: RecordFields, action: 'error' | 'give_up'): DraftPart {
  return {
    category: 'model',
    action,
    outcome: 'failure',
    reason: fields.text('error.message', 'error', 'error_message') ?? fields.text('final_error_type'),
    model: fields.text('model', 'model_name'),
    durationMs: fields.whole('duration_ms', 'duration', 'total_duration_ms'),
  };
}

function compaction(fields: RecordFields): readonly DraftPart[] {
  const before = Number(fields.seeText('tokens_before') ?? NaN);
  const after = Number(fields.seeText('tokens_after') ?? NaN);
  return [{ category: 'model', action: 'compact', outcome: after < before ? 'success' : 'unknown' }];
}

const STATUS: Readonly<Record<string, Outcome>> = {
  success: 'success',
  completed: 'success',
  error: 'failure',
  failed: 'failure',
};

function outcomeOfStatus(status: string | undefined): Outcome {
  return (status !== undefined && Object.hasOwn(STATUS, status) ? STATUS[status] : undefined) ?? 'unknown';
}

/** An extension that is enabled has no status. */
function extension(fields: RecordFields): readonly DraftPart[] {
  return [{ category: 'config', action: 'register', outcome: outcomeOfStatus(fields.seeText('status') ?? 'success') }];
}

function modeChanged(fields: RecordFields): readonly DraftPart[] {
  return [{ category: 'config', action: 'change', outcome: 'success', approvalMode: fields.text('to_mode') }];
}

function hookCall(fields: RecordFields): readonly DraftPart[] {
  const error = fields.seeText('error');
  fields.drop('error');
  fields.dropContent('hook_input', 'hook_output', 'stdout', 'stderr');
  return [
    {
      category: 'tool',
      action: 'hook',
      outcome: outcomeOfSuccess(fields.boolean('success')),
      reason: error === undefined ? undefined : cutText(error, MAX_REASON_LENGTH),
      durationMs: fields.whole('duration_ms'),
    },
  ];
}

/** The verdict of Gemini's safety checker (Conseca) on a call. The call itself reports whether it went on. */
function verdict(fields: RecordFields): readonly DraftPart[] {
  fields.dropContent('user_prompt', 'policy', 'tool_call');
  return [
    {
      category: 'approval',
      action: 'review',
      outcome: outcomeOfDecision(decisionOf(fields.seeText('verdict')?.toLowerCase()).decision),
      decisionSource: 'reviewer',
      reason: fields.text('verdict_rationale') ?? fields.text('error'),
    },
  ];
}

const ENDS: Readonly<Record<string, Outcome>> = {
  GOAL: 'success',
  ERROR: 'failure',
  TIMEOUT: 'failure',
  MAX_TURNS: 'failure',
  ERROR_NO_COMPLETE_TASK_CALL: 'failure',
};

function agentFinish(fields: RecordFields): readonly DraftPart[] {
  const end = fields.seeText('terminate_reason');
  const outcome = end !== undefined && Object.hasOwn(ENDS, end) ? ENDS[end] : undefined;
  return [
    { category: 'session', action: 'return', outcome: outcome ?? 'unknown', durationMs: fields.whole('duration_ms') },
  ];
}

function signIn(fields: RecordFields): readonly DraftPart[] {
  const reason = fields.text('error_message');
  return [{ category: 'auth', action: 'sign_in', outcome: outcomeOfStatus(fields.seeText('status')), reason }];
}

/** The call of its tool also reports the start of a sub-agent; only the end becomes a separate event. */
function subAgent(fields: RecordFields): readonly DraftPart[] {
  fields.dropContent('result', 'execution_summary');
  const status = fields.seeText('status');
  if (status === 'started') return otherEvent(fields);
  return [
    {
      category: 'session',
      action: 'return',
      outcome: outcomeOfStatus(status),
      reason: status === 'failed' ? fields.seeText('terminate_reason') : undefined,
    },
  ];
}

function skillLaunch(fields: RecordFields): readonly DraftPart[] {
  const outcome = outcomeOfSuccess(fields.boolean('success'));
  return [{ category: 'tool', action: 'skill', outcome, toolName: fields.text('skill_name') }];
}

/** An event that this mapping does not know yet. It is kept without texts that may hold content. */
export function otherEvent(fields: RecordFields): readonly DraftPart[] {
  fields.dropContent(
    'prompt',
    'request_text',
    'response_text',
    'user_prompt',
    'trusted_content',
    'policy',
    'tool_call',
    'hook_input',
    'hook_output',
    'stdout',
    'stderr',
    'result',
    'execution_summary',
    'content',
    'text',
    'message',
    'output',
    'body',
    'function_args',
    'metadata',
  );
  return [
    {
      category: 'telemetry',
      action: 'event',
      outcome: outcomeOfSuccess(fields.boolean('success')),
      callId: fields.text('call_id'),
      toolName: fields.text('tool_name', 'function_name'),
      durationMs: fields.whole('duration_ms'),
    },
  ];
}
