/** Cases that the captures of Codex do not cover, or cover only in part. */
import { describe, expect, it } from '@jest/globals';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { madeLog, madeSpan } from '../../test/support/telemetry/made-records.ts';
import { eventsIn, hash, mapScenario } from '../../test/support/telemetry/read-captures.ts';
import type { AnyValue } from '../../schemas/otlp/record.ts';
import { mapping } from './mapping.ts';
import type { EventDraft, Mapped } from '../mapping/mapping.ts';

const SCOPE = 'codex_otel.log_only';
type Values = Readonly<Record<string, AnyValue>>;

const map = (name: string, values: Values, resource: Values = {}): Mapped =>
  mapping.map(madeLog(SCOPE, { 'event.name': `codex.${name}`, 'conversation.id': 'c-1', ...values }, resource), hash);

function events(mapped: Mapped): readonly EventDraft[] {
  if (mapped.kind !== 'events') throw new Error(`no events: ${JSON.stringify(mapped)}`);
  return mapped.events;
}

const result = (tool: string, args: string, values: Values = {}): EventDraft => {
  const [event] = events(
    map('tool_result', { tool_name: tool, arguments: args, success: 'true', output: '', ...values }),
  );
  if (event === undefined) throw new Error('no event');
  return event;
};

describe('codex', () => {
  it('skips a span by its name alone', () => {
    const unread = madeSpan('codex_exec', 'append_items', {});
    const record = Object.create(unread, {
      attributes: {
        get: () => {
          throw new Error('decoded');
        },
      },
    }) as typeof unread;
    expect(mapping.map(record, hash)).toEqual({ kind: 'skip', reason: 'internal' });
  });

  it('reports a request that is blocked for its method as one connection', () => {
    const request = { 'server.address': 'a.example', 'network.transport.protocol': 'http', 'execution.id': 'x' };
    const told = [
      { 'network.policy.decision': 'allow', 'network.policy.source': 'baseline_policy', ...request },
      {
        'network.policy.decision': 'deny',
        'network.policy.source': 'mode_guard',
        'network.policy.reason': 'method_not_allowed',
        ...request,
      },
    ].flatMap((values) => events(map('network_proxy.policy_decision', values)));
    expect(told.map(({ action, outcome, reason }) => [action, outcome, reason])).toEqual([
      ['connect', 'success', undefined],
      ['restrict', 'denied', 'method_not_allowed'],
    ]);
  });

  it('reads the shell tools of other models', () => {
    expect(result('shell', '{"command":["bash","-lc","id"],"workdir":"/srv"}')).toMatchObject({
      commandLine: 'id',
      cwd: '/srv',
    });
    expect(
      result('shell_command', '{"command":"id"}', { output: 'Exit code: 5\nWall time: 0 seconds\nOutput:\n' }),
    ).toMatchObject({
      category: 'command',
      exitCode: 5,
      outcome: 'failure',
    });
  });

  it('keeps what is typed into a running command, and its end', () => {
    const exited = 'Chunk ID: 1\nProcess exited with code 2\nOutput:\n';
    const told = [
      result('write_stdin', '{"session_id":5,"chars":"rm -rf /\\n"}', {
        output: 'Process running with session ID 5\nOutput:\n',
      }),
      result('write_stdin', '{"session_id":5,"chars":""}', { output: 'Process running with session ID 5\nOutput:\n' }),
      result('write_stdin', '{"session_id":5,"chars":""}', { output: exited }),
    ];
    expect(told.map(({ action, commandLine, exitCode, outcome }) => [action, commandLine, exitCode, outcome])).toEqual([
      ['input', 'rm -rf /\n', undefined, 'unknown'],
      ['poll', undefined, undefined, 'unknown'],
      ['finish', undefined, 2, 'failure'],
    ]);
  });

  it('counts a model call once, for numbers of any type', () => {
    const calls = [
      { 'event.kind': 'response.completed', duration_ms: '5' },
      { 'event.kind': 'response.completed', duration_ms: 5 },
      { 'event.kind': 'response.completed', input_token_count: 100, output_token_count: 7 },
      { 'event.kind': 'response.output_text.delta', duration_ms: 5 },
    ].map((values) => map('sse_event', values));
    expect(calls.map(({ kind }) => kind)).toEqual(['skip', 'skip', 'events', 'skip']);
    expect(calls.flatMap((mapped) => (mapped.kind === 'events' ? mapped.events : []))).toMatchObject([
      { category: 'model', action: 'request', inputTokens: 100, outputTokens: 7 },
    ]);
    expect(map('api_request', { 'http.response.status_code': 200 }).kind).toBe('skip');
    expect(events(map('api_request', { 'http.response.status_code': 503 }))).toMatchObject([{ action: 'error' }]);
  });

  it('is not fooled by a server that names its tool like a shell', () => {
    expect(result('exec_command', '{"cmd":"id"}', { mcp_server: 'evil' })).toMatchObject({
      category: 'mcp',
      mcpServer: 'evil',
    });
  });

  const REFUSALS = [
    'exec_command failed: CreateProcess { message: "Rejected(\\"rejected by user\\")" }',
    'exec_command failed: ProcessFailed { message: "Network access to \\"a.example\\" was blocked: no." }',
    'patch rejected: writing is blocked by read-only sandbox',
    'approval policy is Never; reject command',
  ];
  it.each([
    ['an MCP server', 'exec_command', { mcp_server: 'evil' }],
    ['an MCP server named by its namespace alone', 'apply_patch', { tool_namespace: 'mcp__evil' }],
    ['a script of code mode', 'exec', {}],
    ['another agent', 'wait_agent', { tool_namespace: 'collaboration' }],
  ])('does not take words of %s for a refusal', (_who, tool, values) => {
    for (const output of REFUSALS) {
      const event = result(tool, '{}', { ...values, output, success: 'false' });
      expect(event).toMatchObject({ outcome: 'failure', reason: output });
      expect(event.sandboxOutcome).toBeUndefined();
      expect(event.attributes).not.toHaveProperty('vigil.refusal');
    }
    const own = REFUSALS.map((output) => result('exec_command', '{"cmd":"id"}', { output, success: 'false' }).outcome);
    expect(own).toEqual(REFUSALS.map(() => 'denied'));
  });

  it('reads the parent of a session only from a spawn', () => {
    const thread = (kind: string): EventDraft | undefined => {
      const values = { 'event.name': 'codex.agent_communication', kind, state: 'send', content: 'secret' };
      const threads = { sender_thread_id: 'root', receiver_thread_id: 'child' };
      return events(mapping.map(madeLog('codex_otel.agent_communication', { ...values, ...threads }), hash))[0];
    };
    expect(thread('spawn')).toMatchObject({ action: 'spawn', sessionId: 'child', parentSessionId: 'root' });
    // A parent may answer or write to its child; that does not make it a child.
    for (const kind of ['result', 'message', 'followup']) {
      expect(thread(kind)).toMatchObject({ sessionId: 'root', attributes: { receiver_thread_id: 'child' } });
      expect(thread(kind)?.parentSessionId).toBeUndefined();
    }
    expect(['result', 'message'].map((kind) => thread(kind)?.action)).toEqual(['return', 'message']);
  });

  it('recognises only the settings of the automatic reviewer', () => {
    const review = {
      approval_policy: 'never',
      sandbox_policy: 'read-only',
      reasoning_summary: 'none',
      reasoning_effort: 'low',
    };
    const action = (values: Values): string | undefined => events(map('conversation_starts', values))[0]?.action;
    expect(action(review)).toBe('review_start');
    for (const key of Object.keys(review)) expect(action({ ...review, [key]: 'auto' })).toBe('start');
  });

  it('marks what only the text of a prompt says', () => {
    const text = 'The following is the Codex agent history …\nReviewed Codex session id: c-9\n';
    const [event] = events(map('user_prompt', { prompt: text }));
    expect(event).toMatchObject({ action: 'notify', parentSessionId: 'c-9' });
    expect(event?.attributes['vigil.told_by']).toBe('text of a prompt');
  });

  it('reports a viewed image as a file read', () => {
    expect(result('view_image', '{"path":"a.png"}')).toMatchObject({
      category: 'file',
      action: 'read',
      filePath: 'a.png',
    });
  });

  it('reports every file of a patch, failed ones as failed', () => {
    const patch = '*** Begin Patch\n*** Add File: a\n+x\n*** Update File: b\n*** Move to: c\n*** End Patch';
    const files = events(
      map('tool_result', { tool_name: 'apply_patch', arguments: patch, success: 'false', output: 'no such file b' }),
    );
    expect(
      files.map(({ action, filePath, outcome, reason, attributes }) => [
        action,
        filePath,
        outcome,
        reason,
        attributes['vigil.moved_from'],
      ]),
    ).toEqual([
      ['create', 'a', 'failure', 'no such file b', undefined],
      ['move', 'c', 'failure', 'no such file b', 'b'],
    ]);
  });

  it('reads decision words that no capture contains', () => {
    const decisions = ['approved_execpolicy_amendment', 'abort', 'timed_out', 'perhaps'].map((decision) => {
      const [event] = events(map('tool_decision', { decision, source: 'Config' }));
      return [event?.decision, event?.decisionScope, event?.outcome, event?.attributes['decision']];
    });
    expect(decisions).toEqual([
      ['approved', 'always', 'success', 'approved_execpolicy_amendment'],
      ['aborted', undefined, 'denied', 'abort'],
      ['timed_out', undefined, 'denied', 'timed_out'],
      ['unknown', undefined, 'unknown', 'perhaps'],
    ]);
  });

  it('keeps an unknown event without its content', () => {
    const [event] = events(map('turn_cost', { cost: '0.1', prompt: 'secret words' }));
    expect(event).toMatchObject({
      category: 'telemetry',
      action: 'event',
      attributes: { cost: '0.1', 'prompt.length': '12' },
    });
    expect(JSON.stringify(event)).not.toContain('secret');
  });

  it('rejects a record that names no session', () => {
    const record = madeLog(SCOPE, { 'event.name': 'codex.tool_decision' });
    expect(mapping.map(record, hash)).toEqual({
      kind: 'reject',
      reason: 'missing_session',
      detail: 'log codex.tool_decision names no session',
    });
  });

  it('rejects a session id that would have to be cut', () => {
    const mapped = map('tool_decision', { 'conversation.id': 'x'.repeat(257) });
    expect(mapped).toMatchObject({ kind: 'reject', reason: 'invalid_event' });
  });

  it('cuts an endless command line visibly', () => {
    const event = result('exec_command', JSON.stringify({ cmd: 'x'.repeat(1_100_000) }));
    expect(event.commandLine).toHaveLength(1_048_576);
    expect(event.attributes['vigil.cut.commandLine']).toBe('1100000');
  });

  it('leaves out a number that no column accepts, visibly', () => {
    const event = result('exec_command', '{"cmd":"x"}', { duration_ms: '4294967296' });
    expect(event.durationMs).toBeUndefined();
    expect(event.attributes['vigil.cut.durationMs']).toBe('4294967296');
    expect(AgentEvent.shape.durationMs.safeParse(4_294_967_296).success).toBe(false);
  });

  it('prefers a signed-in account to a name from the environment', () => {
    const signedIn = map('tool_decision', {
      'user.account_id': 'acc-1',
      'user.email': 'a@b.example',
      decision: 'approved',
    });
    expect(signedIn).toMatchObject({ identity: { account: 'acc-1', user: 'a@b.example' } });
    const claimed = map(
      'tool_decision',
      { decision: 'approved' },
      { 'user.email': 'c@d.example', 'user.account_id': 'fake', 'host.name': 'h' },
    );
    expect(claimed).toMatchObject({ identity: { user: 'c@d.example', host: 'h' } });
    expect(claimed).not.toHaveProperty('identity.account');
    expect(events(claimed)[0]).toMatchObject({
      userEmail: 'c@d.example',
      attributes: { 'vigil.user_source': 'resource' },
    });
  });
});

/** A capture of one scenario in JSON and one in protobuf: other ids, times and paths, the same events. */
describe.each([
  ['codex', 'basic-json', 'basic-binary'],
  ['codex', 'hello-json', 'hello-binary'],
  ['codex', 'network-policy', 'network-policy-binary'],
  ['claude-code', 'hello', 'hello-grpc'],
  ['claude-code', 'basic', 'basic-protobuf'],
  ['claude-code', 'sub-agent', 'sub-agent-protobuf'],
] as const)('%s %s and %s', (agent, json, protobuf) => {
  it('agree in every encoding', () => {
    const shape = (scenario: string): readonly string[] =>
      eventsIn(mapScenario(agent, scenario))
        .filter(({ signal, category }) => signal === 'log' && category !== 'model')
        .map(({ traceId: _traceId, spanId: _spanId, attributes, ...event }) => {
          const { category, action, outcome, exitCode, toolName, decision, networkHost, fileOperation } = event;
          const line = event.commandLine?.replace(/[a-z-]+-[0-9A-Za-z]{6}|:[0-9]{5}\b/g, '…');
          const words = [category, action, outcome, exitCode, toolName, decision, networkHost, fileOperation, line];
          // Without a trace exporter Codex has no trace ids on its logs.
          const names = [...Object.keys(event), ...Object.keys(attributes)].filter((key) => key !== 'event.timestamp');
          return `${words.join(' ')} ${names.sort().join()}`;
        })
        .sort();
    expect(shape(json)).toEqual(shape(protobuf));
  });
});
