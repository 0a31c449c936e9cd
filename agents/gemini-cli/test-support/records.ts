/** For tests: made-up records of Gemini CLI. */
import type { FlatRecord, LogRecord } from '../../../schemas/otlp/record.ts';
import { type Values, madeLog } from '../../../test/support/telemetry/made-records.ts';

/** A record that makes an event without a command line, with these attributes on its resource and on itself. */
export const aRecord = (resource: Values, own: Values = {}): FlatRecord =>
  madeLog(
    'gemini-cli',
    {
      'event.name': 'gemini_cli.tool_call',
      'session.id': 's-1',
      'installation.id': 'i-1',
      function_name: 'run_shell_command',
      ...own,
    },
    resource,
  );

/** Based on Gemini CLI's documentation (telemetry.md) and the source of its events: no capture covers `interactive` sessions. */
const log = (name: string, values: Values): LogRecord =>
  madeLog('gemini-cli', {
    'event.name': `gemini_cli.${name}`,
    'session.id': 's-1',
    'installation.id': 'i-1',
    interactive: true,
    prompt_id: 's-1########0',
    ...values,
  });
const call = (tool: string, values: Values): LogRecord =>
  log('tool_call', {
    function_name: tool,
    function_args: '{}',
    duration_ms: 5,
    success: true,
    decision: 'accept',
    tool_type: 'native',
    content_length: 5,
    ...values,
  });
const REJECTED: Values = { success: false, decision: 'reject' };
const FORBIDDEN: Values = {
  success: false,
  decision: null,
  error: 'Tool execution denied by policy.',
  error_type: 'policy_violation',
};
const config = (approval_mode: string): LogRecord =>
  log('config', { model: 'gemini-2.5-pro', approval_mode, sandbox_enabled: false });

/** Records that Gemini CLI is known to export but no capture contains. */
export const uncaptured: readonly FlatRecord[] = [
  // A person refuses, or a rule of the policy engine does.
  call('run_shell_command', { function_args: '{"command":"ls"}', ...REJECTED }),
  call('replace', { function_args: '{"file_path":"a"}', ...REJECTED }),
  call('read_file', { function_args: '{"file_path":"a"}', ...FORBIDDEN }),
  call('web_fetch', { function_args: '{"prompt":"Read https://x.example/"}', ...FORBIDDEN }),
  call('web_fetch', { function_args: '{"prompt":"Read https://x.example/"}' }),
  call('google_web_search', { function_args: '{"query":"x"}' }),
  call('mcp_notes_add', { tool_type: 'mcp', mcp_server_name: 'notes', function_args: '{"text":"x"}' }),
  call('mcp_notes_add', {
    tool_type: 'mcp',
    mcp_server_name: 'notes',
    success: false,
    error: 'x',
    error_type: 'mcp_tool_error',
  }),
  call('mcp_notes_add', { tool_type: 'mcp', mcp_server_name: 'notes', ...REJECTED }),
  call('save_memory', { function_args: '{"fact":"x"}' }),
  // The other approval modes, and no sandbox.
  config('yolo'),
  config('default'),
  config('plan'),
  log('plan.approval_mode_switch', { from_mode: 'default', to_mode: 'yolo' }),
  log('plan.approval_mode_switch', { from_mode: 'default', to_mode: 'autoEdit' }),
  log('api_error', {
    model: 'gemini-2.5-pro',
    error: 'quota',
    'error.message': 'quota',
    status_code: 429,
    duration_ms: 5,
  }),
  log('chat.content_retry_failure', {
    model: 'gemini-2.5-pro',
    total_attempts: 3,
    final_error_type: 'NO_FINISH_REASON',
    total_duration_ms: 5,
  }),
  log('chat_compression', { tokens_before: 9, tokens_after: 5 }),
  log('hook_call', {
    hook_event_name: 'BeforeTool',
    hook_type: 'command',
    hook_name: 'check',
    duration_ms: 5,
    success: true,
    exit_code: 0,
  }),
  log('hook_call', {
    hook_event_name: 'BeforeTool',
    hook_type: 'command',
    hook_name: 'check',
    duration_ms: 5,
    success: false,
    exit_code: 2,
    error: 'x',
  }),
  log('conseca.verdict', { verdict: 'allow', verdict_rationale: 'x' }),
  log('conseca.verdict', { verdict: 'deny', verdict_rationale: 'x' }),
  log('agent.start', { agent_id: 'looker-1', agent_name: 'looker' }),
  log('agent.finish', {
    agent_id: 'looker-1',
    agent_name: 'looker',
    duration_ms: 5,
    turn_count: 1,
    terminate_reason: 'GOAL',
  }),
  log('agent.finish', {
    agent_id: 'looker-1',
    agent_name: 'looker',
    duration_ms: 5,
    turn_count: 1,
    terminate_reason: 'TIMEOUT',
  }),
  log('extension_install', { extension_name: 'x', extension_source: 'y', status: 'success' }),
  log('extension_install', { extension_name: 'x', extension_source: 'y', status: 'error' }),
];
