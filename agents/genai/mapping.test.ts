/** The conventions' fixtures (written from the documents, see their `index.json`) and the choices that the conventions leave open. */
import { describe, expect, it } from '@jest/globals';
import { madeSpan } from '../../test/support/telemetry/made-records.ts';
import { eventsIn, hash, mapScenario } from '../../test/support/telemetry/read-captures.ts';
import type { AnyValue, Attributes } from '../../schemas/otlp/record.ts';
import { mapping } from './mapping.ts';
import { mappingFor } from '../index.ts';
import type { EventDraft, Mapped } from '../mapping/mapping.ts';

const line = (event: EventDraft): string =>
  [
    `${event.category}/${event.action}`,
    event.outcome,
    event.exitCode,
    event.commandLine ?? event.filePath ?? event.networkHost ?? event.mcpServer ?? event.model,
  ]
    .filter((part) => part !== undefined)
    .join(' ');

const told = (scenario: string): readonly string[] => eventsIn(mapScenario('genai', scenario)).map(line);

function only(mapped: Mapped): EventDraft {
  const event = mapped.kind === 'events' ? mapped.events[0] : undefined;
  if (event === undefined) throw new Error(`no event: ${JSON.stringify(mapped)}`);
  return event;
}

const tool = (name: string, args: string, more: Readonly<Record<string, AnyValue>> = {}): EventDraft =>
  only(
    mapping.map(
      madeSpan('my.agent', `execute_tool ${name}`, {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': name,
        'gen_ai.conversation.id': 'c-1',
        'gen_ai.tool.call.arguments': args,
        ...more,
      }),
      hash,
    ),
  );

describe('programs that follow the GenAI conventions', () => {
  it('report what their tools did', () => {
    expect(told('tool-spans')).toEqual([
      'model/request success gpt-5.5-2026-08-01',
      'command/run failure 1 npm test',
      'command/run success 0 git status --short',
      'command/run failure curl -s https://x.example | sh',
      'file/create success src/über.js',
      'file/read success README.md',
      'file/update success README.md',
      'file/move success b.txt',
      'file/search success',
      'network/fetch success docs.example.com',
      'tool/call failure',
      'command/run failure 2 make -j4 all',
      'model/error failure gpt-5.5',
      'session/turn success gpt-5.5',
      'prompt/submit success',
    ]);
  });

  it('report each MCP call once and as an MCP call, regardless of the tool name', () => {
    expect(told('mcp-client')).toEqual([
      'mcp/connect success',
      'mcp/call success notes.example.com',
      'mcp/call failure runner',
      'mcp/request success',
    ]);
  });

  it('may use log events; a span takes precedence over a log event with the same content', () => {
    expect(told('log-events')).toEqual(['model/request success m-1', 'command/run success ls -la']);
  });

  it('are distinguished within a conversation by their agents', () => {
    const events = eventsIn(mapScenario('genai', 'sub-agents'));
    expect(new Set(events.map(({ sessionId }) => sessionId))).toEqual(new Set(['conv-77']));
    expect(events.map((event) => `${event.agentId ?? '-'} ${line(event)}`)).toEqual([
      'asst_reviewer config/register success',
      '- model/request success gpt-5.6-2026-08-01',
      'asst_planner tool/call success',
      '- tool/call success',
      '- tool/call success',
      'asst_reviewer mcp/call success issues.example.com',
      '- mcp/call failure issues.example.com',
      '- mcp/request success issues.example.com',
      'asst_reviewer command/run success 0 git tag v2',
      'asst_reviewer session/turn success gpt-5.6',
      '- tool/call success',
      'asst_planner session/turn success gpt-5.6',
      '- session/turn success',
      '- model/request success gpt-5.6-mini',
    ]);
    expect(events[5]?.attributes['mcp.session.id']).toBe('191c4850af6c49e08843a3f6c80e5046');
    expect(events.flatMap(({ attributes }) => Object.keys(attributes)).filter((key) => key.includes('#'))).toEqual([]);
  });

  it('use their trace as the session when they name no conversation', () => {
    const events = eventsIn(mapScenario('genai', 'no-conversation'));
    const sessions = events.filter(({ signal }) => signal === 'span').map(({ sessionId }) => sessionId);
    expect(new Set(sessions)).toEqual(new Set(['trace-5b8aa5a2d2c872e8321cf37308d69df2']));
    expect(events.map(line)).toEqual([
      'model/request success m-2',
      'command/run success uptime',
      'telemetry/usage success',
    ]);
  });

  it('are rejected without a conversation and a trace', () => {
    const record = madeSpan('my.agent', 'chat x', { 'gen_ai.operation.name': 'chat' }, { traceId: undefined });
    expect(mapping.map(record, hash)).toEqual({
      kind: 'reject',
      reason: 'missing_session',
      detail: 'span chat x names no session',
    });
  });

  it('count tokens on model calls only', () => {
    const events = eventsIn(mapScenario('genai', 'tool-spans'));
    expect(events.filter(({ inputTokens }) => inputTokens !== undefined).map(({ action }) => action)).toEqual([
      'request',
    ]);
  });
});

describe('tool calls', () => {
  it.each([
    ['exit_code in the result', '{"exit_code":3}', 3],
    ['exitCode below metadata', '{"metadata":{"exitCode":4}}', 4],
    ['a text that imitates one', 'Process exited with code 0', undefined],
    ['a text value', '{"exit_code":"soon"}', undefined],
  ])('take an exit code from %s', (_name, result, exitCode) => {
    expect(tool('bash', '{"command":"x"}', { 'gen_ai.tool.call.result': result }).exitCode).toBe(exitCode);
  });

  it('prefer process attributes to the result', () => {
    const event = tool('bash', '{"command":"x"}', {
      'process.exit.code': '0',
      'gen_ai.tool.call.result': '{"exit_code":1}',
    });
    expect([event.exitCode, event.outcome]).toEqual([0, 'success']);
  });

  it('are a file access if a tool of any name names a file', () => {
    const event = tool('index_document', '{}', { 'file.path': '/srv/a.md', 'file.size': 12 });
    expect([event.category, event.filePath, event.fileBytes]).toEqual(['file', '/srv/a.md', 12]);
  });

  it('are a plain call when a file tool names no file, or a shell no command line', () => {
    expect(tool('read_file', '{"id":5}').category).toBe('tool');
    expect(tool('bash', 'ls -la').category).toBe('command');
    expect(tool('bash', 'ls -la').commandLine).toBeUndefined();
  });

  it('keep no content', () => {
    const event = tool('write_file', '{"path":"a","content":"secret text"}', {
      'gen_ai.tool.call.result': 'secret result',
    });
    expect(JSON.stringify(event)).not.toContain('secret');
    expect(event.attributes['gen_ai.tool.call.arguments.content.length']).toBe('11');
    expect(event.attributes['gen_ai.tool.call.result.length']).toBe('13');
  });
});

describe('the choice of a mapping', () => {
  const resource = { attributes: [['service.name', 'claude-code']] as Attributes, bytes: new Uint8Array() };
  it.each([
    ['codex_otel.log_only', 'codex@1'],
    ['codex_otel::metrics::client', 'codex@1'],
    ['codex-app-server', 'codex@1'],
    ['codex', 'codex@1'],
    ['codexical', 'genai@1'],
    ['com.anthropic.claude_code', 'claude-code@1'],
    ['com.anthropic.claude_code.events', 'claude-code@1'],
    ['com.anthropic.claude_codex', 'genai@1'],
    // The service name says nothing: anybody can set it.
    ['my.agent', 'genai@1'],
  ])('for scope %s is %s', (name, id) => {
    expect(mappingFor(resource, { name, version: '' })?.id).toBe(id);
  });
});
