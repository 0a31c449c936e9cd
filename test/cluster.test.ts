/** The same program as separate processes on a real Apache Kafka and on ClickHouse over HTTP, as a cluster runs it. */
import { until } from './support/until.ts';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../platform/hash.ts';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import { Alert } from '../schemas/records/alert.ts';
import { capturedRequests, post } from './support/telemetry/captures.ts';
import { describeWithKafka } from './support/kafka/kafka-suite.ts';
import type { RunningKafka } from './support/kafka/kafka.ts';
import { type Pipeline, startPipeline } from './support/programs/pipeline.ts';
import { listAll, run } from './support/programs/vigil.ts';
import { WITHOUT_CHDB } from './support/programs/without-chdb.ts';

await describeWithKafka('the roles as separate processes on Kafka and ClickHouse', () => {
  const data = mkdtempSync(join(tmpdir(), 'vigil-cluster-'));
  let pipeline: Pipeline;
  let broker: RunningKafka;
  beforeAll(async () => {
    const credential = `${sha256('cluster')}:acme:laptop,${sha256('demo')}:demo:demo-1`;
    const environment = { NODE_OPTIONS: WITHOUT_CHDB, VIGIL_CREDENTIALS: credential };
    const { startKafka } = await import('./support/kafka/kafka.ts');
    broker = await startKafka();
    pipeline = await startPipeline(data, { kafka: true, environment, cluster: { broker } });
  }, 120_000);
  afterAll(async () => {
    await pipeline.stop();
    await broker.stop();
    rmSync(data, { recursive: true, force: true });
  }, 60_000);

  it('takes the captured requests, stores each event once and raises alerts, without the embedded engine', async () => {
    const captured = [...capturedRequests('codex'), ...capturedRequests('claude-code')];
    const before = Date.now();
    const authorization = { authorization: 'Bearer cluster' };
    for (const request of [...captured, ...captured])
      expect((await post(pipeline.otlp, request, authorization)).status).toBe(200);
    const after = Date.now();
    const metrics = await (await fetch(`${pipeline.otlp}/metrics`)).text();
    const events = [...metrics.matchAll(/^collector_ledger_events\{[^}]*\} (\d+)$/gm)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
    expect(events).toBeGreaterThan(500);
    const stored = (): Promise<AgentEvent[]> => listAll<AgentEvent>(pipeline.api, '/v1/events?tenant=acme&from=0');
    await until('all events are stored', async () => (await stored()).length >= events);
    const all = await stored();
    // What was stamped at acceptance has come through spool, Kafka and store.
    expect(new Set(all.map(({ tenant, sender }) => `${tenant}/${sender}`))).toEqual(new Set(['acme/laptop']));
    expect(all.every(({ receivedAt }) => receivedAt >= before && receivedAt <= after)).toBe(true);
    const ids = all.map(({ eventId }) => eventId);
    expect(ids).toHaveLength(events);
    expect(new Set(ids).size).toBe(events);
    await until('alerts are there', async () =>
      (await listAll<Alert>(pipeline.api, '/v1/alerts?tenant=acme&from=0')).some(
        ({ detectionId }) => detectionId === 'pipe-to-interpreter',
      ),
    );
  }, 120_000);

  it('removes the demo with all that was on its way, and what comes from others stays', async () => {
    const demo = { authorization: 'Bearer demo' };
    const others = await listAll(pipeline.api, '/v1/events?tenant=acme&from=0');
    const captured = capturedRequests('claude-code');
    for (const request of captured) expect((await post(pipeline.otlp, request, demo)).status).toBe(200);
    const settings = {
      NODE_OPTIONS: WITHOUT_CHDB,
      VIGIL_KAFKA_BROKERS: broker.brokers.join(','),
      VIGIL_CLICKHOUSE_URL: pipeline.clickhouse ?? '',
      VIGIL_DATA: join(data, 'operator'),
    };
    const removal = run(['demo', 'remove'], settings);
    expect([await removal.ended(), removal.output()]).toEqual([0, 'The demo’s data has been removed.\n']);
    const left = async (): Promise<number[]> =>
      Promise.all(
        ['events', 'alerts'].map(
          async (kind) => (await listAll(pipeline.api, `/v1/${kind}?tenant=demo&from=0`)).length,
        ),
      );
    expect(await left()).toEqual([0, 0]);
    // Everything that was sent before this has come through when this has.
    const after = await (await fetch(`${pipeline.otlp}/metrics`)).text();
    expect(after).toMatch(/collector_ledger_records\{[^}]*state="waiting",[^}]*tenant="demo"[^}]*\} 0/);
    expect(await left()).toEqual([0, 0]);
    expect(await listAll(pipeline.api, '/v1/events?tenant=acme&from=0')).toHaveLength(others.length);
  }, 180_000);

  it('removes nothing of it where somebody does not get on, and says so; what is stored goes without waiting', async () => {
    const demo = { authorization: 'Bearer demo' };
    const [request] = capturedRequests('claude-code').filter(({ signal }) => signal === 'logs');
    if (request === undefined) throw new Error('no capture');
    const settings = {
      NODE_OPTIONS: WITHOUT_CHDB,
      VIGIL_KAFKA_BROKERS: broker.brokers.join(','),
      VIGIL_CLICKHOUSE_URL: pipeline.clickhouse ?? '',
      VIGIL_DATA: join(data, 'operator'),
    };
    const detector = pipeline.roles().get('detector') ?? 0;
    process.kill(detector, 'SIGSTOP');
    try {
      expect((await post(pipeline.otlp, request, demo)).status).toBe(200);
      const stuck = run(['demo', 'remove'], settings);
      expect(await stuck.ended()).toBe(1);
      expect(stuck.output()).toMatch(
        /the detector has not handled all of its data within 50 s; nothing was removed; vigil demo remove --now/,
      );
      const now = run(['demo', 'remove', '--now'], settings);
      expect([await now.ended(), now.output()]).toEqual([
        0,
        expect.stringContaining('Data still in the pipeline will arrive later'),
      ]);
    } finally {
      process.kill(detector, 'SIGCONT');
    }
  }, 240_000);
});
