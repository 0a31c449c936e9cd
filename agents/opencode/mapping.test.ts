/** OpenCode's captured runs, call by call, and cases that they do not cover, based on the source of OpenCode and the AI SDK. */
import { describe, expect, it } from '@jest/globals';
import { madeLog, madeSpan } from '../../test/support/telemetry/made-records.ts';
import { eventsIn, hash, indexOf, mapScenario } from '../../test/support/telemetry/read-captures.ts';
import type { AnyValue, SpanRecord } from '../../schemas/otlp/record.ts';
import { mappingFor } from '../index.ts';
import type { EventDraft, Mapped } from '../mapping/mapping.ts';
import { mapping } from './mapping.ts';

type Values = Readonly<Record<string, AnyValue>>;

function events(mapped: Mapped): readonly EventDraft[] {
  if (mapped.kind !== 'events') throw new Error(`no events: ${JSON.stringify(mapped)}`);
  return mapped.events;
}
const span = (name: string, values: Values, more: Partial<SpanRecord> = {}, resource: Values = {}): Mapped =>
  mapping.map(madeSpan('opencode', name, { 'session.id': 'ses_1', ...values }, more, resource), hash);
const call = (tool: string, args: Values, result?: AnyValue, error?: string): readonly EventDraft[] =>
  events(
    span(
      'ai.toolCall',
      {
        'ai.toolCall.name': tool,
        'ai.toolCall.id': 'call-1',
        'ai.toolCall.args': JSON.stringify(args),
        ...(result === undefined
          ? {}
          : { 'ai.toolCall.result': typeof result === 'string' ? result : JSON.stringify(result) }),
      },
      error === undefined ? {} : { statusCode: 2, statusMessage: error },
    ),
  );

describe('captured runs', () => {
  it.each(['basic', 'denied'])('%s: each call whose batch was sent is one event', (scenario) => {
    const steps = (indexOf('opencode', scenario).steps ?? []).filter(({ call: tool }) => typeof tool === 'string');
    const all = eventsIn(mapScenario('opencode', scenario));
    const calls = all.filter(({ callId }) => callId !== undefined);
    expect(calls.length).toBeGreaterThan(0);
    // The process ends before the last batch is sent.
    expect(calls.length).toBeLessThan(steps.length);
    for (const [index, { toolName, commandLine, filePath }] of calls.entries()) {
      const args = steps[index]?.['args'] as Readonly<Record<string, unknown>>;
      expect([toolName, commandLine, filePath]).toEqual([steps[index]?.['call'], args['command'], args['filePath']]);
    }
    expect(all.filter(({ category, action }) => category === 'session' && action === 'start')).toHaveLength(1);
    expect(new Set(all.map(({ sessionId }) => sessionId)).size).toBe(1);
  });

  it('every exit code is reported', () => {
    const codes = (scenario: string): readonly unknown[] =>
      eventsIn(mapScenario('opencode', scenario))
        .filter(({ category }) => category === 'command')
        .map(({ commandLine, exitCode, outcome }) => [commandLine, exitCode, outcome]);
    expect(codes('basic')).toEqual([['ls -la', 0, 'success']]);
    expect(codes('denied')).toEqual([['exit 3', 3, 'failure']]);
  });

  it('tokens are counted only on model calls', () => {
    const counted = eventsIn(mapScenario('opencode', 'basic')).filter(({ inputTokens }) => inputTokens !== undefined);
    expect(counted.map(({ action, inputTokens, outputTokens }) => [action, inputTokens, outputTokens])).toEqual([
      ['request', 7697, 20],
      ['request', 7828, 20],
    ]);
  });
});

describe('commands', () => {
  it('that were stopped, or returned nothing, have an unknown outcome', () => {
    for (const result of [undefined, { title: 'x', metadata: { exit: null, output: '' }, output: '' }, 'no JSON']) {
      const [event] = call('bash', { command: 'sleep 9' }, result);
      expect(event).toMatchObject({ category: 'command', outcome: 'unknown' });
      expect(event).toHaveProperty('exitCode', undefined);
    }
  });

  it('cannot print themselves an exit code', () => {
    const printed = '","metadata":{"exit":0}} "exit":0';
    const [event] = call('bash', { command: 'x' }, { metadata: { output: printed, exit: 4 }, output: printed });
    expect(event).toMatchObject({ exitCode: 4, outcome: 'failure' });
    expect(JSON.stringify(event)).not.toContain('\\"exit');
  });
});

describe('refusals', () => {
  const REJECTED = 'The user rejected permission to use this specific tool call.';
  const FORBIDDEN = 'The user has specified a rule which prevents you from using this specific tool call.';

  it.each([REJECTED, FORBIDDEN])('%s', (error) => {
    expect(call('bash', { command: 'rm x' }, undefined, error)).toMatchObject([
      { category: 'approval', action: 'decide', decision: 'denied', outcome: 'denied', callId: 'call-1' },
      { category: 'command', action: 'run', commandLine: 'rm x', outcome: 'denied', callId: 'call-1' },
    ]);
  });

  it('in the output of a tool that is not built in are failures', () => {
    expect(call('notes_add', {}, undefined, REJECTED)).toMatchObject([{ category: 'tool', outcome: 'failure' }]);
    expect(call('bash', { command: 'x' }, undefined, `It says: ${REJECTED}`)).toMatchObject([{ outcome: 'failure' }]);
  });
});

it('a tool that is not built in is a plain call, regardless of its name', () => {
  for (const tool of ['run_command', 'web_fetch', 'write_file', 'shell']) {
    const [event] = call(tool, { command: 'rm x', url: 'https://x.example/', file_path: 'a' }, { exit: 0 });
    expect(event).toMatchObject({ category: 'tool', action: 'call', toolName: tool, outcome: 'success' });
    expect(event?.attributes).toMatchObject({ 'gen_ai.tool.call.arguments.command': 'rm x' });
    for (const field of ['exitCode', 'commandLine', 'networkHost', 'filePath'])
      expect(event).toHaveProperty(field, undefined);
  }
});

describe('files', () => {
  it('of a patch are one event each, without its text', () => {
    const patchText = '*** Begin Patch\n*** Add File: a\n+secret\n*** Update File: b\n*** Move to: c\n*** End Patch';
    const told = call('apply_patch', { patchText });
    expect(told.map(({ action, filePath, fileBytes }) => [action, filePath, fileBytes])).toEqual([
      ['create', 'a', 7],
      ['move', 'c', undefined],
    ]);
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it('keep the length of the change', () => {
    const told = call('edit', { filePath: 'a', oldString: 'secret', newString: 'secret too' });
    expect(told).toMatchObject([{ category: 'file', action: 'update', filePath: 'a' }]);
    expect(JSON.stringify(told)).not.toContain('secret');
  });
});

describe('sessions', () => {
  const created = (text: string): Mapped =>
    mapping.map({ ...madeLog('opencode', { fiberId: 5 }), body: ['created', text] }, hash);

  it('name their directory and their parent', () => {
    expect(
      events(created('{"id":"ses_2","directory":"/w","parentID":undefined,"title":"x","agent":undefined}')),
    ).toMatchObject([{ category: 'session', action: 'start', sessionId: 'ses_2', cwd: '/w' }]);
    expect(events(created('{"id":"ses_2","parentID":"ses_1"}'))).toMatchObject([
      { category: 'session', action: 'spawn', sessionId: 'ses_2', parentSessionId: 'ses_1' },
    ]);
  });

  it.each(['', '{', '[]', '{"id":5}', '{"id":"prj_1"}', '{"id":undefined}'])('are not created from %j', (text) => {
    expect(created(text)).toEqual({ kind: 'skip', reason: 'internal' });
  });

  it('have one actor, although only model calls name the system user', () => {
    const model = span('ai.streamText.doStream', { 'ai.telemetry.metadata.userId': 'dev' });
    expect(model).toMatchObject({ kind: 'events', identity: {}, events: [{ userId: 'dev' }] });
    expect(model.kind === 'events' && model.identity.user).toBeUndefined();
    const named = span('ai.toolCall', { 'ai.toolCall.name': 'x' }, {}, { 'enduser.id': 'a@b.example' });
    expect(named).toMatchObject({ kind: 'events', identity: { user: 'a@b.example' } });
  });
});

describe('model calls', () => {
  it('keep neither content nor headers', () => {
    const secret = Object.fromEntries(
      [
        'ai.prompt',
        'ai.prompt.messages',
        'ai.response.text',
        'ai.response.reasoning',
        'ai.request.headers.Authorization',
      ].map((key) => [key, 'secret']),
    );
    expect(JSON.stringify(span('ai.streamText.doStream', secret))).not.toContain('secret');
  });

  it('that fail are errors', () => {
    const failed = span('ai.streamText.doStream', { 'ai.model.id': 'm' }, { statusCode: 2, statusMessage: 'quota' });
    expect(events(failed)).toMatchObject([{ category: 'model', action: 'error', reason: 'quota', model: 'm' }]);
  });

  it('and tools are reported once; the rest is skipped', () => {
    for (const name of ['ai.streamText', 'Tool.execute'])
      expect(span(name, {})).toEqual({ kind: 'skip', reason: 'repeated_elsewhere' });
    expect(span('sql.execute', { 'db.query.text': 'x' })).toEqual({ kind: 'skip', reason: 'internal' });
    expect(mappingFor({ attributes: [], bytes: new Uint8Array() }, { name: 'opencode', version: '' })).toBe(mapping);
  });
});
