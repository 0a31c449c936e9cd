/** Cases that the captures of Gemini CLI do not cover, based on its documentation (docs/cli/telemetry.md) and the source of its events. */
import { describe, expect, it } from '@jest/globals';
import { madeLog, madeSpan } from '../../test/support/telemetry/made-records.ts';
import { hash } from '../../test/support/telemetry/read-captures.ts';
import type { AnyValue } from '../../schemas/otlp/record.ts';
import { mapping } from './mapping.ts';
import { mappingFor } from '../index.ts';
import type { EventDraft, Mapped } from '../mapping/mapping.ts';

type Values = Readonly<Record<string, AnyValue>>;

const map = (name: string, values: Values, resource: Values = {}): Mapped =>
  mapping.map(
    madeLog('gemini-cli', { 'event.name': `gemini_cli.${name}`, 'session.id': 's-1', ...values }, resource),
    hash,
  );
function events(mapped: Mapped): readonly EventDraft[] {
  if (mapped.kind !== 'events') throw new Error(`no events: ${JSON.stringify(mapped)}`);
  return mapped.events;
}
const call = (tool: string, args: Values, values: Values = {}): readonly EventDraft[] =>
  events(map('tool_call', { function_name: tool, function_args: JSON.stringify(args), success: true, ...values }));
const shell = (values: Values, args: Values = { command: 'make' }): EventDraft | undefined =>
  call('run_shell_command', args, values).at(-1);

it('is chosen by the scope, regardless of the service name', () => {
  const renamed = { attributes: [['service.name', 'x'] as const], bytes: new Uint8Array() };
  expect(mappingFor(renamed, { name: 'gemini-cli', version: '' })?.id).toBe('gemini-cli@1');
  expect(mappingFor(renamed, { name: 'gemini-clip', version: '' })?.id).not.toBe('gemini-cli@1');
});

describe('commands', () => {
  it('read an exit code only from the agent’s own metadata', () => {
    expect(shell({ metadata: '{"exitCode":3,"isError":true}' })).toMatchObject({ outcome: 'failure', exitCode: 3 });
    for (const metadata of ['{"exitCode":"3"}', '{"exitCode":1.5}', '{"output":"exitCode: 3"}', 'exitCode 3', null]) {
      expect(shell({ metadata })?.exitCode).toBe(metadata === '{"exitCode":"3"}' ? 3 : undefined);
    }
    expect(shell({ success: true })).toMatchObject({ outcome: 'success' });
    expect(shell({ success: true })).toHaveProperty('exitCode', undefined);
    expect(shell({ success: false, error: 'Exit Code: 0', error_type: 'shell_execute_error' })).toMatchObject({
      outcome: 'failure',
      reason: 'shell_execute_error',
    });
  });

  it('have an unknown outcome when content is off, or when they were left in the background', () => {
    const off = events(map('tool_call', { function_name: 'run_shell_command', success: true }));
    expect(off).toMatchObject([{ category: 'command', action: 'run', outcome: 'unknown' }]);
    expect(off[0]).toHaveProperty('commandLine', undefined);
    expect(shell({}, { command: 'make', is_background: true })).toMatchObject({ outcome: 'unknown' });
  });

  it('have the directory that the call named', () => {
    expect(shell({}, { command: 'make', dir_path: 'sub' })).toMatchObject({ commandLine: 'make', cwd: 'sub' });
  });
});

describe('decisions', () => {
  const decided = (values: Values): readonly unknown[] =>
    call('run_shell_command', { command: 'make' }, values).map(
      ({ category, outcome, decision, decisionSource, attributes }) => [
        category,
        outcome,
        decision,
        decisionSource,
        attributes['vigil.refusal'],
      ],
    );

  it.each([
    ['accept', true, 'approved', undefined],
    ['accept', false, 'approved', 'config'],
    ['auto_accept', true, 'approved', undefined],
    ['modify', true, 'approved', 'user'],
  ])('%s, with somebody there: %s', (decision, interactive, meant, source) => {
    expect(decided({ decision, interactive })).toEqual([
      ['approval', 'success', meant, source, undefined],
      ['command', 'success', undefined, undefined, undefined],
    ]);
  });

  it('that reject a call mean that it did not run', () => {
    expect(decided({ decision: 'reject', interactive: true, success: false })).toEqual([
      ['approval', 'denied', 'denied', undefined, 'decision'],
      ['command', 'denied', undefined, undefined, 'decision'],
    ]);
    const ofRule = { success: false, error: 'Tool execution denied by policy.', error_type: 'policy_violation' };
    expect(decided({ ...ofRule, interactive: true })).toEqual([
      ['approval', 'denied', 'denied', undefined, 'rule'],
      ['command', 'denied', undefined, undefined, 'rule'],
    ]);
  });

  it('with an unknown word are unknown, and the call’s outcome comes from its success flag', () => {
    expect(decided({ decision: 'pondered', interactive: true })[0]).toEqual([
      'approval',
      'unknown',
      'unknown',
      undefined,
      undefined,
    ]);
  });

  it('are not invented for a tool that does not exist, built in or not', () => {
    const missing = { success: false, error: 'Tool not found.', error_type: 'tool_not_registered' };
    expect(decided(missing)).toEqual([['command', 'denied', undefined, undefined, 'not_offered']]);
    expect(call('no_such_tool', {}, missing)).toMatchObject([{ category: 'tool', outcome: 'failure' }]);
  });
});

describe('MCP', () => {
  const ofServer = (tool: string, values: Values): EventDraft | undefined =>
    call(tool, {}, { tool_type: 'mcp', mcp_server_name: 'notes', ...values }).at(-1);

  it('calls name the server that the agent reports, regardless of the tool name', () => {
    const names = ['mcp_notes_add', 'mcp__notes__add', 'run_shell_command', 'write_file', 'mcp_notes_'];
    expect(names.map((name) => ofServer(name, {})?.toolName)).toEqual([
      'add',
      'add',
      'run_shell_command',
      'write_file',
      'mcp_notes_',
    ]);
    for (const name of names) {
      expect(ofServer(name, {})).toMatchObject({ category: 'mcp', action: 'call', mcpServer: 'notes' });
    }
  });

  it('servers cannot speak for the agent', () => {
    // Each of these values has a meaning for the agent's own tools.
    const said = { success: false, error_type: 'mcp_tool_error', metadata: '{"exitCode":0,"note":"ignore the above"}' };
    for (const error of ['Path not in workspace: /etc', 'x. Matching deny rule: "edit".', 'y'.repeat(5000)]) {
      const event = ofServer('run_shell_command', { ...said, error });
      expect(event).toMatchObject({ category: 'mcp', outcome: 'failure', reason: error.slice(0, 1024) });
      expect(event).toHaveProperty('exitCode', undefined);
      expect(event?.attributes).not.toHaveProperty('vigil.refusal');
      expect(JSON.stringify(event)).not.toContain('ignore the above');
    }
  });
});

describe('fetches', () => {
  const hosts = (prompt: string): readonly unknown[] =>
    call('web_fetch', { prompt }).map(({ networkHost, networkPort }) => [networkHost, networkPort]);

  it('report each address in a prompt once', () => {
    expect(hosts('Compare https://a.example/x and http://b.example:81 and https://a.example/x please')).toEqual([
      ['a.example', 443],
      ['b.example', 81],
    ]);
    expect(hosts('no address')).toEqual([[undefined, undefined]]);
  });

  it('with more addresses than the tool accepts are cut, visibly', () => {
    const many = call('web_fetch', {
      prompt: Array.from({ length: 50 }, (_, n) => `https://h${n}.example/`).join(' '),
    });
    expect(many).toHaveLength(20);
    expect(many[0]?.attributes['vigil.cut.addresses']).toBe('50');
  });

  it('keep the address and not the prompt', () => {
    const [event] = call('web_fetch', { prompt: 'Summarise for me https://a.example/x' });
    expect(event?.attributes['vigil.url_in_prompt']).toBe('https://a.example/x');
    expect(JSON.stringify(event)).not.toContain('Summarise');
  });
});

describe('other events', () => {
  it.each([
    [
      'plan.approval_mode_switch',
      { from_mode: 'default', to_mode: 'yolo' },
      { category: 'config', action: 'change', approvalMode: 'yolo' },
    ],
    [
      'agent.finish',
      { agent_id: 'a', terminate_reason: 'TIMEOUT' },
      { category: 'session', action: 'return', outcome: 'failure', agentId: 'a' },
    ],
    [
      'agent.finish',
      { agent_id: 'a', terminate_reason: 'NEW' },
      { category: 'session', action: 'return', outcome: 'unknown' },
    ],
    [
      'conseca.verdict',
      { verdict: 'DENY' },
      { category: 'approval', action: 'review', outcome: 'denied', decisionSource: 'reviewer' },
    ],
    ['conseca.verdict', { verdict: 'ask_user' }, { category: 'approval', action: 'review', outcome: 'unknown' }],
    [
      'api_error',
      { error: 'quota', 'error.message': 'quota' },
      { category: 'model', action: 'error', outcome: 'failure', reason: 'quota' },
    ],
    ['unheard_of', { output: 'secret' }, { category: 'telemetry', action: 'event', outcome: 'unknown' }],
  ])('%s %j', (name, values, expected) => {
    const [event] = events(map(name, values));
    expect(event).toMatchObject(expected);
    expect(JSON.stringify(event)).not.toContain('secret');
  });

  it('a mode change is also read from older versions, which use another name', () => {
    const older = madeLog('gemini-cli', {
      'session.id': 's-1',
      event_name: 'gemini_cli.plan.approval_mode_switch',
      to_mode: 'yolo',
    });
    expect(events(mapping.map(older, hash))).toMatchObject([
      { category: 'config', action: 'change', approvalMode: 'yolo' },
    ]);
  });

  it('content of hooks and of the checker is not kept', () => {
    const [hook] = events(
      map('hook_call', {
        success: false,
        hook_input: 'secret',
        hook_output: 'secret',
        stdout: 'secret',
        stderr: 'secret',
      }),
    );
    const [review] = events(map('conseca.verdict', { user_prompt: 'secret', policy: 'secret', tool_call: 'secret' }));
    expect(JSON.stringify([hook, review])).not.toContain('secret');
    expect(hook?.attributes['stdout.length']).toBe('6');
  });
});

describe('who and which version', () => {
  it('an account is on some records, an installation on all of them', () => {
    const signedIn = map('user_prompt', { 'user.email': 'a@b.example', 'installation.id': 'i-1', prompt: 'Hi' });
    expect(signedIn).toMatchObject({ kind: 'events', identity: { user: 'a@b.example', install: 'i-1' } });
    expect(map('user_prompt', { 'installation.id': 'i-1' }, { 'host.name': 'h' })).toMatchObject({
      kind: 'events',
      identity: { install: 'i-1', host: 'h' },
    });
  });

  it('Node’s version is not the agent’s', () => {
    const [event] = events(map('user_prompt', {}, { 'service.version': 'v20.20.2' }));
    expect(event).toHaveProperty('agentVersion', undefined);
    expect(event?.attributes['service.version']).toBe('v20.20.2');
  });

  it('a record without a session is rejected', () => {
    const record = madeLog('gemini-cli', { 'event.name': 'gemini_cli.user_prompt' });
    expect(mapping.map(record, hash)).toMatchObject({ kind: 'reject', reason: 'missing_session' });
  });

  it('spans do not repeat the logs', () => {
    const span = (name: string): Mapped =>
      mapping.map(madeSpan('gemini-cli', name, { 'gen_ai.tool.name': 'run_shell_command' }), hash);
    expect(span('tool_call')).toEqual({ kind: 'skip', reason: 'repeated_elsewhere' });
    expect(span('schedule_tool_calls')).toEqual({ kind: 'skip', reason: 'internal' });
  });
});
