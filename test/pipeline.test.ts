/** The whole way on one machine: captured requests of real agents go into a real `vigil up`, and come out of its API. */
import { until } from './support/until.ts';
import { AlertDetail } from '../schemas/api/alerts.ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import { Alert } from '../schemas/records/alert.ts';
import { SessionDetail, SessionSummary } from '../schemas/api/sessions.ts';
import { capturedRequests, post } from './support/telemetry/captures.ts';
import { type Vigil, listAll, run, startVigil } from './support/vigil.ts';

const captured = [...capturedRequests('codex'), ...capturedRequests('claude-code')];
const data = mkdtempSync(join(tmpdir(), 'vigil-pipeline-'));
const environment = { VIGIL_LOG_LEVEL: 'warn' };
let vigil: Vigil;

beforeAll(async () => {
  vigil = await startVigil(data, { environment });
}, 60_000);
afterAll(async () => {
  await vigil.stop();
  rmSync(data, { recursive: true, force: true });
});

/** The ledger as `/metrics` shows it: state to records, all signals together; and per signal what is out of balance. */
async function readLedger(): Promise<{
  readonly states: ReadonlyMap<string, number>;
  readonly events: number;
  readonly imbalance: number;
}> {
  const text = await (await fetch(`${vigil.otlp}/metrics`)).text();
  const states = new Map<string, number>();
  for (const [, state = '', value] of text.matchAll(/^collector_ledger_records\{[^}]*state="(\w+)"[^}]*\} (\d+)$/gm))
    states.set(state, (states.get(state) ?? 0) + Number(value));
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (-?\\d+)$`, 'gm'))].reduce(
      (total, match) => total + Math.abs(Number(match[1])),
      0,
    );
  return { states, events: sum('collector_ledger_events'), imbalance: sum('collector_ledger_imbalance_records') };
}

describe('vigil up', () => {
  it('prints where it listens, where its data lies and the lines for each agent', () => {
    const output = vigil.process.output();
    for (const text of [vigil.otlp, vigil.api, data, 'config.toml', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'settings.json'])
      expect(output).toContain(text);
  });

  it('takes every captured request and stores each event once; the ledger adds up', async () => {
    for (const request of captured) {
      const response = await post(vigil.otlp, request);
      expect([request.scenario, request.signal, response.status]).toEqual([request.scenario, request.signal, 200]);
    }
    const { states, events, imbalance } = await readLedger();
    expect(imbalance).toBe(0);
    expect(events).toBeGreaterThan(500);
    const others = ['published', 'waiting', 'skipped', 'rejected', 'duplicate', 'lost'].reduce(
      (total, state) => total + (states.get(state) ?? 0),
      0,
    );
    expect(states.get('received')).toBe(others);
    await until('all events are stored', async () => (await listAll(vigil.api, '/v1/events?from=0')).length >= events);
    const stored = await listAll<AgentEvent>(vigil.api, '/v1/events?from=0');
    expect(stored).toHaveLength(events);
    expect(new Set(stored.map(({ eventId }) => eventId)).size).toBe(events);
    for (const event of stored) AgentEvent.parse(event);
  }, 120_000);

  it('recognises a retry: the same requests again add nothing', async () => {
    const before = await readLedger();
    for (const request of captured) await (await post(vigil.otlp, request)).arrayBuffer();
    const after = await readLedger();
    expect(after.events).toBe(before.events);
    expect((after.states.get('duplicate') ?? 0) - (before.states.get('duplicate') ?? 0)).toBe(
      (before.states.get('published') ?? 0) + (before.states.get('waiting') ?? 0),
    );
    expect(after.imbalance).toBe(0);
  }, 60_000);

  it('shows each captured session, with one actor', async () => {
    const sessions = await listAll<SessionSummary>(vigil.api, '/v1/sessions?from=0');
    for (const session of sessions) SessionSummary.parse(session);
    const basic = sessions.find(({ sessionId }) => sessionId === '38feec6d-0a3c-4eec-bded-01a4f20e5f19');
    expect(basic).toMatchObject({ agentName: 'claude-code', commands: 6 });
    const events = await listAll<AgentEvent>(vigil.api, '/v1/events?from=0');
    const actors = new Map<string, Set<string>>();
    for (const { sessionId, actor } of events) actors.set(sessionId, (actors.get(sessionId) ?? new Set()).add(actor));
    for (const [sessionId, names] of actors) expect([sessionId, names.size]).toEqual([sessionId, 1]);
  });

  it('tells a session’s story in order', async () => {
    const response = await fetch(`${vigil.api}/v1/sessions/01a2072a-7e0d-79f2-a92b-5248aab60409`);
    const { events } = SessionDetail.parse(await response.json());
    const commands = events.filter(({ category, action }) => category === 'command' && action === 'run');
    expect(
      commands.map(({ commandLine, exitCode }) => `${exitCode ?? '-'} ${commandLine?.split(' ', 1)[0] ?? ''}`),
    ).toEqual(expect.arrayContaining(['0 ls', '0 cat', '0 printf', '7 curl']));
    expect(events.some(({ category }) => category === 'sandbox')).toBe(true);
    expect(events.map(({ time }) => time)).toEqual(events.map(({ time }) => time).toSorted((a, b) => a - b));
  });

  it('understands what the OpenTelemetry SDK exports of a program that follows the GenAI conventions', async () => {
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url: `${vigil.otlp}/v1/traces` }))],
    });
    const attributes = {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'bash',
      'gen_ai.tool.call.id': 'call-1',
      'gen_ai.conversation.id': 'sdk-session',
      'gen_ai.tool.call.arguments': JSON.stringify({ command: 'make test' }),
    };
    provider.getTracer('lab').startSpan('execute_tool bash', { attributes }).end();
    await provider.shutdown();
    await until(
      'the span is an event',
      async () => (await listAll(vigil.api, '/v1/events?from=0&sessionId=sdk-session')).length > 0,
    );
    const [event] = await listAll<AgentEvent>(vigil.api, '/v1/events?from=0&sessionId=sdk-session');
    expect(event).toMatchObject({
      category: 'command',
      commandLine: 'make test',
      program: 'make',
      callId: 'call-1',
      signal: 'span',
    });
  }, 60_000);

  it('raises alerts that explain themselves and lead to their events', async () => {
    await until('an alert is there', async () => (await listAll(vigil.api, '/v1/alerts?from=0')).length > 0);
    const alerts = await listAll<Alert>(vigil.api, '/v1/alerts?from=0');
    for (const alert of alerts) {
      Alert.parse(alert);
      const detail = AlertDetail.parse(await (await fetch(`${vigil.api}/v1/alerts/${alert.alertId}`)).json());
      expect(detail.missingEventIds).toEqual([]);
      expect(detail.events.length).toBeGreaterThan(0);
    }
    expect(alerts.map(({ detectionId }) => detectionId)).toContain('pipe-to-interpreter');
  }, 60_000);

  it('refuses a second start on the same folder with one sentence', async () => {
    const second = run(['up', '--data', data]);
    expect([await second.ended(), second.output()]).toEqual([
      1,
      `vigil: the data folder ${data} is in use by another Vigil (process ${vigil.process.child.pid ?? 0})\n`,
    ]);
  }, 60_000);

  it('ends in order on Ctrl-C and goes on with the same data', async () => {
    const before = await listAll<AgentEvent>(vigil.api, '/v1/events?from=0');
    expect(await vigil.stop()).toBe(0);
    vigil = await startVigil(data, { environment });
    const after = await listAll<AgentEvent>(vigil.api, '/v1/events?from=0');
    expect(after.map(({ eventId }) => eventId)).toEqual(before.map(({ eventId }) => eventId));
    expect((await readLedger()).imbalance).toBe(0);
  }, 60_000);
});
