/** Copilot CLI's fixtures (written from its documentation, see their README) and the choices that the mapping makes. */
import { describe, expect, it } from '@jest/globals';
import { madeSpan } from '../../test/support/telemetry/made-records.ts';
import { eventsIn, hash, mapScenario } from '../../test/support/telemetry/read-captures.ts';
import type { AnyValue, Attributes, SpanRecord } from '../../schemas/otlp/record.ts';
import { mapping } from './mapping.ts';
import { mappingFor } from '../index.ts';
import type { EventDraft, Mapped } from '../mapping/mapping.ts';

type Values = Readonly<Record<string, AnyValue>>;

const line = (event: EventDraft): string =>
  [
    `${event.category}/${event.action}`,
    event.outcome,
    event.exitCode,
    event.commandLine ?? event.filePath ?? event.networkHost ?? event.mcpServer ?? event.toolName,
  ]
    .filter((part) => part !== undefined)
    .join(' ');

const told = (mapped: Mapped): readonly EventDraft[] => (mapped.kind === 'events' ? mapped.events : []);
const span = (operation: string, values: Values, more: Partial<SpanRecord> = {}): readonly EventDraft[] =>
  told(
    mapping.map(
      madeSpan(
        'github.copilot',
        operation,
        { 'gen_ai.operation.name': operation, 'gen_ai.conversation.id': 'c-1', ...values },
        more,
      ),
      hash,
    ),
  );
const tool = (name: string, values: Values): readonly EventDraft[] =>
  span('execute_tool', { 'gen_ai.tool.name': name, 'gen_ai.tool.call.id': 'call-1', ...values });
const event = (name: string, attributes: Values) => ({
  name,
  timeUnixNano: '1795500000000000000',
  attributes: Object.entries(attributes) as Attributes,
});
const PARAMETERS = 'github.copilot.tool.parameters.';

describe('Copilot CLI', () => {
  it('reports what it did when content is recorded', () => {
    expect(eventsIn(mapScenario('copilot-cli', 'content')).map(line)).toEqual([
      'model/request success',
      'command/run failure 1 npm test',
      'sandbox/report success',
      'file/read success /srv/shop/src/cart.ts',
      'file/search success /srv/shop/src',
      'file/update success /srv/shop/src/cart.ts',
      'file/create success /srv/shop/src/new.ts',
      'file/update success src/a.ts',
      'file/delete success src/b.ts',
      'network/fetch success docs.example.com',
      'mcp/call success github-mcp-server',
      'command/run failure git push --force',
      'model/request success',
      'session/turn success',
      'prompt/submit success',
      'session/end success',
    ]);
  });

  it('reports its tools, hooks, servers and skills when content is not recorded', () => {
    expect(eventsIn(mapScenario('copilot-cli', 'no-content')).map(line)).toEqual([
      'model/request success',
      'tool/hook success',
      'tool/hook denied',
      'approval/decide denied bash',
      'tool/hook failure',
      'tool/skill success review',
      'model/compact success',
      'command/run success 0 bash',
      'sandbox/report success',
      'command/run unknown powershell',
      'tool/call success view',
      'mcp/call success 2c26b46b68ffc68f',
      'tool/call success skill',
      'tool/call failure skill',
      'tool/call success task',
      'file/search success glob',
      'session/turn success',
      'tool/hook denied',
      'model/error failure',
      'session/turn success',
      'prompt/submit success',
      'mcp/connect success 2c26b46b68ffc68f',
      'mcp/connect failure fcde2b2edba56bf4',
    ]);
  });

  it('counts a prompt once, and does not read the multiplier as a cost', () => {
    const events = eventsIn(mapScenario('copilot-cli', 'content'));
    expect(events.filter(({ category }) => category === 'prompt')).toMatchObject([
      { contentLength: 61, turnId: '1b7a9c52-0a53-4c1d-8e16-0f9b6f1a2c3d' },
    ]);
    expect(events.filter(({ costUsd }) => costUsd !== undefined)).toEqual([]);
    expect(events[2]).toMatchObject({ category: 'sandbox', callId: 'call_1', sandboxOutcome: 'inactive' });
  });

  it('creates one event for each of several prompts', () => {
    const message = event('github.copilot.user.message', { 'github.copilot.message': 'one' });
    const values = { 'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"one"}]}]' };
    const events = span('invoke_agent', values, {
      events: [message, { ...message, attributes: [['content', 'other']] }],
    });
    expect(events.filter(({ category }) => category === 'prompt').map(({ contentHash }) => contentHash)).toEqual([
      hash('one'),
      hash('other'),
    ]);
    expect(events.flatMap(({ content }) => content ?? [])).toEqual(['one', 'other']);
    expect(JSON.stringify(events.map(({ content: _, ...rest }) => rest))).not.toContain('other"');
  });

  it('reads the command outside of the arguments when there are none, and marks it as cut', () => {
    expect(tool('bash', { [`${PARAMETERS}command`]: 'ls' })).toMatchObject([{ commandLine: 'ls', outcome: 'unknown' }]);
    const [cut] = tool('bash', { [`${PARAMETERS}command`]: 'x'.repeat(256) });
    expect(cut).toMatchObject({ attributes: { 'vigil.cut.commandLine': '256 or more' } });
  });

  it('reads a plain patch and a patch in an argument', () => {
    const patch = '*** Begin Patch\n*** Add File: a\n+x\n*** End Patch';
    const created = [{ action: 'create', filePath: 'a', callId: 'call-1' }];
    expect(tool('apply_patch', { 'gen_ai.tool.call.arguments': patch })).toMatchObject(created);
    expect(tool('apply_patch', { 'gen_ai.tool.call.arguments': JSON.stringify({ input: patch }) })).toMatchObject(
      created,
    );
    expect(tool('apply_patch', { 'gen_ai.tool.call.arguments': `{"input": *** Begin Patch` })).toHaveLength(1);
  });

  it('is recognised by its scope, or by its service when the scope has another name', () => {
    const resource = (service: string) => ({
      attributes: [['service.name', service]] as const,
      bytes: new Uint8Array(),
    });
    expect(mappingFor(resource('renamed'), { name: 'github.copilot', version: '' })?.id).toBe('copilot-cli@1');
    expect(mappingFor(resource('github-copilot'), { name: 'renamed', version: '' })?.id).toBe('copilot-cli@1');
    expect(mappingFor(resource('copilot-chat'), { name: 'copilot-chat', version: '' })?.id).toBe('genai@1');
  });

  it('keeps an unknown event without its content', () => {
    const unknown = event('github.copilot.new.thing', { 'github.copilot.message': 'secret', kind: 'x' });
    const events = span('session.timing.x', {}, { events: [unknown, event('exception', {})] });
    expect(events).toMatchObject([
      { category: 'telemetry', action: 'event', attributes: { kind: 'x', 'event.name': 'github.copilot.new.thing' } },
    ]);
    expect(JSON.stringify(events)).not.toContain('secret');
  });

  it('rejects records without a session, and skips internal spans', () => {
    const made = (values: Values) => mapping.map(madeSpan('github.copilot', 'x', values), hash);
    expect(made({ 'gen_ai.operation.name': 'chat' })).toMatchObject({ kind: 'reject', reason: 'missing_session' });
    expect(made({ 'gen_ai.operation.name': 'toString' })).toEqual({ kind: 'skip', reason: 'internal' });
    expect(made({})).toEqual({ kind: 'skip', reason: 'internal' });
  });
});
