/**
 * What real agents do that a receiver would not expect, each with what Vigil makes of it. The numbers are those of
 * docs/reference/agent-oddities.md, which lists them all; a test holds the two together.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { mappingFor } from '../agents/index.ts';
import type { EventDraft, Mapped } from '../agents/mapping/mapping.ts';
import { readJson } from '../collector/otlp/json/read-json.ts';
import type { AnyValue, FlatRecord, LogRecord } from '../schemas/otlp/record.ts';
import { madeLog } from './support/telemetry/made-records.ts';
import { eventsIn, hash, mapScenario } from './support/telemetry/read-captures.ts';
import { type CapturedRequest, capturedRequests, post } from './support/telemetry/captures.ts';
import { type TestCollector, startTestCollector } from './support/collector.ts';

type Values = Readonly<Record<string, AnyValue>>;

const mapped = (record: FlatRecord): Mapped | undefined => mappingFor(record.resource, record.scope)?.map(record, hash);
const eventsOf = (record: FlatRecord): readonly EventDraft[] => {
  const result = mapped(record);
  return result?.kind === 'events' ? result.events : [];
};
const codex = (name: string, values: Values, more: Partial<LogRecord> = {}): readonly EventDraft[] =>
  eventsOf({
    ...madeLog('codex_otel.log_only', { 'event.name': `codex.${name}`, 'conversation.id': 'c-1', ...values }),
    ...more,
  });
const claude = (values: Values, more: Partial<LogRecord> = {}): readonly EventDraft[] =>
  eventsOf({ ...madeLog('com.anthropic.claude_code.events', { 'session.id': 's-1', ...values }), ...more });
const events = (agent: string, scenario: string): readonly EventDraft[] => eventsIn(mapScenario(agent, scenario));
const recordsOf = (agent: string, scenario: string): readonly FlatRecord[] =>
  mapScenario(agent, scenario).flatMap(({ records }) => records.map(({ record }) => record));
const of = (all: readonly EventDraft[], category: string, action: string): readonly EventDraft[] =>
  all.filter((event) => event.category === category && event.action === action);

const GEMINI = new URL('../agents/gemini-cli/captures/default-denied/', import.meta.url);
const gemini = (file: string): Buffer => readFileSync(new URL(file, GEMINI));
function geminiRecords(): readonly FlatRecord[] {
  const records: FlatRecord[] = [];
  readJson('logs', gunzipSync(gemini('001.logs.json.gz')), (record) => records.push(record));
  return records;
}

describe('1: the event’s name is in an attribute, in the field, or in the body', () => {
  it('a source position in the field is no name', () => {
    const named = recordsOf('codex', 'basic-json').filter((record) => record.name.startsWith('event otel/src/'));
    expect(named.length).toBeGreaterThan(10);
    for (const record of named) {
      for (const event of eventsOf(record)) expect(event.attributes['event.name']).toMatch(/^codex\.[a-z_.]+$/);
    }
    expect(codex('tool_decision', { decision: 'approved' }, { name: 'codex.tool_result' })[0]?.category).toBe(
      'approval',
    );
  });

  it('the field counts where no attribute tells it', () => {
    const record = { ...madeLog('any', { 'session.id': 's' }), name: 'gen_ai.client.inference.operation.details' };
    expect(eventsOf(record)).toMatchObject([{ category: 'model', action: 'request' }]);
    const other = madeLog('any', { 'session.id': 's', 'event.name': 'gen_ai.choice', 'gen_ai.operation.name': 'chat' });
    expect(mapped({ ...other, name: 'gen_ai.client.inference.operation.details' })).toEqual({
      kind: 'skip',
      reason: 'repeated_elsewhere',
    });
  });

  it('the body counts where neither does', () => {
    expect(claude({}, { body: 'claude_code.api_request' })).toMatchObject([{ category: 'model', action: 'request' }]);
    expect(claude({ 'event.name': 'api_error' }, { body: 'claude_code.api_request' })).toMatchObject([
      { action: 'error' },
    ]);
    expect(claude({}, { body: 'a sentence' })).toEqual([]);
  });
});

describe('2: a record’s own time is 0', () => {
  it('then it is when it was observed, or what an attribute says', () => {
    const records = recordsOf('codex', 'basic-binary').filter(({ signal }) => signal === 'log');
    expect(records.map((record) => record.signal === 'log' && record.timeUnixNano)).toEqual(
      records.map(() => undefined),
    );
    for (const { time } of events('codex', 'basic-binary')) expect(time).toBeGreaterThan(Date.UTC(2026, 10));
    const stamp = { 'event.timestamp': '2026-11-23T06:28:18.852Z', decision: 'approved' };
    expect(codex('tool_decision', stamp)[0]?.time).toBe(Date.parse('2026-11-23T06:28:18.852Z'));
  });
});

describe('3: the body is null, a sentence, a name or a list', () => {
  it('none of them is needed, and none fails', () => {
    const bodies: readonly AnyValue[] = [
      null,
      'Tool call: x. Decision: accept.',
      ['evaluated', '{"permission":undefined}'],
      { a: [1] },
    ];
    for (const body of bodies) {
      expect(codex('tool_decision', { decision: 'approved' }, { body })).toHaveLength(1);
      expect(claude({ 'event.name': 'api_request' }, { body })).toHaveLength(1);
    }
    expect(geminiRecords().some((record) => record.signal === 'log' && typeof record.body === 'string')).toBe(true);
  });
});

describe('4: numbers and booleans come as text', () => {
  it.each([
    ['"87"', '87', 'true'],
    ['87', 87, true],
  ])('%s is 87', (_how, duration, success) => {
    const call = {
      tool_name: 'exec_command',
      arguments: '{"cmd":"ls"}',
      output: 'Process exited with code 0\nOutput:\n',
    };
    expect(codex('tool_result', { ...call, duration_ms: duration, success })).toMatchObject([
      { durationMs: 87, outcome: 'success' },
    ]);
    const ran = { 'event.name': 'tool_result', tool_name: 'Bash', duration_ms: duration, success };
    expect(claude(ran)).toMatchObject([{ durationMs: 87, outcome: 'success' }]);
  });
});

describe('5: integers of OTLP/JSON are numbers or text', () => {
  it('both mean the same', () => {
    const read = (value: string): AnyValue | undefined => {
      let found: AnyValue | undefined;
      const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"n","value":{"intValue":${value}}}]}]}]}]}`;
      readJson('logs', Buffer.from(body), ({ attributes }) => (found = attributes[0]?.[1]));
      return found;
    };
    expect([read('200'), read('"200"')]).toEqual([200, 200]);
  });
});

describe('6: an attribute’s value is empty', () => {
  it('it is as if it were not there', () => {
    const records = geminiRecords();
    expect(records.some(({ attributes }) => attributes.some(([, value]) => value === null))).toBe(true);
    const [event] = codex('tool_decision', { decision: null, call_id: null, extra: null });
    expect(event).toMatchObject({ decision: 'unknown' });
    expect(event?.callId).toBeUndefined();
    expect(event?.attributes).not.toHaveProperty('extra');
  });
});

describe('7: one key stands twice on a span', () => {
  it('both values are there, in their order', () => {
    const twice = recordsOf('codex', 'basic-binary').filter(
      ({ attributes }) => attributes.filter(([key]) => key === 'thread.id').length === 2,
    );
    expect(twice.length).toBeGreaterThan(0);
    for (const { attributes } of twice) {
      expect(attributes.filter(([key]) => key === 'thread.id').map(([, value]) => typeof value)).toEqual([
        'number',
        'string',
      ]);
    }
  });
});

describe('8: an attribute holds JSON as text, or a patch, or a script', () => {
  it('each becomes what it is', () => {
    expect(of(events('codex', 'basic-json'), 'command', 'run').map(({ commandLine }) => commandLine)).toContain(
      'ls -la',
    );
    expect(
      events('codex', 'basic-json').some(({ category, filePath }) => category === 'file' && filePath !== undefined),
    ).toBe(true);
    const scripts = of(events('codex', 'code-mode'), 'tool', 'call').filter(({ toolName }) => toolName === 'exec');
    expect(scripts.length).toBeGreaterThan(0);
    for (const { attributes, commandLine } of scripts) {
      expect(Number(attributes['arguments.length'])).toBeGreaterThan(0);
      expect(commandLine).toBeUndefined();
    }
  });
});

describe('9: success does not mean that the command succeeded', () => {
  it('the exit code counts where there is one', () => {
    const failed = of(events('codex', 'basic-json'), 'command', 'run').filter(({ exitCode }) => exitCode === 7);
    expect(failed.map(({ outcome }) => outcome)).toEqual(['failure']);
    for (const event of of(events('claude-code', 'basic'), 'command', 'run')) expect(event.exitCode).toBeUndefined();
  });
});

describe('10: the order of records is not the order of time', () => {
  it('each event has its own time, by which it can be sorted', () => {
    const all = events('codex', 'network-policy');
    const times = all.map(({ time }) => time ?? 0);
    const sorted = times.toSorted((a, b) => a - b);
    expect(times).not.toEqual(sorted);
    // In time a connection falls between the decision about its command and that command's end.
    const story = all.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0)).map(({ category }) => category);
    const connected = story.indexOf('network');
    expect(story.slice(0, connected)).toContain('approval');
    expect(story.slice(connected)).toContain('command');
    // The store sorts them so: test/captured-sessions.engine.test.ts.
  });
});

describe('11: log records have a trace and span, or none', () => {
  it('sessions and calls are joined without them', () => {
    for (const scenario of ['basic-json', 'basic-binary']) {
      const all = events('codex', scenario).filter(({ signal }) => signal === 'log');
      expect(all.some(({ traceId }) => traceId !== undefined)).toBe(scenario === 'basic-binary');
      expect(new Set(all.map(({ sessionId }) => sessionId)).size).toBe(1);
      const decided = new Set(of(all, 'approval', 'decide').map(({ callId }) => callId));
      const ran = of(all, 'command', 'run').map(({ callId }) => callId);
      expect(ran.filter((callId) => !decided.has(callId))).toEqual([]);
      expect(ran.length).toBeGreaterThan(3);
    }
    // A connection has a trace of its own, not its command's.
    const policy = events('codex', 'network-policy-binary');
    const commands = new Set(of(policy, 'command', 'run').map(({ traceId }) => traceId ?? 'none'));
    expect(of(policy, 'network', 'connect').filter(({ traceId }) => commands.has(traceId ?? ''))).toEqual([]);
  });
});

describe('12 and 14: each batch is sent once, and is large', () => {
  let collector: TestCollector;
  beforeAll(async () => {
    collector = await startTestCollector(true);
  });
  afterAll(() => collector.stop());

  it('12: with the bus away every batch is answered 200, and waits', async () => {
    for (const request of capturedRequests('codex')) {
      expect([request.scenario, (await post(collector.otlp, request)).status]).toEqual([request.scenario, 200]);
    }
    const [received, waiting, skipped] = await Promise.all(
      (['received', 'waiting', 'skipped'] as const).map((state) => collector.recordsThatAre(state)),
    );
    expect(waiting).toBeGreaterThan(200);
    expect(received).toBe((waiting ?? 0) + (skipped ?? 0));
  });

  it('14: a batch of spans of more than 1.2 MB is taken, and each span skipped', async () => {
    const [captured] = capturedRequests('codex').filter(
      ({ signal, contentType }) => signal === 'traces' && contentType === 'application/json',
    );
    if (captured === undefined) throw new Error('no spans');
    const { resourceSpans } = JSON.parse(captured.body.toString()) as { resourceSpans: unknown[] };
    const copies = Math.ceil(1.3e6 / captured.body.length);
    const many = { resourceSpans: Array.from({ length: copies }, () => resourceSpans).flat() };
    const body = Buffer.from(JSON.stringify(many, null, 2));
    expect(body.length).toBeGreaterThan(1.2e6);
    const before = await collector.recordsThatAre('skipped');
    const waiting = await collector.recordsThatAre('waiting');
    expect((await post(collector.otlp, { ...captured, body })).status).toBe(200);
    expect((await collector.recordsThatAre('skipped')) - before).toBeGreaterThan(300);
    expect(await collector.recordsThatAre('waiting')).toBe(waiting);
  });
});

describe('13: bodies are compressed and have no length', () => {
  let collector: TestCollector;
  beforeAll(async () => {
    collector = await startTestCollector();
  });
  afterAll(() => collector.stop());

  /** In chunks of odd sizes, as no Content-Length announces them. */
  const sendChunked = (path: string, body: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      const request = httpRequest(`${collector.otlp}${path}`, { method: 'POST', headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      });
      request.on('error', reject);
      for (let at = 0; at < body.length; at += 1_237) request.write(body.subarray(at, at + 1_237));
      request.end();
    });

  it('they are taken, a captured one as it was sent', async () => {
    for (const [file, path] of [
      ['001.logs.json.gz', '/v1/logs'],
      ['002.metrics.json.gz', '/v1/metrics'],
      ['003.traces.json.gz', '/v1/traces'],
    ] as const) {
      expect([file, await sendChunked(path, gemini(file))]).toEqual([file, 200]);
    }
    expect(await collector.recordsThatAre('received')).toBeGreaterThan(geminiRecords().length);
    const [hello] = capturedRequests('claude-code').filter(
      ({ scenario, signal }) => scenario.endsWith('/hello') && signal === 'logs',
    );
    expect(await sendChunked('/v1/logs', gzipSync(hello?.body ?? Buffer.alloc(0)))).toBe(200);
    const events = await collector.events();
    expect(events.filter(({ category }) => category === 'command').map(({ commandLine }) => commandLine)).toContain(
      'echo hello',
    );
    // 17, as the collector publishes it: the prompt on Gemini's command line is nowhere.
    expect(JSON.stringify(events)).not.toContain('Write a note.');
  });
});

describe('15: the tail is lost', () => {
  it('a call that has a decision and no end becomes an event by its decision', () => {
    const all = events('claude-code', 'killed');
    const ended = new Set(all.filter(({ category }) => category !== 'approval').map(({ callId }) => callId));
    const open = of(all, 'approval', 'decide').filter(({ callId }) => !ended.has(callId));
    expect(open.map(({ decision }) => decision)).toEqual(['approved']);
    expect(open[0]?.commandLine).toMatch(/^sleep /);
  });
});

describe('16: content switches change the evidence', () => {
  it('what is left becomes events', () => {
    const bare = events('claude-code', 'no-details').filter(({ signal }) => signal === 'log');
    const ran = of(bare, 'command', 'run');
    expect(ran.length).toBeGreaterThan(2);
    for (const event of ran) {
      expect(event.commandLine).toBeUndefined();
      expect([event.toolName, event.outcome]).toEqual(['Bash', expect.stringMatching(/^(success|failure)$/)]);
    }
    const redacted = events('codex', 'multi-turn');
    expect(of(redacted, 'prompt', 'submit').map(({ contentHash }) => contentHash)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    for (const event of of(redacted, 'command', 'run')) expect(event.commandLine).toBeDefined();
  });
});

describe('17: the resource holds the command line, and the prompt in it', () => {
  it('it is not kept', () => {
    const [record] = geminiRecords();
    if (record === undefined) throw new Error('no record');
    const args = record.resource.attributes.find(([key]) => key === 'process.command_args')?.[1];
    expect(args).toContain('Write a note.');
    const { resource } = record;
    const chat = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' };
    for (const made of [
      madeLog('my.agent', chat),
      madeLog('codex_otel.log_only', { 'event.name': 'codex.turn_cost', 'conversation.id': 'c' }),
    ]) {
      const events = eventsOf({ ...made, resource });
      expect(events).toHaveLength(1);
      expect(JSON.stringify(events)).not.toContain('Write a note.');
      expect(events[0]?.attributes).toHaveProperty(['resource.process.command_args.length']);
    }
  });
});

describe('18: a refused call says less than one that ran', () => {
  it('what another record knows of it is joined by its call', () => {
    const all = events('claude-code', 'denied');
    const refused = of(all, 'approval', 'decide').filter(({ decision }) => decision === 'denied');
    const writes = refused.filter(({ toolName }) => toolName === 'Write');
    expect(writes.length).toBeGreaterThan(0);
    for (const { callId, filePath } of writes) {
      expect(filePath).toBeUndefined();
      const described = of(all, 'tool', 'describe').find((event) => event.callId === callId);
      expect(described?.filePath).toMatch(/^\//);
      // It claims nothing: no file was touched.
      expect([described?.outcome, described?.fileOperation]).toEqual(['unknown', undefined]);
    }
    for (const { callId } of refused)
      expect(all.filter((event) => event.callId === callId && event.category === 'file')).toEqual([]);
  });
});

describe('19: a prompt is not always a person’s', () => {
  it('notifications and reviews are recognised by it, and marked as what their text says', () => {
    const notified = [
      ...of(events('claude-code', 'background'), 'prompt', 'notify'),
      ...of(events('codex', 'auto-review'), 'prompt', 'notify'),
    ];
    expect(notified.length).toBeGreaterThan(2);
    for (const { attributes } of notified) expect(attributes['vigil.told_by']).toBe('text of a prompt');
  });

  it('a review whose prompt is redacted is recognised by the settings of its session', () => {
    const all = events('codex', 'auto-review');
    const reviewers = new Set(of(all, 'session', 'review_start').map(({ sessionId }) => sessionId));
    expect(of(all, 'prompt', 'notify').every(({ sessionId }) => reviewers.has(sessionId))).toBe(true);
    expect(of(all, 'prompt', 'submit').some(({ sessionId }) => reviewers.has(sessionId))).toBe(false);
    const sessions = ['basic-json', 'read-only', 'multi-turn', 'sub-agent', 'user-approvals', 'full-access'];
    expect(sessions.flatMap((scenario) => of(events('codex', scenario), 'session', 'review_start'))).toEqual([]);
    // Which sessions' redacted prompts count as a person's: test/captured-sessions.engine.test.ts.
  });
});

describe('20: names and identities can come from the environment', () => {
  const named = (request: CapturedRequest): CapturedRequest => ({
    ...request,
    body: Buffer.from(
      request.body.toString().replaceAll('{"stringValue":"claude-code"}', '{"stringValue":"codex_exec"}'),
    ),
  });

  it('an agent is recognised by its scope, regardless of its service name', () => {
    const [request] = capturedRequests('claude-code').filter(
      ({ scenario, signal }) => scenario.endsWith('/hello') && signal === 'logs',
    );
    if (request === undefined) throw new Error('no capture');
    const agents = (body: Buffer): readonly string[] => {
      const found: string[] = [];
      readJson('logs', body, (record) =>
        found.push(...eventsOf(record).map(({ agentName, mapping }) => `${agentName} ${mapping}`)),
      );
      return found;
    };
    expect(named(request).body.equals(request.body)).toBe(false);
    expect(agents(named(request).body)).toEqual(agents(request.body));
    expect(new Set(agents(request.body))).toEqual(new Set(['claude-code claude-code@1']));
  });

  it('an address that the environment put on the record is marked', () => {
    const forged = { 'user.email': 'boss@example.com' };
    const record = madeLog(
      'com.anthropic.claude_code.events',
      { 'event.name': 'api_request', 'session.id': 's', ...forged },
      forged,
    );
    expect(eventsOf(record)[0]?.attributes['vigil.user_source']).toBe('resource');
  });
});

describe('21: counters restart', () => {
  it.each([
    ['codex', 'multi-turn'],
    ['claude-code', 'multi-prompt'],
  ] as const)('%s %s: a number that comes again is another event of the same session', async (agent, scenario) => {
    const collector = await startTestCollector();
    try {
      const requests = capturedRequests(agent).filter((request) => request.scenario === `${agent}/${scenario}`);
      for (const request of requests) await (await post(collector.otlp, request)).arrayBuffer();
      const counted = (await collector.events()).filter(({ sequence }) => sequence !== undefined);
      expect(new Set(counted.map(({ sessionId }) => sessionId)).size).toBe(1);
      expect(new Set(counted.map(({ sequence }) => sequence)).size).toBeLessThan(counted.length);
      expect(new Set(counted.map(({ eventId }) => eventId)).size).toBe(counted.length);
      expect(await collector.recordsThatAre('duplicate')).toBe(0);
      // Within a process the counter goes with time; across them only time tells.
      const byTime = counted.toSorted((a, b) => a.time - b.time || (a.sequence ?? 0) - (b.sequence ?? 0));
      const restarts = byTime.filter((event, n) => n > 0 && (event.sequence ?? 0) <= (byTime[n - 1]?.sequence ?? 0));
      expect(restarts.length).toBeGreaterThan(0);
    } finally {
      await collector.stop();
    }
  });
});

describe('22: an agent says what it does not know', () => {
  it('neither a sandbox nor a version is taken from it', () => {
    const all = events('gemini-cli', 'tools-yolo');
    const [start] = of(all, 'session', 'start');
    expect(start?.attributes).toMatchObject({ sandbox_enabled: 'true', 'service.version': 'v20.20.2' });
    expect([start?.sandboxMode, start?.agentVersion]).toEqual([undefined, undefined]);
    // A command wrote outside of the workspace in that very session.
    expect(of(all, 'command', 'run').map(({ commandLine }) => commandLine)).toContainEqual(
      expect.stringMatching(/\/outside\.txt$/),
    );
  });
});

describe('23: a tool that was taken away is not found', () => {
  it('its call was refused; that of a tool that never was has failed', () => {
    const missing = events('gemini-cli', 'auto-edit').filter(
      ({ attributes }) => attributes['error.type'] === 'tool_not_registered',
    );
    expect(
      missing.map(({ toolName, outcome, attributes }) => [toolName, outcome, attributes['vigil.refusal']]),
    ).toEqual([
      ['run_shell_command', 'denied', 'not_offered'],
      ['no_such_tool', 'failure', undefined],
    ]);
  });
});

it('the page that lists the oddities names exactly these tests', () => {
  const page = readFileSync(new URL('../docs/reference/agent-oddities.md', import.meta.url), 'utf8');
  const source = readFileSync(import.meta.filename, 'utf8');
  const listed = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
  expect(listed).toEqual(Array.from({ length: 23 }, (_, n) => n + 1));
  for (const number of listed) {
    expect([
      number,
      new RegExp(`^(?:describe|  it)\\('(?:\\d+ and )?${number}(?: and \\d+)?: `, 'm').test(source),
    ]).toEqual([number, true]);
  }
});
