/** For tests: made-up records of Claude Code. */
import type { FlatRecord, LogRecord } from '../../../schemas/otlp/record.ts';
import { type Values, madeLog } from '../../../test/support/telemetry/made-records.ts';

/** A record that makes an event without a command line, with these attributes on its resource and on itself. */
export const aRecord = (resource: Values, own: Values = {}): FlatRecord =>
  madeLog(
    'com.anthropic.claude_code.events',
    // Claude Code copies the resource onto each record.
    { 'event.name': 'api_request', 'session.id': 's-1', 'user.id': 'f'.repeat(64), ...resource, ...own },
    resource,
  );

const log = (name: string, values: Values): LogRecord =>
  madeLog('com.anthropic.claude_code.events', { 'event.name': name, 'session.id': 's-1', ...values });
const decision = (values: Values): LogRecord =>
  log('tool_decision', {
    tool_name: 'Bash',
    tool_use_id: 'toolu_1',
    decision: 'accept',
    source: 'config',
    permission_mode: 'default',
    tool_parameters: '{"full_command":"ls"}',
    ...values,
  });

/** Records that Claude Code is known to export but no capture contains. */
export const uncaptured: readonly FlatRecord[] = [
  // The sandbox is switched on in few installations.
  log('safety_event', { category: 'sandbox_network' }),
  log('safety_event', { category: 'sandbox_other' }),
  decision({
    decision: 'reject',
    source: 'user_reject',
    tool_parameters: '{"full_command":"ls","dangerouslyDisableSandbox":"true"}',
  }),
  // A person presses Escape instead of answering.
  decision({ decision: 'reject', source: 'user_abort' }),
  // The other permission modes.
  decision({ permission_mode: 'auto' }),
  decision({ permission_mode: 'auto', decision: 'reject' }),
  decision({ permission_mode: 'dontAsk' }),
  decision({ permission_mode: 'dontAsk', decision: 'reject' }),
  log('tool_result', { tool_name: 'WebSearch', tool_use_id: 'toolu_1', success: 'true', duration_ms: 5 }),
  log('auth', { success: 'true' }),
  log('auth', { success: 'false', error: 'expired' }),
];
