import { SessionSummary } from '../../schemas/api/sessions.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../platform/log.ts';
import { type Warehouse, openWarehouse } from '../../platform/warehouse/index.ts';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { Alert } from '../../schemas/records/alert.ts';
import type { SeenAgent } from '../../schemas/api/pipeline.ts';
import type { PipelineAccount } from '../../schemas/records/pipeline-account.ts';
import { linesOf, syntheticAlerts, syntheticEvents } from '../../test/support/clickhouse/clickhouse-events.ts';
import { insertSettings } from '../insert-settings.ts';
import { migrate } from '../migrate.ts';
import { removeTenant } from '../remove-tenant.ts';
import { TABLES } from '../tables.ts';
import { type Listed, type Queries, createQueries } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-queries-'));
let warehouse: Warehouse;
let queries: Queries;

const EVENTS = [...syntheticEvents({ count: 3_000, perSession: 60, concurrent: 10, stepMs: 60_000 })];
const ALERTS = [...syntheticAlerts({ count: 300 })];
const OTHER = [...syntheticEvents({ seed: 9, count: 50, tenant: 'other' })];

async function insert(table: keyof typeof TABLES, records: readonly unknown[]): Promise<void> {
  await warehouse.insertLines('inserts', {
    table: TABLES[table].log.name,
    lines: Buffer.from(linesOf(records)),
    settings: insertSettings(TABLES[table]),
  });
}

beforeAll(async () => {
  warehouse = await openWarehouse({ kind: 'chdb', path: join(folder, 'data') });
  queries = createQueries(warehouse);
  await migrate({ warehouse, log: silentLog });
  // Merges are off, so that the tests do not depend on when a merge happens.
  for (const { log } of Object.values(TABLES)) {
    await warehouse.client('inserts').command({ query: `SYSTEM STOP MERGES ${warehouse.database}.${log.name}` });
  }
  await insert('events', EVENTS);
  await insert('events', OTHER);
  // Redelivered in other batches: some events twice, some three times.
  await insert('events', EVENTS.slice(100, 1_900));
  await insert('events', EVENTS.slice(1_500, 2_200));
  await insert('alerts', ALERTS);
  await insert('alerts', ALERTS.slice(0, 100));
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

const tenant = 'default';
const byTime = (a: AgentEvent, b: AgentEvent): number =>
  a.time - b.time ||
  Number(a.derivedFrom !== undefined) - Number(b.derivedFrom !== undefined) ||
  (a.sequence ?? 0) - (b.sequence ?? 0) ||
  (a.eventId < b.eventId ? -1 : 1);
const newestFirst = (a: AgentEvent, b: AgentEvent): number => b.time - a.time || (a.eventId < b.eventId ? 1 : -1);

async function walk<T>(list: (cursor?: string) => Promise<Listed<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await list(cursor);
    if (page.kind === 'bad_cursor') throw new Error('the list refused its own cursor');
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    cursor = page.nextCursor;
  }
}

describe('listEvents', () => {
  it('returns each event once, newest first and complete, despite duplicate inserts', async () => {
    const read = await walk((cursor) => queries.listEvents({ tenant, limit: 70 }, cursor));
    expect(read).toEqual([...EVENTS].sort(newestFirst));
    for (const event of read.slice(0, 20)) expect(AgentEvent.parse(event)).toEqual(event);
  });

  it('keeps tenants separate', async () => {
    const read = await walk((cursor) => queries.listEvents({ tenant: 'other', limit: 20 }, cursor));
    expect(read.map(({ eventId }) => eventId).sort()).toEqual(OTHER.map(({ eventId }) => eventId).sort());
    const [first] = EVENTS;
    if (first === undefined) throw new Error('no events');
    expect(await queries.findSession('other', first.sessionId)).toBeUndefined();
  });

  it('lists a session in the order in which it happened', async () => {
    const sessionId = '1-session-13';
    const read = await walk((cursor) => queries.listEvents({ tenant, sessionId, limit: 7 }, cursor));
    expect(read).toEqual(EVENTS.filter((event) => event.sessionId === sessionId).sort(byTime));
    expect(read).toHaveLength(60);
  });

  const middle = EVENTS[1_500]?.time ?? 0;
  it.each([
    {
      name: 'category',
      filter: { category: ['file', 'network'] as ('file' | 'network')[] },
      keeps: (e: AgentEvent) => e.category === 'file' || e.category === 'network',
    },
    {
      name: 'actor',
      filter: { actor: 'local/account:u007@example.com' },
      keeps: (e: AgentEvent) => e.actor === 'local/account:u007@example.com',
    },
    { name: 'from', filter: { from: middle }, keeps: (e: AgentEvent) => e.time >= middle },
    { name: 'to', filter: { to: middle }, keeps: (e: AgentEvent) => e.time < middle },
    {
      name: 'text, ignoring case',
      filter: { text: 'CARGO src/' },
      keeps: (e: AgentEvent) => e.commandLine?.includes('cargo src/') === true,
    },
    {
      name: 'session and text',
      filter: { sessionId: '1-session-3', text: 'git' },
      keeps: (e: AgentEvent) => e.sessionId === '1-session-3' && e.commandLine?.includes('git') === true,
    },
  ])('filters by $name', async ({ filter, keeps }) => {
    const read = await walk((cursor) => queries.listEvents({ tenant, limit: 90, ...filter }, cursor));
    const expected = EVENTS.filter(keeps);
    expect(read.map(({ eventId }) => eventId).sort()).toEqual(expected.map(({ eventId }) => eventId).sort());
    expect(expected.length).toBeGreaterThan(0);
  });

  it.each(["'", '%', '_', '\\', '{text:String}', "x' OR 1=1 --", '\0', '"; DROP TABLE events; --'])(
    'searches for %j literally',
    async (text) => {
      const read = await walk((cursor) => queries.listEvents({ tenant, limit: 1_000, text }, cursor));
      const found = EVENTS.filter((e) =>
        [e.commandLine, e.filePath, e.networkHost, e.host].some((t) => t?.includes(text)),
      );
      expect(read).toHaveLength(found.length);
    },
  );

  it('rejects a cursor of another list', async () => {
    const page = await queries.listEvents({ tenant, limit: 1 });
    if (page.kind !== 'page') throw new Error('no page');
    const cursor = page.nextCursor ?? '';
    expect((await queries.listEvents({ tenant, limit: 1, sessionId: 'x' }, cursor)).kind).toBe('bad_cursor');
    expect((await queries.listAlerts({ tenant, limit: 1 }, cursor)).kind).toBe('bad_cursor');
    for (const other of [{ tenant: 'other' }, { actor: 'x' }, { category: ['file' as const] }, { text: 'x' }]) {
      expect((await queries.listEvents({ tenant, limit: 1, ...other }, cursor)).kind).toBe('bad_cursor');
    }
    for (const bad of ['x', 'WyJuZXdlc3QiXQ', `${cursor}x`, '____']) {
      expect((await queries.listEvents({ tenant, limit: 1 }, bad)).kind).toBe('bad_cursor');
    }
  });

  it('continues from its cursor when the time range has moved or the page is larger', async () => {
    const first = await queries.listEvents({ tenant, limit: 3, from: 0 });
    if (first.kind !== 'page') throw new Error('no page');
    const rest = await queries.listEvents({ tenant, limit: 5, from: 1 }, first.nextCursor ?? '');
    expect(rest).toMatchObject({ kind: 'page', items: [...EVENTS].sort(newestFirst).slice(3, 8) });
  });

  it('continues in a session’s events with the session’s own cursor', async () => {
    const own = syntheticEvents({ seed: 8, count: 1_003, perSession: 2_000, concurrent: 1, tenant: 'long' });
    const events = [...own].sort(byTime);
    await insert('events', events);
    const sessionId = events[0]?.sessionId ?? '';
    const detail = await queries.findSession('long', sessionId);
    const rest = await queries.listEvents({ tenant: 'long', sessionId, limit: 100 }, detail?.nextCursor ?? '');
    expect(rest).toEqual({ kind: 'page', items: events.slice(1_000), nextCursor: null });
  });

  it('never lists a derived event before its command, on single pages as in the whole list', async () => {
    const commands = [...syntheticEvents({ seed: 9, count: 4, perSession: 10, concurrent: 1, tenant: 'implied' })].map(
      (event, n) => ({
        ...event,
        time: 1_760_000_000_000,
        sequence: n + 7,
      }),
    );
    const implied = commands.map(({ sequence: _, ...command }, n) => ({
      ...command,
      // The lowest of all ids: only the story's order puts it later.
      eventId: n.toString(16).padStart(32, '0'),
      derivedFrom: command.eventId,
    }));
    await insert('events', [...implied, ...commands] as AgentEvent[]);
    const sessionId = commands[0]?.sessionId ?? '';
    const story = [...commands, ...implied].map(({ eventId }) => eventId);
    const detail = await queries.findSession('implied', sessionId);
    expect(detail?.events.map(({ eventId }) => eventId)).toEqual(story);
    const walked = await walk((cursor) => queries.listEvents({ tenant: 'implied', sessionId, limit: 1 }, cursor));
    expect(walked.map(({ eventId }) => eventId)).toEqual(story);
  });

  it('reads past any number of copies of one event', async () => {
    const [event] = syntheticEvents({ seed: 77, count: 1, tenant: 'copies' });
    for (let n = 0; n < 25; n += 1) await insert('events', [event]);
    const page = await queries.listEvents({ tenant: 'copies', limit: 2 });
    expect(page).toEqual({ kind: 'page', items: [event], nextCursor: null });
  });
});

describe('alerts', () => {
  it('are listed latest first, once each, complete', async () => {
    const read = await walk((cursor) => queries.listAlerts({ tenant, limit: 40 }, cursor));
    expect(read).toEqual([...ALERTS].reverse());
    for (const alert of read.slice(0, 20)) expect(Alert.parse(alert)).toEqual(alert);
  });

  const middle = ALERTS[150]?.time ?? 0;
  it.each([
    {
      name: 'severity',
      filter: { severity: ['high', 'critical'] as ('high' | 'critical')[] },
      keeps: (a: Alert) => a.severity === 'high' || a.severity === 'critical',
    },
    { name: 'detection', filter: { detectionId: 'detection-3' }, keeps: (a: Alert) => a.detectionId === 'detection-3' },
    { name: 'entity', filter: { entity: '1-session-5' }, keeps: (a: Alert) => a.entity.id === '1-session-5' },
    { name: 'from', filter: { from: middle }, keeps: (a: Alert) => a.time >= middle },
    { name: 'to', filter: { to: middle }, keeps: (a: Alert) => a.time < middle },
  ])('are filtered by $name', async ({ filter, keeps }) => {
    const read = await walk((cursor) => queries.listAlerts({ tenant, limit: 17, ...filter }, cursor));
    expect(read).toEqual(ALERTS.filter(keeps).reverse());
    expect(read.length).toBeGreaterThan(0);
  });

  it.each([
    { name: 'whole', filter: {}, keeps: () => true },
    { name: 'from', filter: { from: middle }, keeps: (a: Alert) => a.time >= middle },
    { name: 'to', filter: { to: middle }, keeps: (a: Alert) => a.time < middle },
  ])('are listed oldest first: $name', async ({ filter, keeps }) => {
    const order = 'oldest' as const;
    const read = await walk((cursor) => queries.listAlerts({ tenant, order, limit: 17, ...filter }, cursor));
    expect(read).toEqual(ALERTS.filter(keeps));
    const first = await queries.listAlerts({ tenant, order, limit: 1 });
    if (first.kind !== 'page') throw new Error('no page');
    expect((await queries.listAlerts({ tenant, limit: 1 }, first.nextCursor ?? '')).kind).toBe('bad_cursor');
  });

  it('are not missed from the oldest on when they grow while the list is paged', async () => {
    const own = [...syntheticAlerts({ count: 4, tenant: 'moving' })];
    const [, , third] = own;
    if (third === undefined) throw new Error('no alert');
    await insert('alerts', own);
    const grown = { ...third, revision: 2, state: 'amended' as const, time: third.time + 3_600_000_000, count: 2 };
    const order = 'oldest' as const;
    const read = await walk(async (cursor) => {
      const page = await queries.listAlerts({ tenant: 'moving', order, limit: 2 }, cursor);
      if (cursor === undefined) await insert('alerts', [grown]);
      return page;
    });
    expect(read).toEqual([own[0], own[1], own[3], grown]);
  });

  it('show their highest revision, regardless of arrival order', async () => {
    const [base] = syntheticAlerts({ count: 1, tenant: 'revised' });
    if (base === undefined) throw new Error('no alert');
    const revision = (n: number, severity: Alert['severity']): Alert => ({
      ...base,
      revision: n,
      state: n === 1 ? 'raised' : 'amended',
      severity,
      time: base.time + n * 1_000,
      count: n,
    });
    await insert('alerts', [revision(3, 'high')]);
    await insert('alerts', [revision(1, 'low')]);
    await insert('alerts', [revision(2, 'medium')]);
    const all = await queries.listAlerts({ tenant: 'revised', limit: 10 });
    expect(all).toEqual({ kind: 'page', items: [revision(3, 'high')], nextCursor: null });
    // A filter that only an older revision matches finds nothing.
    const old = await queries.listAlerts({ tenant: 'revised', limit: 10, severity: ['low'] });
    expect(old).toMatchObject({ items: [] });
    const before = await queries.listAlerts({ tenant: 'revised', limit: 10, to: base.time + 2_500 });
    expect(before).toMatchObject({ items: [] });
    expect((await queries.findAlert('revised', base.alertId))?.alert).toEqual(revision(3, 'high'));
  });

  it('are returned with their evidence, and say what is deleted', async () => {
    const [alert] = syntheticAlerts({ count: 1, tenant: 'default', startMs: 1_700_000_000_000 });
    const [first, second] = EVENTS;
    if (alert === undefined || first === undefined || second === undefined) throw new Error('no records');
    const gone = { eventId: 'f'.repeat(32), sessionId: first.sessionId };
    const evidence = [first, second].map(({ eventId, sessionId }) => ({ eventId, sessionId }));
    await insert('alerts', [{ ...alert, alertId: 'e'.repeat(32), evidence: [...evidence, gone] }]);
    const detail = await queries.findAlert(tenant, 'e'.repeat(32));
    expect(detail?.events).toEqual([first, second].sort(byTime));
    expect(detail?.missingEventIds).toEqual([gone.eventId]);
    expect(await queries.findAlert(tenant, '0'.repeat(32))).toBeUndefined();
  });
});

describe('sessions', () => {
  it('are listed last active first, each once', async () => {
    const read = await walk((cursor) => queries.listSessions({ tenant, limit: 9 }, cursor));
    const lastSeen = new Map<string, number>();
    for (const event of EVENTS) lastSeen.set(event.sessionId, Math.max(lastSeen.get(event.sessionId) ?? 0, event.time));
    const expected = [...lastSeen].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1)).map(([id]) => id);
    expect(read.map(({ sessionId }) => sessionId)).toEqual(expected);
    const order = 'oldest' as const;
    const reversed = await walk((cursor) => queries.listSessions({ tenant, order, limit: 9 }, cursor));
    expect(reversed.map(({ sessionId }) => sessionId)).toEqual(expected.reverse());
  });

  it('are summarised with each event counted once', async () => {
    const sessionId = '1-session-22';
    const own = EVENTS.filter((event) => event.sessionId === sessionId);
    const sum = (field: 'inputTokens' | 'outputTokens'): number => own.reduce((n, event) => n + (event[field] ?? 0), 0);
    const detail = await queries.findSession(tenant, sessionId);
    expect(SessionSummary.parse(detail?.session)).toMatchObject({
      sessionId,
      tenant,
      actor: own[0]?.actor,
      host: own[0]?.host,
      agentName: own[0]?.agentName,
      events: own.length,
      commands: own.filter(({ category, action }) => category === 'command' && action === 'run').length,
      failedCommands: own.filter(
        ({ category, action, outcome }) => category === 'command' && action === 'run' && outcome === 'failure',
      ).length,
      fileChanges: own.filter(({ category }) => category === 'file').length,
      networkEvents: own.filter(({ category }) => category === 'network').length,
      prompts: own.filter(({ category, action }) => category === 'prompt' && action === 'submit').length,
      inputTokens: sum('inputTokens'),
      outputTokens: sum('outputTokens'),
      models: [...new Set(own.flatMap(({ model }) => model ?? []))].sort(),
      alerts: ALERTS.filter((alert) => alert.sessionId === sessionId).length,
      firstSeen: Math.min(...own.map(({ time }) => time)),
      lastSeen: Math.max(...own.map(({ time }) => time)),
    });
    expect(detail?.events).toEqual([...own].sort(byTime));
    expect(detail?.alerts).toEqual(ALERTS.filter((alert) => alert.sessionId === sessionId).reverse());
    expect(detail?.nextCursor).toBeNull();
  });

  it('count and show an alert in each session of its evidence', async () => {
    const [base] = syntheticEvents({ seed: 6, count: 1, tenant: 'shared' });
    const [alert] = syntheticAlerts({ count: 1, tenant: 'shared' });
    if (base === undefined || alert === undefined) throw new Error('no records');
    const own = ['one', 'two', 'three'].map((sessionId, n) => ({ ...base, sessionId, eventId: `${n}`.repeat(32) }));
    await insert('events', own);
    const spread = {
      ...alert,
      sessionId: 'one',
      evidence: own.slice(0, 2).map(({ eventId, sessionId }) => ({ eventId, sessionId })),
    };
    const withdrawn = { ...spread, alertId: 'd'.repeat(32), state: 'retracted' };
    await insert('alerts', [spread, withdrawn]);
    const shown = async (sessionId: string) => {
      const detail = await queries.findSession('shared', sessionId);
      return { counted: detail?.session.alerts, shown: detail?.alerts.map(({ alertId }) => alertId) };
    };
    const both = {
      counted: 1,
      shown: [withdrawn, spread]
        .map(({ alertId }) => alertId)
        .sort()
        .reverse(),
    };
    expect([await shown('one'), await shown('two'), await shown('three')]).toEqual([
      both,
      both,
      { counted: 0, shown: [] },
    ]);
  });

  it('are filtered by actor, agent and time', async () => {
    const actor = 'local/account:u004@example.com';
    const ofActor = await walk((cursor) => queries.listSessions({ tenant, limit: 3, actor }, cursor));
    expect(new Set(ofActor.map((session) => session.actor))).toEqual(new Set([actor]));
    const ofAgent = await walk((cursor) =>
      queries.listSessions({ tenant, limit: 3, agentName: 'claude-code' }, cursor),
    );
    expect(ofAgent).toHaveLength(
      new Set(EVENTS.filter((e) => e.agentName === 'claude-code').map((e) => e.sessionId)).size,
    );
    const [from, to] = [EVENTS[600]?.time ?? 0, EVENTS[1_200]?.time ?? 0];
    const between = await walk((cursor) => queries.listSessions({ tenant, limit: 4, from, to }, cursor));
    const active = new Set(EVENTS.filter(({ time }) => time >= from && time < to).map(({ sessionId }) => sessionId));
    expect(new Set(between.map(({ sessionId }) => sessionId))).toEqual(active);
  });

  it('count a refusal once, although both the approval and the call report it', async () => {
    const [event] = syntheticEvents({ seed: 5, count: 1, tenant: 'refusals' });
    if (event === undefined) throw new Error('no event');
    const refused = { ...event, category: 'approval', decision: 'denied', outcome: 'denied', eventId: 'a'.repeat(32) };
    const call = { ...event, category: 'command', outcome: 'denied', eventId: 'b'.repeat(32), time: event.time + 5 };
    await insert('events', [refused, call]);
    expect((await queries.findSession('refusals', event.sessionId))?.session.denials).toBe(1);
  });

  it('count a refused request once, although both the proxy and the command report it', async () => {
    const [event] = syntheticEvents({ seed: 5, count: 1, tenant: 'proxied' });
    if (event === undefined) throw new Error('no event');
    const { callId: _, ...called } = event;
    const denied = { outcome: 'denied', decision: 'denied' } as const;
    const byProxy = ['1', '2'].map((id) => ({ ...called, ...denied, category: 'network', eventId: id.repeat(32) }));
    const commands = ['3', '4', '5'].map((id) => ({
      ...event,
      category: 'command',
      outcome: 'denied',
      callId: id,
      eventId: id.repeat(32),
      attributes: { 'vigil.refusal': 'network' },
    }));
    const refused = { ...event, ...denied, category: 'approval', callId: '6', eventId: '6'.repeat(32) };
    await insert('events', [...byProxy, ...commands, refused]);
    // Three commands were refused a request, and the proxy reports two of them; a fourth call was refused itself.
    expect((await queries.findSession('proxied', event.sessionId))?.session.denials).toBe(4);
  });

  it('list every mode in the order of its first use, and the last one in force', async () => {
    const [event] = syntheticEvents({ seed: 5, count: 1, tenant: 'modes' });
    if (event === undefined) throw new Error('no event');
    const modes = ['plan', undefined, 'bypassPermissions', 'plan', 'acceptEdits', 'bypassPermissions', 'plan'];
    const { approvalMode: _, sandboxMode: __, ...plain } = event;
    const told = modes.map((approvalMode, n) => ({
      ...plain,
      ...(approvalMode === undefined ? {} : { approvalMode }),
      costUsd: 0.1,
      time: event.time + n,
      eventId: `${n}`.repeat(32),
    }));
    await insert('events', told.toReversed());
    expect((await queries.findSession('modes', event.sessionId))?.session).toMatchObject({
      approvalMode: 'plan',
      approvalModes: ['plan', 'bypassPermissions', 'acceptEdits'],
      sandboxModes: [],
      costUsd: 0.7,
    });
  });

  it('that are unknown are not found', async () => {
    expect(await queries.findSession(tenant, 'nobody')).toBeUndefined();
  });
});

describe('ping', () => {
  it('fails while the tables do not exist', async () => {
    await expect(queries.ping()).resolves.toBeUndefined();
    await expect(createQueries({ ...warehouse, database: 'elsewhere' }).ping()).rejects.toMatchObject({
      code: 'WAREHOUSE_UNAVAILABLE',
    });
  });
});

describe('the agents', () => {
  const of = (agentName: string, from = 0) =>
    EVENTS.filter((event) => event.agentName === agentName && event.time >= from);
  const counts = (seen: SeenAgent | undefined, field: string) => {
    const { expected, present } = seen?.fields.find((each) => each.field === field) ?? {};
    return [expected, present];
  };

  it('are listed with how many of their events could have a field and have it, however often they were stored', async () => {
    const seen = await queries.agents(tenant, 0);
    expect(seen.map(({ agentName }) => agentName).sort()).toEqual(['claude-code', 'codex']);
    for (const agent of seen) {
      const events = of(agent.agentName);
      expect(agent).toMatchObject({
        versions: ['0.1.0'],
        events: events.length,
        sessions: new Set(events.map(({ sessionId }) => sessionId)).size,
        firstSeen: Math.min(...events.map(({ time }) => time)),
        lastSeen: Math.max(...events.map(({ time }) => time)),
      });
      const commands = events.filter(({ category, action }) => category === 'command' && action === 'run');
      expect(counts(agent, 'commandLine')).toEqual([
        commands.length,
        commands.filter(({ commandLine }) => commandLine !== undefined).length,
      ]);
      expect(counts(agent, 'userId')).toEqual([events.length, events.length]);
      expect(counts(agent, 'repository')).toEqual([
        events.length,
        events.filter(({ repository }) => repository !== undefined).length,
      ]);
    }
  });

  it('are those since an instant, and of one tenant', async () => {
    const from = EVENTS[2_000]?.time ?? 0;
    const codex = (await queries.agents(tenant, from)).find(({ agentName }) => agentName === 'codex');
    expect(codex?.events).toBe(of('codex', from).length);
    expect(await queries.agents('nobody', 0)).toEqual([]);
  });

  it('show what is missing, and leave out derived events', async () => {
    const base = {
      ...EVENTS[0],
      tenant: 'agents',
      agentName: 'claude-code',
      mapping: 'claude-code@1',
      category: 'command',
      action: 'run',
      program: undefined,
      arguments: undefined,
    } as const;
    const bare = {
      ...base,
      eventId: '1'.repeat(32),
      commandLine: undefined,
      exitCode: undefined,
      outcome: 'denied',
      host: undefined,
      derivedFrom: undefined,
    };
    const whole = {
      ...base,
      eventId: '2'.repeat(32),
      commandLine: 'ls',
      exitCode: 0,
      outcome: 'success',
      derivedFrom: undefined,
    };
    const derived = {
      ...base,
      eventId: '3'.repeat(32),
      category: 'file',
      action: 'read',
      filePath: 'x',
      derivedFrom: whole.eventId,
    };
    await insert('events', [bare, whole, derived]);
    const [seen, ...others] = await queries.agents('agents', 0);
    expect([others, seen?.agent, seen?.events]).toEqual([[], 'claude-code', 2]);
    expect(counts(seen, 'commandLine')).toEqual([2, 1]);
    expect(counts(seen, 'exitCode')).toEqual([1, 1]);
    expect(counts(seen, 'host')).toEqual([2, 1]);
    expect(counts(seen, 'filePath')).toEqual([0, 0]);
    expect(counts(seen, 'decision')).toEqual([2, 0]);
  });
});

describe('the ledger', () => {
  const counts = {
    received: 9,
    accepted: 4,
    duplicate: 1,
    skipped: { internal: 3 },
    rejected: { missing_session: 1 },
    published: 3,
    waiting: 1,
    refused: {},
    lost: {},
    events: 5,
    publishedEvents: 4,
    derivedEvents: 2,
    publishedDerivedEvents: 1,
  };
  const account = (more: Partial<PipelineAccount>): PipelineAccount => ({
    spool: 'a'.repeat(16),
    collector: 'edge-1',
    tenant: 'ledger',
    sender: 'local',
    signal: 'logs',
    time: 1_760_000_000_000,
    ...counts,
    ...more,
  });

  const NONE = { events: 0, derived: 0 };

  it('is the latest entry of each spool for each account, and what is stored', async () => {
    const later = account({ time: 1_760_000_009_000, received: 10, duplicate: 2 });
    const nextDay = account({ sender: 'other', time: 1_760_090_000_000 });
    const elsewhere = account({ spool: 'b'.repeat(16), signal: 'traces' });
    await insert('ledger', [
      later,
      account({}),
      account({ sender: 'other' }),
      nextDay,
      elsewhere,
      account({ tenant: 'x' }),
    ]);
    expect(await queries.ledger('ledger', false)).toEqual({ accounts: [later, elsewhere, nextDay] });
    expect((await queries.ledger(tenant, true)).stored).toEqual({
      bySender: [{ sender: EVENTS[0]?.sender, events: EVENTS.length, derived: 0 }],
      repeats: NONE,
      refused: 0,
    });
    expect((await queries.ledger('other', true)).stored?.bySender).toEqual([
      { sender: OTHER[0]?.sender, events: 50, derived: 0 },
    ]);
    const [first, second] = OTHER;
    if (first === undefined || second === undefined) throw new Error('no events');
    await insert('events', [
      { ...first, tenant: 'derived' },
      { ...second, tenant: 'derived', derivedFrom: first.eventId },
    ]);
    expect((await queries.ledger('derived', true)).stored?.bySender).toEqual([
      { sender: first.sender, events: 2, derived: 1 },
    ]);
    const { derivedEvents: _, publishedDerivedEvents: __, ...before } = account({ tenant: 'before' });
    await insert('ledger', [before]);
    expect((await queries.ledger('before', false)).accounts).toEqual([before]);
  });

  it('counts an event again if it arrives in another request or from another sender, but not if the log redelivers it', async () => {
    const events = OTHER.slice(0, 3).map((event) => ({ ...event, tenant: 'twice' }));
    const [first, second, third] = events;
    if (first === undefined || second === undefined || third === undefined) throw new Error('no events');
    const derived = { ...third, eventId: 'd'.repeat(32), derivedFrom: third.eventId };
    await insert('events', [...events, derived]);
    await insert('events', [...events, derived]);
    expect((await queries.ledger('twice', true)).stored?.repeats).toEqual(NONE);
    const later = { ...first, receivedAt: first.receivedAt + 40 * 86_400_000 };
    const others = [second, derived].map((event) => ({ ...event, sender: 'other' }));
    await insert('events', [later, ...others]);
    await insert('events', [later]);
    await insert('events', [{ ...second, sender: 'third' }]);
    const { stored } = await queries.ledger('twice', true);
    expect(stored?.repeats).toEqual({ events: 4, derived: 1 });
    expect(stored?.bySender.reduce((sum, { events: n }) => sum + n, 0)).toBe(4);
  });

  it('knows that a tenant was removed', async () => {
    // Without merges, no deletion ever finishes.
    await warehouse.client('inserts').command({ query: 'SYSTEM START MERGES' });
    await removeTenant(warehouse, 'ledger');
    const { accounts, stored } = await queries.ledger('ledger', true);
    expect([accounts, stored]).toEqual([
      [],
      { bySender: [], repeats: NONE, refused: 0, removedAt: expect.any(Number) as unknown },
    ]);
  });
});
