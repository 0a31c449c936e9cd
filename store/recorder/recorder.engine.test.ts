import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClickHouseError } from '@clickhouse/client';
import { silentLog } from '../../platform/log.ts';
import { type Metrics, createMetrics } from '../../platform/metrics.ts';
import { type Warehouse, openWarehouse } from '../../platform/warehouse/index.ts';
import { Reject } from '../../schemas/records/reject.ts';
import { HEADERS, TOPICS } from '../../schemas/topics.ts';
import { type MemoryBus, createMemoryBus } from '../../test/support/clickhouse/clickhouse-bus.ts';
import { linesOf, syntheticAlerts, syntheticEvents } from '../../test/support/clickhouse/clickhouse-events.ts';
import { startRecorder } from '../../roles/recorder.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-recorder-'));
let warehouse: Warehouse;
let metrics: Metrics;
let databases = 0;

beforeEach(async () => {
  databases += 1;
  metrics = createMetrics();
  warehouse = await openWarehouse({ kind: 'chdb', path: join(folder, 'data'), database: `recorder_${databases}` });
});
afterEach(() => warehouse.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EVENTS = [...syntheticEvents({ count: 900, perSession: 30, concurrent: 10 })];
const messages = (bus: MemoryBus, perMessage: number): Promise<void> => {
  const cut: unknown[][] = [];
  for (let at = 0; at < EVENTS.length; at += perMessage) cut.push(EVENTS.slice(at, at + perMessage));
  return bus.publish(
    cut.map((events, n) => ({
      topic: TOPICS.events,
      key: `default/actor-${n % 7}`,
      value: Buffer.from(linesOf(events)),
      headers: { [HEADERS.count]: String(events.length) },
    })),
  );
};

async function rows<T>(query: string): Promise<T[]> {
  const answer = await warehouse
    .client('queries')
    .query({ query: query.replaceAll('{db}', warehouse.database), format: 'JSONEachRow' });
  return answer.json<T>();
}
const storedIds = async (): Promise<string[]> =>
  (await rows<{ eventId: string }>('SELECT eventId FROM {db}.events ORDER BY eventId')).map(({ eventId }) => eventId);
const allIds = EVENTS.map(({ eventId }) => eventId).sort();

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come about');
    await sleep(10);
  }
}
const isRead = (bus: MemoryBus): boolean =>
  bus.uncommitted('vigil-recorder', TOPICS.events) === 0 &&
  bus.uncommitted('vigil-recorder-alerts', TOPICS.alerts) === 0 &&
  bus.uncommitted('vigil-recorder-rejects', TOPICS.rejects) === 0;
const start = (bus: MemoryBus, over: Partial<Warehouse> = {}) =>
  startRecorder({ bus, warehouse: { ...warehouse, ...over }, log: silentLog, metrics });

describe('the recorder', () => {
  it('stores each event, alert and reject unchanged', async () => {
    const bus = createMemoryBus();
    await messages(bus, 7);
    const [alert] = syntheticAlerts({ count: 1 });
    const reject: Reject = {
      rejectId: 'a'.repeat(32),
      tenant: 'default',
      receivedAt: 1_760_000_000_000,
      stage: 'collector',
      reason: 'invalid_event',
      detail: '',
      sha256: 'b'.repeat(64),
      sizeBytes: 3,
      part: 0,
      parts: 1,
      body: 'x"\n\\',
    };
    await bus.publish([
      { topic: TOPICS.alerts, key: 'default/a', value: Buffer.from(JSON.stringify(alert)) },
      { topic: TOPICS.rejects, key: 'default', value: Buffer.from(JSON.stringify(reject)) },
    ]);
    const running = await start(bus);
    await until(() => isRead(bus));
    expect(await storedIds()).toEqual(allIds);
    expect(
      await rows("SELECT alertId, JSONExtractString(entity, 'kind') AS kind, entityId FROM {db}.alerts_log FINAL"),
    ).toEqual([{ alertId: alert?.alertId, kind: 'session', entityId: alert?.entity.id }]);
    expect(await rows('SELECT body, detail, part FROM {db}.rejects')).toEqual([
      { body: reject.body, detail: '', part: 0 },
    ]);
    expect(await metrics.exposition()).toContain('recorder_rows_total{table="events"} 900');
    await running.stop();
  });

  it('stores each event once, regardless of redelivery and batch sizes', async () => {
    for (const [run, perMessage] of [40, 40, 13, 1].entries()) {
      const bus = createMemoryBus({ cut: () => 1 + ((run * 7 + databases) % 5) });
      await messages(bus, perMessage);
      const running = await start(bus);
      await until(() => isRead(bus));
      await running.stop();
    }
    expect(await storedIds()).toEqual(allIds);
  });

  it('groups messages into few inserts', async () => {
    let inserts = 0;
    const bus = createMemoryBus({ cut: () => 1 });
    await messages(bus, 5);
    const running = await start(bus, {
      insertLines: (purpose, insert) => {
        inserts += 1;
        return warehouse.insertLines(purpose, insert);
      },
    });
    await until(() => isRead(bus));
    await running.stop();
    // 180 messages, read one by one: an insert collects those of a quarter of a second.
    expect(inserts).toBeLessThan(60);
  });

  it('skips control messages, and their positions count', async () => {
    const bus = createMemoryBus({ partitions: 1 });
    const control = {
      topic: TOPICS.events,
      key: '',
      value: Buffer.from('{"tick":1}'),
      headers: { [HEADERS.control]: 'tick' },
    };
    await bus.publish([control]);
    await messages(bus, 300);
    await bus.publish([control, control]);
    const running = await start(bus);
    await until(() => isRead(bus));
    expect(await storedIds()).toEqual(allIds);
    expect(bus.messagesOf(TOPICS.rejects).flat()).toEqual([]);
    expect(await metrics.exposition()).toContain('recorder_skipped_messages_total{table="events"} 3');
    await running.stop();
  });

  it('sends a rejected line to the rejects, complete, and stores all others', async () => {
    const bus = createMemoryBus();
    const [good, other] = syntheticEvents({ seed: 50, count: 2 });
    const bad = [
      JSON.stringify({ ...good, surplus: 1 }),
      JSON.stringify({ ...good, sessionId: undefined }),
      '{"torn":',
      'DROP TABLE events_log',
      JSON.stringify({ ...good, exitCode: 'ü'.repeat(200_000) }),
    ];
    await messages(bus, 10);
    const lines = [JSON.stringify(good), ...bad, JSON.stringify(other)];
    await bus.publish([
      { topic: TOPICS.events, key: 'house/sender/user:u', value: Buffer.from(`\n${lines.join('\n\n')}\n\n\n`) },
    ]);
    const running = await start(bus);
    await until(() => isRead(bus));
    expect(await storedIds()).toEqual([...allIds, good?.eventId, other?.eventId].sort());
    const rejects = bus
      .messagesOf(TOPICS.rejects)
      .flat()
      .map(({ value }) => Reject.parse(JSON.parse(value.toString())));
    const bodies = new Map<string, string>();
    for (const { rejectId, body } of rejects) bodies.set(rejectId, (bodies.get(rejectId) ?? '') + body);
    expect([...bodies.values()].sort()).toEqual([...bad].sort());
    expect(new Set(rejects.map(({ tenant }) => tenant))).toEqual(new Set(['house']));
    expect(rejects.every(({ reason, detail }) => reason === 'store_refused' && detail.startsWith('ClickHouse '))).toBe(
      true,
    );
    expect(await rows('SELECT count() AS n FROM {db}.rejects')).toEqual([{ n: rejects.length }]);
    await running.stop();
  });

  it('does not send its own rejected rejects to the rejects again', async () => {
    const bus = createMemoryBus();
    await bus.publish([{ topic: TOPICS.rejects, key: 'default', value: Buffer.from('{"not":"a reject"}') }]);
    const refuseAll: Partial<Warehouse> = {
      insertLines: () => Promise.reject(new ClickHouseError({ message: 'no', code: '117', type: 'INCORRECT_DATA' })),
    };
    const running = await start(bus, refuseAll);
    await until(async () => (await metrics.exposition()).includes('recorder_unstorable_rejects_total 1'));
    await until(() => isRead(bus));
    expect(bus.messagesOf(TOPICS.rejects).flat()).toHaveLength(2);
    await running.stop();
  });

  it.each([
    { name: 'a lost connection', error: new Error('socket hang up') },
    { name: 'a full memory', error: new ClickHouseError({ message: 'x', code: '241', type: 'MEMORY_LIMIT_EXCEEDED' }) },
    { name: 'a missing table', error: new ClickHouseError({ message: 'x', code: '60', type: 'UNKNOWN_TABLE' }) },
    { name: 'an unclear answer', error: new ClickHouseError({ message: 'x', code: '49', type: 'LOGICAL_ERROR' }) },
  ])('waits until $name is over: nothing committed, nothing rejected, then everything is stored', async ({ error }) => {
    let away = 3;
    let committedWhileAway = 0;
    const bus = createMemoryBus();
    await messages(bus, 50);
    const running = await start(bus, {
      insertLines: (purpose, insert) => {
        if (purpose === 'alerts') return warehouse.insertLines(purpose, insert);
        away -= 1;
        if (away < 0) return warehouse.insertLines(purpose, insert);
        committedWhileAway += bus.committed.size;
        return Promise.reject(error);
      },
    });
    await until(() => isRead(bus));
    await running.stop();
    expect(committedWhileAway).toBe(0);
    expect(await storedIds()).toEqual(allIds);
    expect(bus.messagesOf(TOPICS.rejects).flat()).toEqual([]);
  });

  it('records alerts while events cannot be recorded', async () => {
    const bus = createMemoryBus();
    await messages(bus, 50);
    const running = await start(bus, {
      insertLines: (purpose, insert) =>
        insert.table === 'events_log' ? Promise.reject(new Error('timeout')) : warehouse.insertLines(purpose, insert),
    });
    const [alert] = syntheticAlerts({ count: 1 });
    await bus.publish([{ topic: TOPICS.alerts, key: 'default/a', value: Buffer.from(JSON.stringify(alert)) }]);
    await until(() => bus.uncommitted('vigil-recorder-alerts', TOPICS.alerts) === 0);
    await running.stop();
    expect(await rows('SELECT alertId FROM {db}.alerts')).toEqual([{ alertId: alert?.alertId }]);
    expect(await storedIds()).toEqual([]);
  });

  it('finds the line that makes the engine fail with an unclear error', async () => {
    const bus = createMemoryBus();
    await messages(bus, 100);
    const poison = EVENTS[333];
    const running = await start(bus, {
      insertLines: (purpose, insert) =>
        insert.table === 'events_log' && insert.lines.includes(poison?.eventId ?? '-')
          ? Promise.reject(new ClickHouseError({ message: 'bug', code: '49', type: 'LOGICAL_ERROR' }))
          : warehouse.insertLines(purpose, insert),
    });
    await until(async () => {
      const { length } = bus.messagesOf(TOPICS.rejects).flat();
      return length > 0 && isRead(bus) && (await storedIds()).length > 0;
    });
    expect(await storedIds()).toEqual(allIds.filter((id) => id !== poison?.eventId));
    expect(await rows("SELECT JSONExtractString(body, 'eventId') AS id FROM {db}.rejects")).toEqual([
      { id: poison?.eventId },
    ]);
    await running.stop();
  }, 120_000);

  it('stops during an outage, and the next start stores what was left', async () => {
    const bus = createMemoryBus();
    await messages(bus, 30);
    const stuck = await start(bus, { insertLines: () => Promise.reject(new Error('connect ECONNREFUSED')) });
    await sleep(300);
    await stuck.stop();
    expect(bus.committed.size).toBe(0);
    const running = await start(bus);
    await until(() => isRead(bus));
    expect(await storedIds()).toEqual(allIds);
    await running.stop();
  });

  it('starts while the warehouse is unavailable', async () => {
    const bus = createMemoryBus();
    await messages(bus, 30);
    let away = true;
    const running = await start(bus, {
      client: (purpose) => {
        if (away) throw new Error('connect ECONNREFUSED');
        return warehouse.client(purpose);
      },
    });
    await sleep(100);
    away = false;
    await until(() => isRead(bus));
    expect(await storedIds()).toEqual(allIds);
    await running.stop();
  });

  it('slows down reading when inserts are slow', async () => {
    let largest = 0;
    const bus = createMemoryBus({ cut: () => 600, partitions: 1 });
    const big = syntheticEvents({ count: 1_500, seed: 60 });
    const padded = [...big].map((event) => ({ ...event, attributes: { text: 'x'.repeat(20_000) } }));
    for (const event of padded) {
      await bus.publish([{ topic: TOPICS.events, key: 'default/a', value: Buffer.from(JSON.stringify(event)) }]);
    }
    const running = await start(bus, {
      insertLines: async (purpose, insert) => {
        largest = Math.max(largest, insert.lines.length);
        await sleep(30);
        await warehouse.insertLines(purpose, insert);
      },
    });
    await until(() => isRead(bus));
    // One batch of the log on top of the insert limit.
    expect(largest).toBeLessThan(8 * 1024 ** 2 + 600 * 21_500);
    expect(await rows('SELECT count() AS n FROM {db}.events')).toEqual([{ n: 1_500 }]);
    await running.stop();
  });
});
