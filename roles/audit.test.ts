/** Tests the audit role and the recorder in one process on the embedded engine, as `vigil up` runs them. */
import { EventList } from '../schemas/api/events.ts';
import { AlertDetail, AlertList } from '../schemas/api/alerts.ts';
import { Problem } from '../schemas/api/contract/problem.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Running } from '../platform/process/lifecycle.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { type Warehouse, openWarehouse } from '../platform/warehouse/index.ts';
import { SessionDetail, SessionList } from '../schemas/api/sessions.ts';
import { TOPICS } from '../schemas/topics.ts';
import { startRecorder } from './recorder.ts';
import { createMemoryBus } from '../test/support/clickhouse/clickhouse-bus.ts';
import { linesOf, syntheticAlerts, syntheticEvents } from '../test/support/clickhouse/clickhouse-events.ts';
import { openToEverybody } from '../test/support/access.ts';
import { startAudit } from './audit.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-audit-'));
const bus = createMemoryBus();
const metrics = createMetrics();
let warehouse: Warehouse;
let recorder: Running;
let audit: Running;
let base: string;

const EVENTS = [...syntheticEvents({ count: 200, perSession: 50, concurrent: 4 })];
const ALERTS = [...syntheticAlerts({ count: 4 })].map((alert, n) => {
  const { eventId, sessionId } = EVENTS[n] ?? { eventId: '', sessionId: '' };
  return { ...alert, sessionId, entity: { ...alert.entity, id: sessionId }, evidence: [{ eventId, sessionId }] };
});

beforeAll(async () => {
  warehouse = await openWarehouse({ kind: 'chdb', path: join(folder, 'data') });
  const shared = { bus, warehouse, log: silentLog, metrics };
  recorder = await startRecorder(shared);
  audit = await startAudit({
    ...shared,
    access: openToEverybody(),
    needsCredential: () => false,
    host: '127.0.0.1',
    port: 0,
    webRoot: folder,
  });
  base = `http://127.0.0.1:${String(audit.facts?.['port'])}`;
});
afterAll(async () => {
  await audit.stop();
  await recorder.stop();
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = async (path: string): Promise<unknown> => {
  const response = await fetch(`${base}${path}`);
  expect(response.status).toBe(200);
  return response.json();
};

describe('from the topics to the API', () => {
  it('an alert reaches open streams, and then the lists', async () => {
    const ended = new AbortController();
    const stream = await fetch(`${base}/v1/stream`, { signal: ended.signal });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    await sleep(50);
    await bus.publish([
      { topic: TOPICS.events, key: 'default/a', value: Buffer.from(linesOf(EVENTS)) },
      { topic: TOPICS.alerts, key: 'default/a', value: Buffer.from('not an alert') },
      ...ALERTS.map((alert) => ({ topic: TOPICS.alerts, key: 'default/a', value: Buffer.from(JSON.stringify(alert)) })),
    ]);
    let text = '';
    while (ALERTS.some(({ alertId }) => !text.includes(alertId))) {
      const chunk = await reader?.read();
      if (chunk?.done !== false) throw new Error('the stream ended');
      text += chunk.value;
    }
    ended.abort();

    const deadline = Date.now() + 60_000;
    let list = AlertList.parse(await get('/v1/alerts'));
    while (list.items.length < ALERTS.length && Date.now() < deadline) {
      await sleep(20);
      list = AlertList.parse(await get('/v1/alerts'));
    }
    expect(list.items).toEqual([...ALERTS].reverse());
  });

  it('every answer matches the contract', async () => {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      const { items } = EventList.parse(await get('/v1/events?limit=1000'));
      if (items.length === EVENTS.length) break;
      await sleep(20);
    }
    const [alert] = ALERTS;
    const detail = AlertDetail.parse(await get(`/v1/alerts/${alert?.alertId ?? ''}`));
    expect(detail).toEqual({ alert, events: [EVENTS[0]], missingEventIds: [] });
    const sessions = SessionList.parse(await get('/v1/sessions?limit=2'));
    expect(sessions.items).toHaveLength(2);
    const id = sessions.items[0]?.sessionId ?? '';
    const session = SessionDetail.parse(await get(`/v1/sessions/${encodeURIComponent(id)}`));
    expect(session.events).toHaveLength(50);
    expect(session.session).toEqual(sessions.items[0]);
    expect(session.alerts).toEqual(ALERTS.filter(({ sessionId }) => sessionId === id).reverse());
    const rest = SessionList.parse(await get(`/v1/sessions?limit=2&cursor=${sessions.nextCursor ?? ''}`));
    expect(new Set([...sessions.items, ...rest.items].map(({ sessionId }) => sessionId)).size).toBe(4);
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
  });

  it('answers 503 to every request when ClickHouse accepts connections and never answers', async () => {
    const sockets: Socket[] = [];
    const hanging = createTcpServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    const hung = await openWarehouse({ kind: 'http', url, deadlinesMs: { queries: 300, searches: 600 } });
    const shared = { bus, log: silentLog, metrics: createMetrics(), webRoot: folder };
    const role = await startAudit({
      ...shared,
      access: openToEverybody(),
      needsCredential: () => false,
      warehouse: hung,
      host: '127.0.0.1',
      port: 0,
    });
    try {
      // There are more requests than connections: those that wait for a connection also time out.
      const paths = Array.from(
        { length: 30 },
        (_, n) => ['/v1/alerts', '/v1/events?text=curl', '/v1/sessions/x'][n % 3],
      );
      const answers = await Promise.all(
        paths.map((path) => fetch(`http://127.0.0.1:${String(role.facts?.['port'])}${path ?? ''}`)),
      );
      for (const answer of answers) {
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
        expect(Problem.parse(await answer.json()).detail).toBe('The warehouse does not answer at present');
      }
    } finally {
      await role.stop();
      for (const socket of sockets) socket.destroy();
      await hung.close();
      await new Promise((resolve) => hanging.close(resolve));
    }
  });

  it('reports that its port is in use', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const shared = { bus, warehouse, log: silentLog, metrics: createMetrics(), webRoot: folder };
    await expect(
      startAudit({ ...shared, access: openToEverybody(), needsCredential: () => false, host: '127.0.0.1', port }),
    ).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: `port ${port} for the page and its API is taken by another program; set VIGIL_HTTP_PORT to a free one`,
    });
    await new Promise((resolve) => holder.close(resolve));
  });
});
