/**
 * For tests: records that the agents are known to export, but that no capture holds. What the mappings make of them counts
 * as something the agent can tell.
 *
 * Codex's `view_image` is left out on purpose: it reads images only, and none of the files that a rule about reading looks for.
 */
import type { AnyValue, FlatRecord, LogRecord, SpanRecord } from '../../../schemas/otlp/record.ts';
import { madeLog, madeSpan } from './made-records.ts';
import type { Agent } from './read-captures.ts';

type Values = Readonly<Record<string, AnyValue>>;

const codex = (name: string, values: Values): LogRecord =>
  madeLog('codex_otel.log_only', {
    'event.name': `codex.${name}`,
    'conversation.id': 'c-1',
    model: 'gpt-5.5',
    ...values,
  });
const codexCall = (tool: string, values: Values): LogRecord =>
  codex('tool_result', {
    tool_name: tool,
    call_id: 'call-1',
    success: 'true',
    output: 'done',
    duration_ms: 5,
    ...values,
  });
const codexDecision = (decision: string): LogRecord =>
  codex('tool_decision', { tool_name: 'exec_command', call_id: 'call-1', decision, source: 'User' });

const claude = (name: string, values: Values): LogRecord =>
  madeLog('com.anthropic.claude_code.events', { 'event.name': name, 'session.id': 's-1', ...values });
const claudeDecision = (values: Values): LogRecord =>
  claude('tool_decision', {
    tool_name: 'Bash',
    tool_use_id: 'toolu_1',
    decision: 'accept',
    source: 'config',
    permission_mode: 'default',
    tool_parameters: '{"full_command":"ls"}',
    ...values,
  });

const genaiTool = (name: string, values: Values): SpanRecord =>
  madeSpan('my.agent', `execute_tool ${name}`, {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.call.id': 'call-1',
    'gen_ai.conversation.id': 'c-1',
    ...values,
  });

const genaiEvent = (name: string, values: Values): SpanRecord =>
  madeSpan('my.agent', name, { 'vigil.event': name, 'gen_ai.conversation.id': 'c-1', ...values });

/** From Gemini CLI's documentation of its telemetry (docs/cli/telemetry.md) and the source of its events: `interactive` sessions are not captured. */
const gemini = (name: string, values: Values): LogRecord =>
  madeLog('gemini-cli', {
    'event.name': `gemini_cli.${name}`,
    'session.id': 's-1',
    'installation.id': 'i-1',
    interactive: true,
    prompt_id: 's-1########0',
    ...values,
  });
const geminiCall = (tool: string, values: Values): LogRecord =>
  gemini('tool_call', {
    function_name: tool,
    function_args: '{}',
    duration_ms: 5,
    success: true,
    decision: 'accept',
    tool_type: 'native',
    content_length: 5,
    ...values,
  });
const GEMINI_REJECTED: Values = { success: false, decision: 'reject' };
const GEMINI_FORBIDDEN: Values = {
  success: false,
  decision: null,
  error: 'Tool execution denied by policy.',
  error_type: 'policy_violation',
};
const geminiConfig = (approval_mode: string): LogRecord =>
  gemini('config', { model: 'gemini-2.5-pro', approval_mode, sandbox_enabled: false });

/** From Qwen Code's documentation of its telemetry (docs/developers/development/telemetry.md) and the source of its events. */
const qwen = (name: string, values: Values): LogRecord =>
  madeLog('qwen-code', {
    'event.name': `qwen-code.${name}`,
    'session.id': 's-1',
    prompt_id: 's-1########0',
    ...values,
  });
const qwenCall = (tool: string, values: Values): LogRecord =>
  qwen('tool_call', {
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
const QWEN_REJECTED: Values = {
  status: 'cancelled',
  execution_status: 'not_started',
  success: false,
  decision: 'reject',
};
const QWEN_FAILED: Values = {
  status: 'error',
  execution_status: 'error',
  success: false,
  error: 'x',
  error_type: 'unknown',
};
const qwenTurn = (values: Values): SpanRecord =>
  madeSpan('qwen-code', 'qwen-code.interaction', {
    'session.id': 's-1',
    'gen_ai.user.id': 'u-1',
    'qwen-code.approval_mode': 'default',
    'qwen-code.turn_status': 'ok',
    'qwen-code.model': 'm',
    ...values,
  });

/** From the source of OpenCode's tools and of the AI SDK's telemetry, which gives a span that failed the error's message. */
const opencodeCall = (tool: string, args: Values, values: Values = {}, error?: string): SpanRecord =>
  madeSpan(
    'opencode',
    'ai.toolCall',
    {
      'session.id': 'ses_1',
      'ai.toolCall.name': tool,
      'ai.toolCall.id': 'call-1',
      'ai.toolCall.args': JSON.stringify(args),
      ...values,
    },
    error === undefined ? {} : { statusCode: 2, statusMessage: error },
  );
const OPENCODE_REJECTED = 'The user rejected permission to use this specific tool call.';
const opencodeCreated = (values: Values): LogRecord => ({
  ...madeLog('opencode', {}),
  body: ['created', JSON.stringify({ id: 'ses_2', directory: '/w', ...values })],
});

export const UNCAPTURED_RECORDS: Readonly<Record<Agent, readonly FlatRecord[]>> = {
  codex: [
    // A person allows a command prefix or a host for good.
    codexDecision('approved_execpolicy_amendment'),
    // A person stops the turn instead of answering, or nobody answers.
    codexDecision('abort'),
    codexDecision('timed_out'),
    // The other approval policies.
    codex('conversation_starts', {
      approval_policy: 'untrusted',
      sandbox_policy: 'read-only',
      provider_name: 'openai',
    }),
    codex('conversation_starts', {
      approval_policy: 'on-failure',
      sandbox_policy: 'workspace-write',
      provider_name: 'openai',
    }),
    // Words typed into a command that still runs.
    codexCall('write_stdin', { arguments: '{"session_id":1,"chars":"exit\\n"}' }),
    codexCall('apply_patch', {
      arguments: '*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@\n-x\n+y\n*** End Patch',
    }),
    // A request whose host is allowed and whose method is not.
    codex('network_proxy.policy_decision', {
      'network.policy.decision': 'deny',
      'network.policy.source': 'mode_guard',
      'network.policy.reason': 'method_not_allowed',
      'network.transport.protocol': 'http',
      'server.address': 'x.example',
      'server.port': 80,
      'http.request.method': 'POST',
    }),
    codex('agent_response', { response_length: 5 }),
    codex('auth_recovery', { 'error.message': 'expired', success: 'false' }),
  ],
  'claude-code': [
    // The sandbox is switched on in few installations.
    claude('safety_event', { category: 'sandbox_network' }),
    claude('safety_event', { category: 'sandbox_other' }),
    claudeDecision({
      decision: 'reject',
      source: 'user_reject',
      tool_parameters: '{"full_command":"ls","dangerouslyDisableSandbox":"true"}',
    }),
    // A person presses Escape instead of answering.
    claudeDecision({ decision: 'reject', source: 'user_abort' }),
    // The other permission modes.
    claudeDecision({ permission_mode: 'auto' }),
    claudeDecision({ permission_mode: 'auto', decision: 'reject' }),
    claudeDecision({ permission_mode: 'dontAsk' }),
    claudeDecision({ permission_mode: 'dontAsk', decision: 'reject' }),
    claude('tool_result', { tool_name: 'WebSearch', tool_use_id: 'toolu_1', success: 'true', duration_ms: 5 }),
    claude('auth', { success: 'true' }),
    claude('auth', { success: 'false', error: 'expired' }),
  ],
  'gemini-cli': [
    // A person refuses, or a rule of the policy engine does.
    geminiCall('run_shell_command', { function_args: '{"command":"ls"}', ...GEMINI_REJECTED }),
    geminiCall('replace', { function_args: '{"file_path":"a"}', ...GEMINI_REJECTED }),
    geminiCall('read_file', { function_args: '{"file_path":"a"}', ...GEMINI_FORBIDDEN }),
    geminiCall('web_fetch', { function_args: '{"prompt":"Read https://x.example/"}', ...GEMINI_FORBIDDEN }),
    geminiCall('web_fetch', { function_args: '{"prompt":"Read https://x.example/"}' }),
    geminiCall('google_web_search', { function_args: '{"query":"x"}' }),
    geminiCall('mcp_notes_add', { tool_type: 'mcp', mcp_server_name: 'notes', function_args: '{"text":"x"}' }),
    geminiCall('mcp_notes_add', {
      tool_type: 'mcp',
      mcp_server_name: 'notes',
      success: false,
      error: 'x',
      error_type: 'mcp_tool_error',
    }),
    geminiCall('mcp_notes_add', { tool_type: 'mcp', mcp_server_name: 'notes', ...GEMINI_REJECTED }),
    geminiCall('save_memory', { function_args: '{"fact":"x"}' }),
    // The other approval modes, and no sandbox.
    geminiConfig('yolo'),
    geminiConfig('default'),
    geminiConfig('plan'),
    gemini('plan.approval_mode_switch', { from_mode: 'default', to_mode: 'yolo' }),
    gemini('plan.approval_mode_switch', { from_mode: 'default', to_mode: 'autoEdit' }),
    gemini('api_error', {
      model: 'gemini-2.5-pro',
      error: 'quota',
      'error.message': 'quota',
      status_code: 429,
      duration_ms: 5,
    }),
    gemini('chat.content_retry_failure', {
      model: 'gemini-2.5-pro',
      total_attempts: 3,
      final_error_type: 'NO_FINISH_REASON',
      total_duration_ms: 5,
    }),
    gemini('chat_compression', { tokens_before: 9, tokens_after: 5 }),
    gemini('hook_call', {
      hook_event_name: 'BeforeTool',
      hook_type: 'command',
      hook_name: 'check',
      duration_ms: 5,
      success: true,
      exit_code: 0,
    }),
    gemini('hook_call', {
      hook_event_name: 'BeforeTool',
      hook_type: 'command',
      hook_name: 'check',
      duration_ms: 5,
      success: false,
      exit_code: 2,
      error: 'x',
    }),
    gemini('conseca.verdict', { verdict: 'allow', verdict_rationale: 'x' }),
    gemini('conseca.verdict', { verdict: 'deny', verdict_rationale: 'x' }),
    gemini('agent.start', { agent_id: 'looker-1', agent_name: 'looker' }),
    gemini('agent.finish', {
      agent_id: 'looker-1',
      agent_name: 'looker',
      duration_ms: 5,
      turn_count: 1,
      terminate_reason: 'GOAL',
    }),
    gemini('agent.finish', {
      agent_id: 'looker-1',
      agent_name: 'looker',
      duration_ms: 5,
      turn_count: 1,
      terminate_reason: 'TIMEOUT',
    }),
    gemini('extension_install', { extension_name: 'x', extension_source: 'y', status: 'success' }),
    gemini('extension_install', { extension_name: 'x', extension_source: 'y', status: 'error' }),
  ],
  'qwen-code': [
    qwenCall('edit', { function_args: '{"file_path":"a"}', ...QWEN_REJECTED }),
    qwenCall('edit', { function_args: '{"file_path":"a"}', ...QWEN_FAILED }),
    qwenCall('read_file', { function_args: '{"file_path":"a"}', ...QWEN_REJECTED }),
    qwenCall('write_file', { function_args: '{"file_path":"a","content":"x"}', ...QWEN_FAILED }),
    qwenCall('run_shell_command', { function_args: '{"command":"sleep 9","is_background":true}' }),
    qwenCall('web_fetch', { function_args: '{"url":"https://x.example/","prompt":"x"}' }),
    qwenCall('web_fetch', { function_args: '{"url":"https://x.example/","prompt":"x"}', ...QWEN_FAILED }),
    qwenCall('web_search', { function_args: '{"query":"x"}' }),
    qwenCall('mcp__notes__add', { tool_type: 'mcp', mcp_server_name: 'notes' }),
    qwenCall('mcp__notes__add', { tool_type: 'mcp', mcp_server_name: 'notes', ...QWEN_FAILED }),
    qwenCall('mcp__notes__add', { tool_type: 'mcp', mcp_server_name: 'notes', ...QWEN_REJECTED }),
    qwenCall('agent', { function_args: '{"subagent_type":"Explore","prompt":"x"}' }),
    qwenCall('agent', { function_args: '{"subagent_type":"Explore","prompt":"x"}', ...QWEN_FAILED }),
    // The other approval modes, and a sandbox.
    qwen('config', { model: 'm', approval_mode: 'yolo', sandbox_enabled: true }),
    qwen('config', { model: 'm', approval_mode: 'auto-edit', sandbox_enabled: false }),
    qwen('config', { model: 'm', approval_mode: 'plan', sandbox_enabled: false }),
    qwenTurn({ 'qwen-code.approval_mode': 'plan' }),
    qwenTurn({ 'qwen-code.turn_status': 'error' }),
    qwen('api_error', {
      model: 'm',
      error_message: 'quota',
      'error.message': 'quota',
      status_code: 429,
      duration_ms: 5,
    }),
    qwen('chat.content_retry_failure', { model: 'm', total_attempts: 3, final_error_type: 'x', total_duration_ms: 5 }),
    qwen('chat_compression', { tokens_before: 9, tokens_after: 5 }),
    qwen('auth', { auth_type: 'openai', action_type: 'manual', status: 'error', error_message: 'x' }),
    qwen('subagent_execution', {
      subagent_name: 'Explore',
      status: 'completed',
      terminate_reason: 'GOAL',
      result: 'x',
    }),
    qwen('subagent_execution', { subagent_name: 'Explore', status: 'failed', terminate_reason: 'ERROR' }),
    qwen('skill_launch', { skill_name: 'review', success: true }),
    qwen('extension_install', { extension_name: 'x', extension_source: 'y', status: 'success' }),
  ],
  opencode: [
    opencodeCall('bash', { command: 'rm x' }, {}, OPENCODE_REJECTED),
    opencodeCall('bash', { command: 'sleep 9' }),
    opencodeCall('read', { filePath: 'a' }),
    opencodeCall('read', { filePath: 'a' }, {}, 'File not found: a'),
    opencodeCall('edit', { filePath: 'a', oldString: 'x', newString: 'y' }),
    opencodeCall('edit', { filePath: 'a', oldString: 'x', newString: 'y' }, {}, 'oldString not found in content'),
    opencodeCall('grep', { pattern: 'x' }),
    opencodeCall('apply_patch', { patchText: '*** Begin Patch\n*** Delete File: a\n*** End Patch' }),
    opencodeCall('apply_patch', { patchText: '*** Begin Patch\n*** Update File: a\n*** Move to: b\n*** End Patch' }),
    opencodeCall('webfetch', { url: 'https://x.example/' }),
    opencodeCall('webfetch', { url: 'https://x.example/' }, {}, 'Request failed with status code: 404'),
    opencodeCall('websearch', { query: 'x' }),
    opencodeCall('task', { prompt: 'x', subagent_type: 'general' }),
    opencodeCall('task', { prompt: 'x', subagent_type: 'general' }, {}, 'no such agent'),
    opencodeCreated({ parentID: 'ses_1' }),
    madeSpan(
      'opencode',
      'ai.streamText.doStream',
      { 'session.id': 'ses_1', 'ai.model.id': 'm', 'gen_ai.system': 'x' },
      { statusCode: 2, statusMessage: 'quota' },
    ),
  ],
  'copilot-cli': [],
  genai: [
    genaiTool('delete_file', { 'gen_ai.tool.call.arguments': '{"path":"a"}' }),
    genaiTool('web_search', {}),
    // What any program may tell by the attributes of `schemas/records/agent-attributes.ts`.
    genaiEvent('session.start', { 'vigil.sandbox.mode': 'none', 'vigil.approval.mode': 'never' }),
    genaiEvent('session.start', {
      'vigil.session.parent_id': 'c-0',
      'vigil.sandbox.mode': 'read-only',
      'vigil.approval.mode': 'on-request',
    }),
    genaiEvent('session.end', { 'vigil.outcome': 'unknown' }),
    genaiEvent('approval', {
      'gen_ai.tool.name': 'shell',
      'vigil.approval.decision': 'approved',
      'vigil.approval.scope': 'always',
      'vigil.approval.source': 'user',
    }),
    genaiEvent('approval', {
      'gen_ai.tool.name': 'shell',
      'vigil.approval.decision': 'timed_out',
      'vigil.approval.source': 'hook',
    }),
  ],
};
