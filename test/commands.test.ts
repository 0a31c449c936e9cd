/** The built program as it is started: its words, and a collector whose Kafka is not there. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../cli/package-root.ts';
import { capturedRequests, post } from './support/captures.ts';
import { freePort, run, until } from './support/vigil.ts';

const data = mkdtempSync(join(tmpdir(), 'vigil-commands-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));

describe('vigil', () => {
  it.each([
    'up',
    'collector',
    'detector',
    'recorder',
    'audit',
    'warehouse',
    'backtest',
    'detections',
    'simulate',
    'demo',
  ])('%s --help prints its usage and starts nothing', async (command) => {
    const asked = run([command, '--help'], { VIGIL_DATA: join(data, 'none') });
    expect([await asked.ended(), asked.output()]).toEqual([0, expect.stringMatching(/^Usage: vigil /)]);
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
    const asked = run(['--version']);
    expect([await asked.ended(), asked.output()]).toEqual([0, `${version}\n`]);
  });

  it.each([
    [['toString'], 'there is no command "toString"'],
    [['up', 'demo'], '"demo" is not expected here'],
    [['up', '--data='], '--data is empty'],
    [['collector', '--bogus'], "Unknown option '--bogus'"],
  ])('%j is refused', async (args, sentence) => {
    const asked = run(args, { VIGIL_DATA: join(data, 'none') });
    expect([await asked.ended(), asked.output()]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it('takes telemetry while Kafka is away, also when it has just been started', async () => {
    const port = await freePort();
    const collector = run(['collector'], {
      VIGIL_DATA: data,
      VIGIL_OTLP_PORT: String(port),
      VIGIL_OTLP_GRPC_PORT: '0',
      VIGIL_KAFKA_BROKERS: `127.0.0.1:${await freePort()}`,
      VIGIL_LOG_LEVEL: 'silent',
    });
    const otlp = `http://127.0.0.1:${port}`;
    await until('the collector listens', () => fetch(`${otlp}/healthz`).then(({ ok }) => ok, () => false)); // prettier-ignore
    const [request] = capturedRequests('claude-code').filter(({ signal }) => signal === 'logs');
    if (request === undefined) throw new Error('no capture');
    expect((await post(otlp, request)).status).toBe(200);
    const metrics = await (await fetch(`${otlp}/metrics`)).text();
    expect(Number(/^collector_ledger_records\{[^}]*logs[^}]*waiting[^}]*\} (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(
      0,
    );
    // A publication is on its way that Kafka does not answer.
    collector.child.kill('SIGTERM');
    expect([await collector.ended(), collector.output()]).toEqual([0, '']);
  }, 60_000);

  it.each([
    { role: 'detector', says: 'topics not made yet' },
    { role: 'recorder', says: 'topics not made yet' },
    { role: 'audit', says: 'topics not made yet' },
  ])(
    'the $role that waits for Kafka ends in order when it is asked to',
    async ({ role, says }) => {
      const waiting = run([role], {
        VIGIL_DATA: data,
        VIGIL_KAFKA_BROKERS: `127.0.0.1:${await freePort()}`,
        VIGIL_CLICKHOUSE_URL: `http://127.0.0.1:${await freePort()}`,
        VIGIL_HTTP_PORT: String(await freePort()),
        VIGIL_LOG_LEVEL: 'warn',
      });
      await until('it has found out', () => waiting.output().includes(says));
      waiting.child.kill('SIGTERM');
      expect(await waiting.ended()).toBe(0);
      expect(waiting.output()).not.toMatch(/took too long|failed while stopping/);
    },
    60_000,
  );
});
