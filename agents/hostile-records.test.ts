/** For any record, a mapping returns valid events, a skip or a reject; it never throws. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import { hash, mapScenario, scenariosOf } from '../test/support/telemetry/read-captures.ts';
import type { AnyValue, Attributes, FlatRecord, Scope } from '../schemas/otlp/record.ts';
import { AGENTS, mappingFor } from './index.ts';
import type { Mapped } from './mapping/mapping.ts';
import { runs, times } from '../test/support/runs.ts';

/** Grouped by agent, so that an agent with few captures is tested as often as one with many. */
const REAL: readonly (readonly FlatRecord[])[] = AGENTS.map(({ name }) =>
  scenariosOf(name)
    .flatMap((scenario) => mapScenario(name, scenario))
    .flatMap(({ records }) => records.filter(({ mapped }) => mapped.kind === 'events').map(({ record }) => record)),
);
const SCOPES: readonly Scope[] = [
  ...new Set(REAL.flatMap((records) => records.map(({ scope }) => scope.name))),
  'codex_exec',
  'some.program',
  '',
].map((name) => ({ name, version: '1' }));

const EVENT_NAMES = [
  'codex.tool_result',
  'codex.tool_decision',
  'codex.user_prompt',
  'codex.sse_event',
  'codex.agent_communication',
  'codex.network_proxy.policy_decision',
  'codex.sandbox_outcome',
  'codex.guardian_assessment',
  'codex.unheard_of',
  'tool_result',
  'tool_decision',
  'user_prompt',
  'api_request',
  'mcp_server_connection',
  'hook_execution_complete',
  'permission_mode_changed',
  'gemini_cli.tool_call',
  'gemini_cli.config',
  'gemini_cli.api_error',
  'gemini_cli.hook_call',
  'gemini_cli.conseca.verdict',
  'gemini_cli.agent.finish',
  'gemini_cli.chat_compression',
  'gemini_cli.__proto__',
  'qwen-code.tool_call',
  'qwen-code.config',
  'qwen-code.auth',
  'qwen-code.subagent_execution',
  'qwen-code.constructor',
  'session.end',
  'unheard_of',
  '__proto__',
  'constructor',
  'gen_ai.client.inference.operation.details',
];
const KEYS = [
  'conversation.id',
  'session.id',
  'gen_ai.conversation.id',
  'tool_name',
  'arguments',
  'output',
  'success',
  'duration_ms',
  'call_id',
  'prompt',
  'prompt_length',
  'decision',
  'source',
  'event.timestamp',
  'input_token_count',
  'server.address',
  'server.port',
  'sender_thread_id',
  'receiver_thread_id',
  'kind',
  'tool_parameters',
  'tool_input',
  'tool_use_id',
  'file_path',
  'workspace.host_paths',
  'gen_ai.operation.name',
  'gen_ai.tool.name',
  'gen_ai.tool.call.arguments',
  'gen_ai.input.messages',
  'function_name',
  'function_args',
  'metadata',
  'error',
  'error.type',
  'error_type',
  'status',
  'execution_status',
  'mcp_server_name',
  'tool_type',
  'interactive',
  'sandbox_enabled',
  'ai.toolCall.name',
  'ai.toolCall.args',
  'ai.toolCall.result',
  'ai.usage.inputTokens',
  'ai.prompt',
  'approval_mode',
  'verdict',
  'terminate_reason',
  'tokens_before',
  'gen_ai.tool.call.result',
  'mcp.method.name',
  'process.command_args',
  'process.exit.code',
  'user.email',
  'host.name',
  '__proto__',
  '',
];
const TEXTS = [
  'run_shell_command',
  'write_file',
  'web_fetch',
  'mcp_notes_add',
  'reject',
  'modify',
  'cancelled',
  'not_started',
  'shell_execute_error',
  'tool_not_registered',
  'execution_denied',
  'edit',
  '{"id":"ses_1","parentID":undefined}',
  '{"patchText":"*** Add File: a\\n+x"}',
  '{"metadata":{"exit":1e99}}',
  'created',
  '{"command":"ls","is_background":true}',
  '{"prompt":"a https://x.example/ http:// https://[::1"}',
  '{"exitCode":1e99,"isError":true}',
  '{"exitCode":3}',
  '{"file_path":5,"content":{}}',
  'Exit Code: 3\nSignal: (none)\nProcess Group PGID: (none)',
  'x\nExit Code: 9999999999\nSignal: (none)\nProcess Group PGID: 1',
  'exec_command',
  'apply_patch',
  'write_stdin',
  'Bash',
  'Write',
  'Monitor',
  'execute_tool',
  'invoke_agent',
  'chat',
  'tools/call',
  'true',
  'false',
  '{"cmd":"ls"}',
  '{"command":["bash","-lc","ls"]}',
  '{"cmd":5,"workdir":{}}',
  '{"__proto__":{"a":1},"cmd":"x"}',
  '*** Begin Patch\n*** Add File: a\n+x\n*** Update File: b\n*** Move to: c\n*** Delete File: d\n*** End Patch',
  `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
  `{"cmd":"ls","x":${'['.repeat(5000)}${']'.repeat(5000)}}`,
  'Process exited with code 99999999999\nOutput:\n',
  '-1',
  '1e400',
  '99999999999999999999',
  'NaN',
  '2026-11-23T06:28:18.852Z',
  '2026-99-99T99:99:99Z',
  '<task-notification><tool-use-id>x</tool-use-id><summary>Background command "x" failed with exit code 4</summary>',
  '\ud800',
  'a\udfff',
  '',
  '\0',
  'ä'.repeat(70_000),
  '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
];

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const value: fc.Arbitrary<AnyValue> = fc.letrec<{ value: AnyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    text,
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const attributes: fc.Arbitrary<Attributes> = fc.array(
  fc.tuple(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...KEYS) }, text), value),
  {
    maxLength: 20,
  },
);
const nanos = fc.option(fc.oneof(fc.constantFrom('0', '1795416555091000000', '18446744073709551615'), text), {
  nil: undefined,
});
const traceId = fc.constantFrom(undefined, '0af7651916cd43dd8448eb211c80319c');
const spanId = fc.constantFrom(undefined, 'b7ad6b7169203331');

const common = fc.record({
  scope: fc.constantFrom(...SCOPES),
  name: fc.oneof(
    fc.constantFrom(
      'claude_code.tool',
      'qwen-code.interaction',
      'ai.toolCall',
      'ai.streamText.doStream',
      'gemini_cli.token.usage',
      'claude_code.token.usage',
      'exec_command',
    ),
    text,
  ),
  eventName: fc.option(fc.constantFrom(...EVENT_NAMES), { nil: undefined }),
  attributes,
  resource: attributes,
});

const record: fc.Arbitrary<FlatRecord> = fc
  .tuple(
    common,
    nanos,
    nanos,
    traceId,
    spanId,
    fc.constantFrom('log', 'span', 'metric'),
    value,
    attributes,
    fc.double(),
  )
  .map(
    ([
      { scope, name, eventName, attributes: own, resource },
      time,
      end,
      trace,
      span,
      signal,
      body,
      ofEvent,
      number,
    ]): FlatRecord => {
      const all: Attributes = eventName === undefined ? own : [['event.name', eventName], ...own];
      const shared = {
        resource: { attributes: resource, bytes: new Uint8Array() },
        scope,
        name,
        bytes: new Uint8Array(),
        attributes: all,
        peek: (key: string): string | undefined => {
          const first = all.find(([name]) => name === key)?.[1];
          return typeof first === 'string' ? first : undefined;
        },
      };
      if (signal === 'log') {
        return {
          ...shared,
          signal,
          timeUnixNano: time,
          observedTimeUnixNano: end,
          severityNumber: 9,
          body,
          traceId: trace,
          spanId: span,
        };
      }
      if (signal === 'metric') {
        const type = 'sum' as const;
        return {
          ...shared,
          signal,
          unit: name,
          type,
          temporality: 7,
          timeUnixNano: time,
          startTimeUnixNano: end,
          value: number,
          count: 1,
        };
      }
      const events = [
        { name: 'exception', timeUnixNano: time, attributes: ofEvent },
        { name: 'any', timeUnixNano: end, attributes: ofEvent },
      ];
      return {
        ...shared,
        signal: 'span',
        traceId: trace,
        spanId: span,
        parentSpanId: undefined,
        kind: 1,
        startTimeUnixNano: time,
        endTimeUnixNano: end,
        statusCode: 2,
        statusMessage: name,
        events,
      };
    },
  );

function check(mapped: Mapped): void {
  if (mapped.kind !== 'events') {
    expect(mapped.reason).toMatch(/^[a-z_]+$/);
    return;
  }
  expect(mapped.events.length).toBeGreaterThan(0);
  for (const { content: _, ...draft } of mapped.events) {
    const stamped = {
      ...draft,
      eventId: '0'.repeat(32),
      tenant: 't',
      actor: 'a',
      sender: 's',
      receivedAt: 1,
      time: draft.time ?? 1,
    };
    expect(AgentEvent.safeParse(JSON.parse(JSON.stringify(stamped))).error).toBeUndefined();
  }
}

describe('hostile records', () => {
  it.each(AGENTS)('never make $name throw', ({ mapping }) => {
    fc.assert(
      fc.property(record, (hostile) => check(mapping.map(hostile, hash))),
      runs(300),
    );
  });

  it('never make a mapping throw when the rest of the record is real', () => {
    // A real record with one or two attributes replaced reaches more code than a random one.
    const replaced = fc.tuple(
      fc.constantFrom(...REAL).chain((records) => fc.constantFrom(...records)),
      fc.array(fc.tuple(fc.nat(60), value), { minLength: 1, maxLength: 2 }),
    );
    let events = 0;
    fc.assert(
      fc.property(replaced, ([real, changes]) => {
        const all: Attributes = real.attributes.map(([key, old], index) => {
          const change = changes.find(([at]) => at % real.attributes.length === index);
          return [key, change === undefined ? old : change[1]];
        });
        const hostile = Object.create(real, {
          attributes: { value: all },
          peek: {
            value: (key: string): string | undefined => {
              const first = all.find(([name]) => name === key)?.[1];
              return typeof first === 'string' ? first : undefined;
            },
          },
        }) as FlatRecord;
        const mapped = mappingFor(real.resource, real.scope)?.map(hostile, hash);
        if (mapped === undefined) throw new Error('no mapping');
        if (mapped.kind === 'events') events += 1;
        check(mapped);
      }),
      runs(800),
    );
    expect(events).toBeGreaterThan(times(400));
  });

  it('always find a mapping, and always the same', () => {
    fc.assert(
      fc.property(record, ({ resource, scope }) => {
        const found = mappingFor(resource, scope);
        expect(found).toBeDefined();
        expect(mappingFor(resource, scope)).toBe(found);
      }),
    );
  });
});
