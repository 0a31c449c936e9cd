/** Cases that the captures of Claude Code do not cover, or cover only in part. */
import { describe, expect, it } from '@jest/globals';
import { madeLog, madeSpan } from '../../test/support/telemetry/made-records.ts';
import { hash } from '../../test/support/telemetry/read-captures.ts';
import type { AnyValue } from '../../schemas/otlp/record.ts';
import { mapping } from './mapping.ts';
import type { EventDraft, Mapped } from '../mapping/mapping.ts';

const EVENTS = 'com.anthropic.claude_code.events';
const TRACING = 'com.anthropic.claude_code.tracing';
type Values = Readonly<Record<string, AnyValue>>;

const map = (name: string, values: Values, resource: Values = {}): Mapped =>
  mapping.map(madeLog(EVENTS, { 'event.name': name, 'session.id': 's-1', ...values }, resource), hash);

function events(mapped: Mapped): readonly EventDraft[] {
  if (mapped.kind !== 'events') throw new Error(`no events: ${JSON.stringify(mapped)}`);
  return mapped.events;
}

const notification = (...lines: readonly string[]): readonly EventDraft[] =>
  events(map('user_prompt', { prompt: ['<task-notification>', ...lines, '</task-notification>'].join('\n') }));

describe('notifications of background tasks', () => {
  const call = '<tool-use-id>toolu_1</tool-use-id>';

  it.each([
    ['failed with exit code 4', 4, 'failure'],
    ['completed (exit code 0)', 0, 'success'],
    ['failed with exit code -1', -1, 'failure'],
  ])('tell how a command ended: %s', (words, exitCode, outcome) => {
    const told = notification(call, '<status>failed</status>', `<summary>Background command "x" ${words}</summary>`);
    expect(told.map(({ category, action }) => `${category}/${action}`)).toEqual(['prompt/notify', 'command/finish']);
    expect(told[1]).toMatchObject({ callId: 'toolu_1', exitCode, outcome });
    // A person can write the same words: the record has nothing that proves who did.
    for (const { attributes } of told) expect(attributes['vigil.told_by']).toBe('text of a prompt');
  });

  it.each([
    [
      'output of a task',
      [
        '<summary>Monitor event: "w"</summary>',
        `<event>${call}`,
        '<summary>Background command "x" failed with exit code 4</summary></event>',
      ],
    ],
    [
      'a description',
      [call, '<summary>Background command "x" completed (exit code 0)</summary> y" was stopped</summary>'],
    ],
    ['a call id after the summary', ['<summary>Background command "x" failed with exit code 4</summary>', call]],
    ['an end without a code', [call, '<summary>Background command "x" was stopped</summary>']],
  ])('believe no exit code in %s', (_name, lines) => {
    expect(notification(...lines).map(({ action }) => action)).toEqual(['notify']);
  });

  it('cannot be distinguished from a person when prompts are redacted', () => {
    const [event] = events(
      map('user_prompt', { prompt: '<REDACTED>', prompt_text: '<REDACTED>', prompt_length: '392' }),
    );
    expect(event).toMatchObject({ action: 'submit', contentLength: 392 });
    expect(event?.contentHash).toBeUndefined();
  });
});

describe('commands', () => {
  it('of Monitor are marked when the agent cut them', () => {
    const command = `${'x'.repeat(128)}…[900 chars]`;
    const [event] = events(
      map('tool_result', { tool_name: 'Monitor', success: 'true', tool_input: JSON.stringify({ command }) }),
    );
    expect(event).toMatchObject({
      category: 'command',
      commandLine: command,
      attributes: { 'vigil.cut.commandLine': '900' },
    });
  });

  it('never derive an exit code from a success', () => {
    for (const success of ['true', 'false', true, false]) {
      const [event] = events(map('tool_result', { tool_name: 'Bash', success }));
      expect(event?.exitCode).toBeUndefined();
      expect(event?.outcome).toBe(String(success) === 'true' ? 'success' : 'failure');
    }
  });

  it('are marked as refused outside of the sandbox', () => {
    const parameters = JSON.stringify({ full_command: 'id', dangerouslyDisableSandbox: true });
    const told = events(
      map('tool_decision', {
        tool_name: 'Bash',
        decision: 'reject',
        source: 'user_reject',
        tool_parameters: parameters,
      }),
    );
    expect(told.map(({ category, action, outcome, commandLine }) => [category, action, outcome, commandLine])).toEqual([
      ['approval', 'decide', 'denied', 'id'],
      ['sandbox', 'escalate', 'denied', 'id'],
    ]);
  });
});

describe('spans', () => {
  const span = (name: string, values: Values): Mapped =>
    mapping.map(madeSpan(TRACING, name, { 'session.id': 's-1', tool_use_id: 'toolu_1', ...values }), hash);

  it.each([
    ['claude_code.tool.execution', { tool_use_id: '' }],
    ['claude_code.tool.blocked_on_user', { decision: 'reject' }],
    ['claude_code.llm_request', {}],
    ['claude_code.interaction', { user_prompt: 'secret' }],
    ['claude_code.tool', { tool_name: 'Bash', bash_argv0: 'ls', full_command: 'ls' }],
    ['claude_code.tool', { tool_name: 'Grep' }],
  ])('%s %j say nothing that the logs do not', (name, values) => {
    expect(span(name, values)).toEqual({ kind: 'skip', reason: 'repeated_elsewhere' });
  });

  it('of a call name the call and the span, and nothing that the result also says', () => {
    const said = { success: true, duration_ms: 5, error: 'secret path', 'gen_ai.conversation.id': 's-1', env: 'lab' };
    const [event] = events(span('claude_code.tool.execution', said));
    expect(event).toMatchObject({ category: 'tool', action: 'describe', outcome: 'unknown', callId: 'toolu_1' });
    expect(event).toMatchObject({ spanId: '00f067aa0ba902b7', attributes: { env: 'lab' } });
    expect(Object.keys(event?.attributes ?? {})).toEqual(['env', 'service.name']);
    expect(event?.agentId).toBeUndefined();
    const [ofAgent] = events(span('claude_code.tool.execution', { ...said, 'gen_ai.conversation.id': 'a1' }));
    expect(ofAgent?.agentId).toBe('a1');
  });

  it('of a sub-agent belong to the session, not to the agent', () => {
    const [event] = events(
      span('claude_code.tool', { 'gen_ai.conversation.id': 'a1', agent_id: 'a1', file_path: '/x', tool_name: 'Write' }),
    );
    expect(event).toMatchObject({
      category: 'tool',
      action: 'describe',
      sessionId: 's-1',
      agentId: 'a1',
      filePath: '/x',
      outcome: 'unknown',
    });
  });
});

describe('identity', () => {
  it('uses the installation when nobody is signed in', () => {
    expect(map('api_request', { 'user.id': 'f00' })).toMatchObject({ identity: { install: 'f00' } });
    expect(events(map('api_request', { 'user.id': 'f00' }))[0]?.userId).toBeUndefined();
  });

  it('marks an address that the environment set on the record, and reads no account from it', () => {
    const forged = { 'user.email': 'boss@example.com', 'user.account_uuid': 'acc-9' };
    const mapped = map('api_request', { 'user.id': 'f00', ...forged }, forged);
    expect(mapped).toMatchObject({ identity: { user: 'boss@example.com', install: 'f00' } });
    expect(mapped).not.toHaveProperty('identity.account');
    expect(events(mapped)[0]).toMatchObject({
      userEmail: 'boss@example.com',
      attributes: { 'vigil.user_source': 'resource' },
    });
  });

  it('trusts an address that the agent itself reports', () => {
    const mapped = map('api_request', { 'user.email': 'a@b.example', 'user.account_uuid': 'acc-1' });
    expect(mapped).toMatchObject({ identity: { account: 'acc-1', user: 'a@b.example' } });
    expect(events(mapped)[0]?.attributes).not.toHaveProperty('vigil.user_source');
  });
});

describe('attributes', () => {
  it('of the resource are kept once, and differing ones under a separate name', () => {
    const [event] = events(
      map(
        'api_request',
        { env: 'lab', team: 'a' },
        { env: 'lab', team: 'b', 'os.type': 'linux', 'telemetry.sdk.name': 'x' },
      ),
    );
    expect(event?.attributes).toEqual({
      'event.name': 'api_request',
      env: 'lab',
      team: 'a',
      'resource.team': 'b',
      'os.type': 'linux',
    });
  });

  it('of an unknown event are kept without content', () => {
    const [event] = events(map('internal_error', { code: 'E1', message: 'secret words' }));
    expect(event).toMatchObject({
      category: 'telemetry',
      action: 'event',
      attributes: { code: 'E1', 'message.length': '12' },
    });
  });
});

it('keeps the start of a hook on a prompt, the only hook that may have no end', () => {
  expect(map('hook_execution_start', { hook_event: 'PreToolUse' })).toEqual({
    kind: 'skip',
    reason: 'repeated_elsewhere',
  });
  expect(events(map('hook_execution_start', { hook_event: 'UserPromptSubmit' }))[0]).toMatchObject({
    action: 'hook_start',
  });
});
