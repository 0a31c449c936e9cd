/** Sessions as the store tells them, in order and with their parents: captured requests go through the intake into a real store, and come out of its queries. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptRequest } from '../collector/intake/intake.ts';
import { mappingFor } from '../agents/index.ts';
import { readJson } from '../collector/otlp/json/read-json.ts';
import { readProtobuf } from '../collector/otlp/protobuf/read-protobuf.ts';
import { createSessionActors } from '../collector/intake/session-actors.ts';
import { hash128, hashParts, sha256 } from '../platform/hash.ts';
import { silentLog } from '../platform/log.ts';
import { type Warehouse, openWarehouse } from '../platform/warehouse/index.ts';
import type { AgentEvent } from '../schemas/records/agent-event.ts';
import type { SessionDetail } from '../schemas/api/sessions.ts';
import { insertSettings } from '../store/insert-settings.ts';
import { migrate } from '../store/migrate.ts';
import { type Queries, createQueries } from '../store/queries/index.ts';
import { TABLES } from '../store/tables.ts';
import { CAPTURED_AGENTS, type CapturedRequest, capturedRequests } from './support/telemetry/captures.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-sub-agents-'));
const tenant = 'lab';
let warehouse: Warehouse;
let queries: Queries;

const linesOf = ({ signal, contentType, body }: CapturedRequest): readonly string[] =>
  acceptRequest(
    {
      read: contentType === 'application/json' ? readJson : readProtobuf,
      mappingFor,
      hash128: hashParts,
      sha256,
      actors: createSessionActors('lab', hash128),
      isKnown: () => false,
    },
    { tenant, sender: 'lab', signal, body, receivedAt: Date.parse('2026-12-01T00:00:00Z') },
  ).messages.map(({ lines }) => lines);

/** The prompts of the captured reviewer as Codex exports them by default: redacted, of the same length in bytes. */
const redacted = (request: CapturedRequest): CapturedRequest => ({
  ...request,
  body: Buffer.from(
    request.body
      .toString()
      .replace(/("key": "prompt",\s*"value": \{\s*"stringValue": ")(?:[^"\\]|\\.)*"/g, '$1[REDACTED]"')
      .replaceAll('01a2072a-a4', 'redacted-a4'),
  ),
});

beforeAll(async () => {
  warehouse = await openWarehouse({ kind: 'chdb', path: join(folder, 'data') });
  queries = createQueries(warehouse);
  await migrate({ warehouse, log: silentLog });
  const captured = CAPTURED_AGENTS.flatMap(capturedRequests);
  const reviewed = captured.filter(({ scenario }) => scenario === 'codex/auto-review').map(redacted);
  for (const request of [...captured, ...reviewed]) {
    const lines = linesOf(request);
    if (lines.length === 0) continue;
    const table = { table: TABLES.events.log.name, settings: insertSettings(TABLES.events) };
    await warehouse.insertLines('inserts', { ...table, lines: Buffer.from(`${lines.join('\n')}\n`) });
  }
}, 120_000);
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

async function detailOf(sessionId: string): Promise<SessionDetail> {
  const detail = await queries.findSession(tenant, sessionId);
  if (detail === undefined) throw new Error(`no session ${sessionId}`);
  return detail;
}

describe('every session', () => {
  it('is in the order of time, then of the agent’s counter, implied events last, however its records were grouped', async () => {
    const sessions = await queries.listSessions({ tenant, limit: 1_000 });
    if (sessions.kind !== 'page') throw new Error('no page');
    expect(sessions.items.length).toBeGreaterThan(30);
    for (const { sessionId } of sessions.items) {
      const listed = (await detailOf(sessionId)).events.map(
        ({ time, derivedFrom, sequence = 0 }) => [time, derivedFrom === undefined ? 0 : 1, sequence] as const,
      );
      expect(listed).toEqual(listed.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]));
    }
  });
});

describe('Claude Code', () => {
  /** Sub-agent to the `Agent` call whose execution span holds its records; read off the captured spans by hand. */
  const CALLS: Readonly<Record<string, string>> = {
    abefd2a1c03f9a353: 'toolu_t68yp5x50d5ui0h88szs',
    a863e7624cce76714: 'toolu_iibv60s8w4cbkogusopo',
    ae71a628ea7984bb3: 'toolu_vvaiwcub9aqq6rkeklvj',
  };

  it('every event of a sub-agent names the call that started it, and no other event does', async () => {
    const { session, events } = await detailOf('70b2307b-151a-4dc6-9083-0a76acdc4926');
    expect(session.parentSessionId).toBeUndefined();
    const callerOf = (event: AgentEvent): string => `${event.agentId ?? 'root'} ${event.parentCallId ?? 'none'}`;
    const expected = Object.entries(CALLS).map(([agentId, callId]) => `${agentId} ${callId}`);
    expect([...new Set(events.map(callerOf))].sort()).toEqual([...expected, 'root none'].sort());
    const agentCalls = events.filter(({ toolName, category }) => toolName === 'Agent' && category === 'tool');
    expect(agentCalls.map(({ callId }) => callId).sort()).toEqual(Object.values(CALLS).sort());
    const refused = events.find(({ outcome, agentId }) => outcome === 'denied' && agentId !== undefined);
    expect(refused?.parentCallId).toBe(CALLS['abefd2a1c03f9a353']);
  });

  it('also in the list of all events', async () => {
    const page = await queries.listEvents({ tenant, limit: 1_000, category: ['command'] });
    if (page.kind !== 'page') throw new Error('no page');
    const ofAgents = page.items.filter(
      ({ agentId, agentName }) => agentId !== undefined && agentName === 'claude-code',
    );
    expect(ofAgents.length).toBeGreaterThan(3);
    expect(ofAgents.filter(({ parentCallId }) => parentCallId === undefined)).toEqual([]);
  });
});

describe('Codex', () => {
  const ROOT = '01a2072a-d233-75b0-ba99-07b5c5b577ba';
  const CHILD = '01a2072a-d299-7351-98d3-add591c6841f';

  it('a sub-agent’s session and each of its events name the parent and the call', async () => {
    const { session, events } = await detailOf(CHILD);
    expect(session.parentSessionId).toBe(ROOT);
    expect([...new Set(events.map(({ parentSessionId }) => parentSessionId))]).toEqual([ROOT]);
    expect([...new Set(events.map(({ parentCallId }) => parentCallId))]).toEqual(['call_qeei0c0t2q4cufg6mc69']);
  });

  it('the root is nobody’s child', async () => {
    const { session, events } = await detailOf(ROOT);
    expect(session.parentSessionId).toBeUndefined();
    expect(events.filter((event) => event.parentSessionId ?? event.parentCallId)).toEqual([]);
  });

  it.each([
    ['with their text', '01a2072a', 'notify'],
    ['redacted', 'redacted', 'submit'],
  ])('prompts to the automatic reviewer, %s, are not counted as a person’s', async (_how, first, action) => {
    const reviewer = await detailOf(`${first}-a41c-75d1-a0f6-1b841361b5c6`);
    const prompts = reviewer.events.filter(({ category }) => category === 'prompt');
    expect(prompts.map((prompt) => prompt.action)).toEqual([action, action]);
    expect(reviewer.session.prompts).toBe(0);
    const reviewed = await detailOf(`${first}-a405-7250-9489-35aa6f6ea85f`);
    expect(reviewed.session.prompts).toBe(1);
  });

  it('redacted prompts of any other session still count', async () => {
    const sessions = await queries.listSessions({ tenant, limit: 1_000 });
    if (sessions.kind !== 'page') throw new Error('no page');
    const resumed = sessions.items.find(({ sessionId }) => sessionId.endsWith('1e0a7e'));
    expect(resumed?.prompts).toBe(3);
  });
});

describe('Gemini CLI and Qwen Code', () => {
  it.each([
    ['fec0dfc7-4233-46cb-b36b-93ac84c2379f', 'gemini-cli', 10],
    ['af6de9ce-cf47-464c-b920-65a36c729988', 'qwen-code', 8],
  ])('%s of %s is one session of one actor, with each of its calls once', async (id, agent, calls) => {
    const { session, events } = await detailOf(id);
    expect(session).toMatchObject({ agentName: agent, prompts: 1 });
    expect(new Set(events.map(({ actor }) => actor)).size).toBe(1);
    const listed = events.filter(({ derivedFrom }) => derivedFrom === undefined);
    const called = listed.filter(({ category }) => ['command', 'file', 'network', 'tool'].includes(category));
    expect(called).toHaveLength(calls);
    // Derived events are listed too: a connection of `curl`, a file that `echo` wrote.
    const lineOf = (id: string | undefined) => listed.find(({ eventId }) => eventId === id)?.commandLine?.split(' ')[0];
    const derived = events.filter(({ derivedFrom }) => derivedFrom !== undefined);
    expect(derived.map(({ action, derivedFrom }) => `${lineOf(derivedFrom) ?? 'nobody'}: ${action}`)).toEqual([
      'curl: contact',
      'echo: create',
    ]);
    expect(called.filter(({ exitCode }) => exitCode !== undefined).map(({ commandLine }) => commandLine)).toEqual([
      'exit 3',
    ]);
  });
});
