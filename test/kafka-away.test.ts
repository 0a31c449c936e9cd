/** Roles whose Kafka goes away while they run: asked to stop they end in order, and what was acknowledged stays. */
import { until } from './support/until.ts';
import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capturedRequests, post } from './support/telemetry/captures.ts';
import { startKafka } from './support/kafka/kafka.ts';
import { describeWithKafka } from './support/kafka/kafka-suite.ts';
import { type Process, freePort, run } from './support/vigil.ts';

const data = mkdtempSync(join(tmpdir(), 'vigil-kafka-away-'));
const started: Process[] = [];
afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all(started.map((each) => each.ended()));
  rmSync(data, { recursive: true, force: true });
});

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

async function waiting(otlp: string): Promise<number> {
  const metrics = await (await fetch(`${otlp}/metrics`)).text();
  return Number(/^collector_ledger_records\{signal="logs",state="waiting"[^}]*\} (\d+)/m.exec(metrics)?.[1]);
}

await describeWithKafka('roles whose Kafka goes away', () => {
  it('end in order, with what the collector has acknowledged in its spool', async () => {
    const kafka = await startKafka();
    const [otlpPort, httpPort] = [await freePort(), await freePort()];
    const environment = {
      VIGIL_DATA: data,
      VIGIL_LOG_LEVEL: 'info',
      VIGIL_KAFKA_BROKERS: kafka.brokers.join(','),
      VIGIL_CLICKHOUSE_URL: `http://127.0.0.1:${await freePort()}`,
      VIGIL_OTLP_PORT: String(otlpPort),
      VIGIL_OTLP_GRPC_PORT: '0',
      VIGIL_HTTP_PORT: String(httpPort),
    };
    const otlp = `http://127.0.0.1:${otlpPort}`;
    const roles = ['collector', 'detector', 'audit'].map((role) => run([role], environment));
    const [collector, detector, audit] = roles;
    started.push(...roles);
    await until('the detector judges', () => detector?.output().includes('"judging"') === true);
    await until('the audit API listens', () => answers(`http://127.0.0.1:${httpPort}/healthz`));
    await until('the collector listens', () => answers(`${otlp}/healthz`));
    const [first, second] = capturedRequests('claude-code').filter(({ signal }) => signal === 'logs');
    if (first === undefined || second === undefined) throw new Error('no captures');
    expect((await post(otlp, first)).status).toBe(200);
    await until('it is in Kafka', async () => (await waiting(otlp)) === 0);

    await kafka.stop();
    expect((await post(otlp, second)).status).toBe(200);
    const acknowledged = await waiting(otlp);
    expect(acknowledged).toBeGreaterThan(0);
    for (const role of [collector, detector, audit]) {
      role?.child.kill('SIGTERM');
      const code = await role?.ended();
      const said = role
        ?.output()
        .split('\n')
        .filter((line) => /"level":50|took too long/.test(line));
      expect([code, said]).toEqual([0, []]);
    }

    const again = run(['collector'], environment);
    started.push(again);
    await until('the collector listens again', () => answers(`${otlp}/healthz`));
    expect(await waiting(otlp)).toBe(acknowledged);
  }, 180_000);
});
