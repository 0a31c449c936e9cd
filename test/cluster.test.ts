/** The same program as separate processes on a real Apache Kafka and on ClickHouse over HTTP, as a cluster runs it. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../platform/hash.ts';
import { AgentEvent } from '../schemas/agent-event.ts';
import { Alert } from '../schemas/alert.ts';
import { capturedRequests, post } from './support/captures.ts';
import { describeWithKafka } from './support/kafka-suite.ts';
import { type Pipeline, startPipeline } from './support/pipeline.ts';
import { listAll, until } from './support/vigil.ts';
import { WITHOUT_CHDB } from './support/without-chdb.ts';

await describeWithKafka('the roles as separate processes on Kafka and ClickHouse', () => {
  const data = mkdtempSync(join(tmpdir(), 'vigil-cluster-'));
  let pipeline: Pipeline;
  beforeAll(async () => {
    const credential = `${sha256('cluster')}:acme:laptop`;
    const environment = { NODE_OPTIONS: WITHOUT_CHDB, VIGIL_CREDENTIALS: credential };
    pipeline = await startPipeline(data, { kafka: true, environment });
  }, 120_000);
  afterAll(async () => {
    await pipeline.stop();
    rmSync(data, { recursive: true, force: true });
  }, 60_000);

  it('takes the captured requests, stores each event once and raises alerts, without the embedded engine', async () => {
    const captured = [...capturedRequests('codex'), ...capturedRequests('claude-code')];
    const before = Date.now();
    const authorization = { authorization: 'Bearer cluster' };
    for (const request of [...captured, ...captured]) expect((await post(pipeline.otlp, request, authorization)).status).toBe(200); // prettier-ignore
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
});
