/** Cases that the captures of Qwen Code do not cover, based on its documentation (docs/developers/development/telemetry.md) and source. */
import { describe, expect, it } from '@jest/globals';
import { madeLog, madeSpan } from '../../test/support/telemetry/made-records.ts';
import { hash } from '../../test/support/telemetry/read-captures.ts';
import type { AnyValue } from '../../schemas/otlp/record.ts';
import type { EventDraft, Mapped } from '../mapping/mapping.ts';
import { mapping } from './mapping.ts';

type Values = Readonly<Record<string, AnyValue>>;

const map = (name: string, values: Values, resource: Values = {}): Mapped =>
  mapping.map(madeLog('qwen-code', { 'event.name': name, 'session.id': 's-1', ...values }, resource), hash);
function events(mapped: Mapped): readonly EventDraft[] {
  if (mapped.kind !== 'events') throw new Error(`no events: ${JSON.stringify(mapped)}`);
  return mapped.events;
}
const call = (tool: string, args: Values, values: Values = {}): readonly EventDraft[] =>
  events(
    map('qwen-code.tool_call', {
      function_name: tool,
      function_args: JSON.stringify(args),
      call_id: 'call-1',
      status: 'success',
      execution_status: 'success',
      success: true,
      ...values,
    }),
  );
const failed = (error: string, more: Values = {}): Values => ({
  success: false,
  status: 'error',
  execution_status: 'error',
  error,
  error_type: 'shell_execute_error',
  ...more,
});

describe('exit codes', () => {
  const report = (output: string, end: string): string =>
    `Command: make\nDirectory: (root)\nOutput: ${output}\nError: (none)\n${end}`;
  const END = 'Exit Code: 2\nSignal: (none)\nProcess Group PGID: (none)';
  const exitCode = (error: string, more: Values = {}): number | undefined =>
    call('run_shell_command', { command: 'make' }, failed(error, more)).at(-1)?.exitCode;

  it('are at the end of the report of a failed command', () => {
    expect(exitCode(report('x', END))).toBe(2);
    expect(exitCode(report('x', END.replace('Process', 'Background PIDs: 7, 8\nProcess')))).toBe(2);
    expect(exitCode(report('x'.repeat(100_000), END))).toBe(2);
  });

  it('are not trusted anywhere else', () => {
    // A command can print anything; the agent writes the end of the report.
    const printed = END.replace('2', '0');
    expect(exitCode(report(printed, END))).toBe(2);
    expect(exitCode(report('x', printed))).toBeUndefined();
    expect(exitCode(`${report('x', END)}\nand more`)).toBeUndefined();
    expect(exitCode(report('x', 'Exit Code: (none)\nSignal: SIGKILL\nProcess Group PGID: 9'))).toBeUndefined();
    expect(exitCode(report('x', END), { error_type: 'unhandled_exception' })).toBeUndefined();
    expect(exitCode(report('x', END), { mcp_server_name: 'notes', tool_type: 'mcp' })).toBeUndefined();
  });

  it('are never derived from a success', () => {
    const [event] = call('run_shell_command', { command: 'make' });
    expect(event).toMatchObject({ category: 'command', outcome: 'success' });
    expect(event).toHaveProperty('exitCode', undefined);
    expect(call('run_shell_command', { command: 'make', is_background: true })).toMatchObject([{ outcome: 'unknown' }]);
  });

  it('are reported without the command’s output', () => {
    const told = call('run_shell_command', { command: 'make' }, failed(report('the output', END)));
    expect(JSON.stringify(told)).not.toContain('the output');
    expect(told.at(-1)).toMatchObject({ reason: 'shell_execute_error', outcome: 'failure', callId: 'call-1' });
  });
});

describe('refusals', () => {
  const denied = (error: string, tool = 'edit'): readonly unknown[] =>
    call(
      tool,
      { file_path: 'a' },
      failed(error, { execution_status: 'not_started', error_type: 'execution_denied' }),
    ).map(({ category, outcome, decision, decisionSource }) => [category, outcome, decision, decisionSource]);

  it('by a rule name the rule, those by a mode name nobody', () => {
    expect(
      denied(
        'Qwen Code requires permission to use "edit", but that permission was declined. Matching deny rule: "edit".',
      ),
    ).toEqual([
      ['approval', 'denied', 'denied', 'config'],
      ['file', 'denied', undefined, undefined],
    ]);
    expect(denied('Matching deny rule: "edit". is what the model wrote')[0]).toEqual([
      'approval',
      'denied',
      'denied',
      undefined,
    ]);
  });

  it('by a person, or because of a cancelled turn, are not failures', () => {
    const cancelled = { success: false, status: 'cancelled', execution_status: 'not_started' };
    const rejected = call('edit', { file_path: 'a' }, { ...cancelled, decision: 'reject' });
    expect(rejected.map(({ category, outcome }) => [category, outcome])).toEqual([
      ['approval', 'denied'],
      ['file', 'denied'],
    ]);
    const [aborted] = call('edit', { file_path: 'a' }, cancelled);
    expect(aborted).toMatchObject({ category: 'file', outcome: 'denied', reason: 'cancelled' });
  });
});

describe('spans', () => {
  const turn = (values: Values): Mapped =>
    mapping.map(madeSpan('qwen-code', 'qwen-code.interaction', { 'session.id': 's-1', ...values }), hash);

  it('of a turn name its user, who is not part of the session’s identity', () => {
    const mapped = turn({ 'gen_ai.user.id': 'u-1', 'qwen-code.approval_mode': 'plan', new_context: 'secret' });
    expect(mapped).toMatchObject({ kind: 'events', identity: {} });
    expect(mapped.kind === 'events' && mapped.identity.user).toBeUndefined();
    expect(events(mapped)).toMatchObject([
      { category: 'session', action: 'turn', userId: 'u-1', approvalMode: 'plan' },
    ]);
    expect(JSON.stringify(mapped)).not.toContain('secret');
  });

  it.each(['ok', 'error', 'cancelled'])('report how a turn ended: %s', (status) => {
    const expected = { ok: 'success', error: 'failure' }[status] ?? 'unknown';
    expect(events(turn({ 'qwen-code.turn_status': status }))[0]?.outcome).toBe(expected);
  });

  it('of calls are skipped because the logs have the same content', () => {
    const span = (name: string): Mapped =>
      mapping.map(madeSpan('qwen-code', name, { 'session.id': 's-1', 'gen_ai.operation.name': 'execute_tool' }), hash);
    for (const name of ['qwen-code.tool', 'qwen-code.tool.execution', 'qwen-code.llm_request', 'qwen-code.subagent']) {
      expect(span(name)).toEqual({ kind: 'skip', reason: 'repeated_elsewhere' });
    }
    expect(span('qwen-code.hook')).toEqual({ kind: 'skip', reason: 'internal' });
  });

  it('that replace log records, when logs have no endpoint, are read as log records', () => {
    const name = 'qwen-code.tool_call';
    const values = { 'event.name': name, 'session.id': 's-1', 'log.bridge': true, function_name: 'run_shell_command' };
    const bridged = madeSpan('qwen-code', name, { ...values, function_args: '{"command":"ls"}', success: true });
    expect(events(mapping.map(bridged, hash))).toMatchObject([
      { category: 'command', commandLine: 'ls', outcome: 'success', time: 1795500000000 },
    ]);
  });
});

describe('other events', () => {
  it.each([
    [
      'qwen-code.auth',
      { status: 'error', error_message: 'expired' },
      { category: 'auth', action: 'sign_in', outcome: 'failure', reason: 'expired' },
    ],
    ['qwen-code.auth', { status: 'cancelled' }, { category: 'auth', outcome: 'unknown' }],
    [
      'qwen-code.subagent_execution',
      { subagent_name: 'Explore', status: 'completed', result: 'secret' },
      { category: 'session', action: 'return', outcome: 'success', agentId: 'Explore' },
    ],
    [
      'qwen-code.subagent_execution',
      { subagent_name: 'Explore', status: 'started' },
      { category: 'telemetry', action: 'event', agentId: 'Explore' },
    ],
    [
      'qwen-code.api_response',
      { subagent_name: 'Explore', input_token_count: 5, response_text: 'secret' },
      { category: 'model', action: 'request', agentId: 'Explore', inputTokens: 5 },
    ],
    [
      'qwen-code.skill_launch',
      { skill_name: 'review', success: true },
      { category: 'tool', action: 'skill', toolName: 'review' },
    ],
    [
      'qwen-code.api_error',
      { error_message: 'quota', 'error.message': 'quota' },
      { category: 'model', action: 'error', reason: 'quota' },
    ],
    ['session.end', {}, { category: 'telemetry', action: 'event' }],
  ])('%s %j', (name, values, expected) => {
    const [event] = events(map(name, values));
    expect(event).toMatchObject(expected);
    expect(JSON.stringify(event)).not.toContain('secret');
  });

  it('the start of a session is reported once, with its settings', () => {
    expect(map('session.start', {})).toEqual({ kind: 'skip', reason: 'repeated_elsewhere' });
    expect(events(map('qwen-code.config', { approval_mode: 'yolo', sandbox_enabled: true }))).toMatchObject([
      { category: 'session', action: 'start', approvalMode: 'yolo', sandboxMode: 'enabled' },
    ]);
  });

  it('a name in the resource is the user of every record', () => {
    expect(map('qwen-code.user_prompt', {}, { 'enduser.id': 'a@b.example' })).toMatchObject({
      kind: 'events',
      identity: { user: 'a@b.example' },
    });
  });
});
