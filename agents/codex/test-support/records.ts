/** For tests: made-up records of Codex CLI. `view_image` is left out on purpose: it reads only images, and no rule about reading looks for those. */
import type { FlatRecord, LogRecord } from '../../../schemas/otlp/record.ts';
import { type Values, madeLog } from '../../../test/support/telemetry/made-records.ts';

/** A record that makes an event without a command line, with these attributes on its resource and on itself. */
export const aRecord = (resource: Values, own: Values = {}): FlatRecord =>
  madeLog('codex_otel.log_only', { 'event.name': 'codex.turn_cost', 'conversation.id': 'c-1', ...own }, resource);

const log = (name: string, values: Values): LogRecord =>
  madeLog('codex_otel.log_only', {
    'event.name': `codex.${name}`,
    'conversation.id': 'c-1',
    model: 'gpt-5.5',
    ...values,
  });
const call = (tool: string, values: Values): LogRecord =>
  log('tool_result', {
    tool_name: tool,
    call_id: 'call-1',
    success: 'true',
    output: 'done',
    duration_ms: 5,
    ...values,
  });
const decision = (decision: string): LogRecord =>
  log('tool_decision', { tool_name: 'exec_command', call_id: 'call-1', decision, source: 'User' });

/** Records that Codex is known to export but no capture contains. */
export const uncaptured: readonly FlatRecord[] = [
  // A person allows a command prefix or a host for good.
  decision('approved_execpolicy_amendment'),
  // A person stops the turn instead of answering, or nobody answers.
  decision('abort'),
  decision('timed_out'),
  // The other approval policies.
  log('conversation_starts', {
    approval_policy: 'untrusted',
    sandbox_policy: 'read-only',
    provider_name: 'openai',
  }),
  log('conversation_starts', {
    approval_policy: 'on-failure',
    sandbox_policy: 'workspace-write',
    provider_name: 'openai',
  }),
  // Words typed into a command that still runs.
  call('write_stdin', { arguments: '{"session_id":1,"chars":"exit\\n"}' }),
  call('apply_patch', {
    arguments: '*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@\n-x\n+y\n*** End Patch',
  }),
  // A request whose host is allowed and whose method is not.
  log('network_proxy.policy_decision', {
    'network.policy.decision': 'deny',
    'network.policy.source': 'mode_guard',
    'network.policy.reason': 'method_not_allowed',
    'network.transport.protocol': 'http',
    'server.address': 'x.example',
    'server.port': 80,
    'http.request.method': 'POST',
  }),
  log('agent_response', { response_length: 5 }),
  log('auth_recovery', { 'error.message': 'expired', success: 'false' }),
];
