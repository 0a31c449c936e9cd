/**
 * Secrets planted where agents' telemetry carries them, sent to a real collector as real agents send: none may be found in what it
 * publishes, keeps on disk, turns away, logs or answers.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AnyRequest,
  type LogModel,
  type Pair,
  type SpanModel,
  toJson,
  toProtobuf,
} from '../collector/otlp/test-support/encoder.ts';
import { TOPICS } from '../schemas/topics.ts';
import { type TestCollector, startTestCollector } from './support/collector.ts';
import { type PlantedSecret, plantSecrets } from './support/telemetry/planted-secrets.ts';
import { until } from './support/until.ts';

const planted = plantSecrets(11);
const text = (key: string, value: string): Pair => [key, { string: value }];
const TIME = 1_795_500_000_000_000_000n;

/** The same planted text in each place that a record of this agent has for it. */
const codex = ({ text: line }: PlantedSecret, n: number): readonly LogModel[] => [
  {
    time: TIME + BigInt(n),
    attributes: [
      text('event.name', 'codex.tool_result'),
      text('conversation.id', `codex-${n}`),
      text('tool_name', 'shell'),
      text('call_id', `call-${n}`),
      text('arguments', JSON.stringify({ command: ['bash', '-lc', line], workdir: '/srv' })),
      text('output', line),
      text('success', 'true'),
    ],
  },
  {
    time: TIME + BigInt(n),
    attributes: [text('event.name', 'codex.user_prompt'), text('conversation.id', `codex-${n}`), text('prompt', line)],
  },
];
const claude = ({ text: line }: PlantedSecret, n: number): readonly LogModel[] => [
  {
    time: TIME + BigInt(n),
    attributes: [
      text('event.name', 'tool_result'),
      text('session.id', `claude-${n}`),
      text('tool_name', 'Bash'),
      text('success', 'false'),
      text('error', line),
      text('tool_parameters', JSON.stringify({ bash_command: 'x', full_command: line })),
      text('tool_input', JSON.stringify({ command: line, nested: { deeper: [{ value: line }] } })),
      text('unmapped.header', line),
    ],
  },
  {
    time: TIME + BigInt(n),
    attributes: [text('event.name', 'user_prompt'), text('session.id', `claude-${n}`), text('prompt', line)],
  },
  { time: TIME + BigInt(n), attributes: [text('event.name', 'user_prompt'), text('no.session', line)] },
];
const genai = ({ text: line }: PlantedSecret, n: number): readonly SpanModel[] => [
  {
    traceId: n.toString(16).padStart(32, 'a'),
    spanId: n.toString(16).padStart(16, 'b'),
    name: 'execute_tool run_shell_command',
    start: TIME,
    end: TIME + 5_000_000n,
    attributes: [
      text('gen_ai.operation.name', 'execute_tool'),
      text('gen_ai.conversation.id', `genai-${n}`),
      text('gen_ai.tool.name', 'run_shell_command'),
      text('gen_ai.tool.call.arguments', JSON.stringify({ command: line })),
      text('gen_ai.tool.call.result', line),
      ['http.request.header.x', { list: [{ string: line }] }],
      ['settings', { object: [text('inner', line)] }],
    ],
    status: { code: 2, message: line },
  },
];

const logs = (scope: string, records: readonly LogModel[]): AnyRequest => ({
  signal: 'logs',
  groups: [{ resource: [text('service.name', 'agent')], scopes: [{ scope: { name: scope, version: '1' }, records }] }],
});
const spans = (records: readonly SpanModel[]): AnyRequest => ({
  signal: 'traces',
  groups: [
    { resource: [text('service.name', 'agent')], scopes: [{ scope: { name: 'my.agent', version: '1' }, records }] },
  ],
});
const requests: readonly AnyRequest[] = [
  logs('codex_otel.log_only', planted.flatMap(codex)),
  logs('com.anthropic.claude_code.events', planted.flatMap(claude)),
  spans(planted.flatMap(genai)),
];
/** A time that is no time: each record is turned away, with its text. */
const broken = (json: string): string => json.replaceAll(/"(timeUnixNano|startTimeUnixNano)":"\d+"/g, '"$1":"never"');

const answers: string[] = [];
async function send(
  collector: TestCollector,
  signal: string,
  type: string,
  body: string | Uint8Array,
): Promise<number> {
  const response = await fetch(`${collector.otlp}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as string,
  });
  answers.push(Buffer.from(await response.arrayBuffer()).toString());
  return response.status;
}

async function sendAll(collector: TestCollector): Promise<void> {
  for (const request of requests) {
    const json = Buffer.from(toJson(request)).toString();
    expect(await send(collector, request.signal, 'application/json', json)).toBe(200);
    expect(await send(collector, request.signal, 'application/x-protobuf', toProtobuf(request))).toBe(200);
    expect(await send(collector, request.signal, 'application/json', broken(json))).toBe(200);
    // Not OTLP at all, and of another signal: refused whole.
    expect(await send(collector, request.signal, 'application/json', json.slice(0, -9))).toBe(400);
    await send(
      collector,
      request.signal === 'logs' ? 'metrics' : 'logs',
      'application/x-protobuf',
      toProtobuf(request),
    );
  }
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

/** Those whose secret stands in the text, or a part of it that is long enough to be of use. */
function leaksIn(all: string): readonly string[] {
  return planted
    .filter(
      ({ secret }) => all.includes(secret) || all.includes(secret.slice(0, 12)) || all.includes(secret.slice(-12)),
    )
    .filter(
      ({ kind }) => kind !== 'slack-webhook' || all.includes(planted.find((each) => each.kind === kind)?.secret ?? ''),
    )
    .map(({ kind, place, secret }) => `${kind} (${place}): ${secret.slice(0, 40)}`);
}

describe('a collector', () => {
  let open: TestCollector;
  let away: TestCollector;
  beforeAll(async () => {
    open = await startTestCollector();
    away = await startTestCollector(true);
    await sendAll(open);
    await sendAll(away);
    await until('nothing waits any more', async () => (await open.recordsThatAre('waiting')) === 0);
  }, 600_000);
  afterAll(async () => {
    await open.stop();
    await away.stop();
  });

  it('took the records, and turned the broken ones away', async () => {
    expect(planted.length).toBeGreaterThanOrEqual(300);
    expect(await open.recordsThatAre('published')).toBeGreaterThan(planted.length * 5);
    expect(await open.recordsThatAre('rejected')).toBeGreaterThan(planted.length * 5);
  });

  it('publishes no secret, neither as events nor as rejects', () => {
    for (const topic of [TOPICS.events, TOPICS.rejects]) {
      const all = open.published.filter((message) => message.topic === topic);
      expect(all.length).toBeGreaterThan(0);
      const whole = all.map(({ key, value }) => `${key}\n${Buffer.from(value).toString()}`).join('\n');
      expect([topic, leaksIn(whole)]).toEqual([topic, []]);
    }
  });

  it('keeps none on disk', async () => {
    expect(await away.recordsThatAre('waiting')).toBeGreaterThan(planted.length);
    const files = filesBelow(away.data);
    expect(files.length).toBeGreaterThan(1);
    expect(leaksIn(files.map((path) => readFileSync(path).toString('latin1')).join('\n'))).toEqual([]);
  });

  it('logs and answers with none', () => {
    expect(open.logged()).toContain('collector listens');
    expect(leaksIn(open.logged() + away.logged())).toEqual([]);
    expect(answers.length).toBe(requests.length * 10);
    expect(leaksIn(answers.join('\n'))).toEqual([]);
  });

  it('counts what it took out, by kind', async () => {
    const counts = [...(await open.metrics()).matchAll(/^collector_redactions_total\{kind="([\w-]+)"\} (\d+)$/gm)];
    const byKind = new Map(counts.map(([, kind, count]) => [kind, Number(count)]));
    expect(byKind.get('github-token')).toBeGreaterThan(10);
    expect(byKind.get('password')).toBeGreaterThan(10);
    expect(byKind.size).toBeGreaterThanOrEqual(40);
    for (const event of (await open.events()).slice(0, 200))
      expect([event.commandLine, event.redactions?.length ?? 0]).not.toEqual([
        expect.stringContaining('[REDACTED:'),
        0,
      ]);
  });
});
