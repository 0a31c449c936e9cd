/** For tests: made-up records of Qwen Code. */
import type { FlatRecord, LogRecord, SpanRecord } from '../../../schemas/otlp/record.ts';
import { type Values, madeLog, madeSpan } from '../../../test/support/telemetry/made-records.ts';

/** A record that makes an event without a command line, with these attributes on its resource and on itself. */
export const aRecord = (resource: Values, own: Values = {}): FlatRecord =>
  madeLog(
    'qwen-code',
    { 'event.name': 'qwen-code.tool_call', 'session.id': 's-1', function_name: 'run_shell_command', ...own },
    resource,
  );

/** From Qwen Code's documentation of its telemetry (docs/developers/development/telemetry.md) and the source of its events. */
const log = (name: string, values: Values): LogRecord =>
  madeLog('qwen-code', {
    'event.name': `qwen-code.${name}`,
    'session.id': 's-1',
    prompt_id: 's-1########0',
    ...values,
  });
const call = (tool: string, values: Values): LogRecord =>
  log('tool_call', {
    function_name: tool,
    function_args: '{}',
    call_id: 'call-1',
    duration_ms: 5,
    status: 'success',
    execution_status: 'success',
    success: true,
    decision: 'auto_accept',
    tool_type: 'native',
    ...values,
  });
const REJECTED: Values = {
  status: 'cancelled',
  execution_status: 'not_started',
  success: false,
  decision: 'reject',
};
const FAILED: Values = {
  status: 'error',
  execution_status: 'error',
  success: false,
  error: 'x',
  error_type: 'unknown',
};
const turn = (values: Values): SpanRecord =>
  madeSpan('qwen-code', 'qwen-code.interaction', {
    'session.id': 's-1',
    'gen_ai.user.id': 'u-1',
    'qwen-code.approval_mode': 'default',
    'qwen-code.turn_status': 'ok',
    'qwen-code.model': 'm',
    ...values,
  });

/** Records that Qwen Code is known to export but no capture contains. */
export const uncaptured: readonly FlatRecord[] = [
  call('edit', { function_args: '{"file_path":"a"}', ...REJECTED }),
  call('edit', { function_args: '{"file_path":"a"}', ...FAILED }),
  call('read_file', { function_args: '{"file_path":"a"}', ...REJECTED }),
  call('write_file', { function_args: '{"file_path":"a","content":"x"}', ...FAILED }),
  call('run_shell_command', { function_args: '{"command":"sleep 9","is_background":true}' }),
  call('web_fetch', { function_args: '{"url":"https://x.example/","prompt":"x"}' }),
  call('web_fetch', { function_args: '{"url":"https://x.example/","prompt":"x"}', ...FAILED }),
  call('web_search', { function_args: '{"query":"x"}' }),
  call('mcp__notes__add', { tool_type: 'mcp', mcp_server_name: 'notes' }),
  call('mcp__notes__add', { tool_type: 'mcp', mcp_server_name: 'notes', ...FAILED }),
  call('mcp__notes__add', { tool_type: 'mcp', mcp_server_name: 'notes', ...REJECTED }),
  call('agent', { function_args: '{"subagent_type":"Explore","prompt":"x"}' }),
  call('agent', { function_args: '{"subagent_type":"Explore","prompt":"x"}', ...FAILED }),
  // The other approval modes, and a sandbox.
  log('config', { model: 'm', approval_mode: 'yolo', sandbox_enabled: true }),
  log('config', { model: 'm', approval_mode: 'auto-edit', sandbox_enabled: false }),
  log('config', { model: 'm', approval_mode: 'plan', sandbox_enabled: false }),
  turn({ 'qwen-code.approval_mode': 'plan' }),
  turn({ 'qwen-code.turn_status': 'error' }),
  log('api_error', {
    model: 'm',
    error_message: 'quota',
    'error.message': 'quota',
    status_code: 429,
    duration_ms: 5,
  }),
  log('chat.content_retry_failure', { model: 'm', total_attempts: 3, final_error_type: 'x', total_duration_ms: 5 }),
  log('chat_compression', { tokens_before: 9, tokens_after: 5 }),
  log('auth', { auth_type: 'openai', action_type: 'manual', status: 'error', error_message: 'x' }),
  log('subagent_execution', {
    subagent_name: 'Explore',
    status: 'completed',
    terminate_reason: 'GOAL',
    result: 'x',
  }),
  log('subagent_execution', { subagent_name: 'Explore', status: 'failed', terminate_reason: 'ERROR' }),
  log('skill_launch', { skill_name: 'review', success: true }),
  log('extension_install', { extension_name: 'x', extension_source: 'y', status: 'success' }),
];
