/** The built program as it is started: its words, and a collector whose Kafka is not there. */
import { until } from './support/until.ts';
import { afterAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../platform/files/package-root.ts';
import { capturedRequests, post } from './support/telemetry/captures.ts';
import { freePort, run } from './support/programs/vigil.ts';

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
    'tokens',
    'rejects',
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
    [['tokens'], 'create, list, rotate, revoke or set?'],
    [['tokens', 'create'], 'vigil tokens create NAME: which client?'],
    [['tokens', 'create', 'a', '--sender', 'b'], '"b" is not expected here'],
    [['tokens', 'list', 'a'], '"a" is not expected here'],
    [['tokens', 'create', 'a/b'], 'NAME is "a/b"; it must be a name of at most 64 letters'],
    [['tokens', 'create', 'a', '--tenant', 'b c'], '--tenant is "b c"; it must be a name'],
    [['tokens', 'create', 'a', '--actor', 'b/c'], '--actor is "b/c"; it must be a name'],
    [['tokens', 'create', 'a', '--agent', 'a,b'], '--agent is "a,b"; it must be the name of one agent'],
    [['tokens', 'create', 'a', '--expires', '3w'], '--expires is "3w"; it must be a time such as 30m'],
    [['tokens', 'create', 'a', '--bytes-per-minute', '0'], '--bytes-per-minute is "0"; it must be a whole number'],
    [['tokens', 'create', 'a', '--for', 'all'], '--for is "all"; it must be one of telemetry, read, metrics'],
    [['tokens', 'create', 'a', '--overlap', '1h'], 'vigil tokens create has no option --overlap'],
    [
      ['tokens', 'create', 'a', '--for', 'read', '--actor', 'b'],
      'a client that reads sends nothing: --reads is its only term',
    ],
    [['tokens', 'create', 'a', '--reads', 'b'], '--reads is a term of clients that read: --for read'],
    [['tokens', 'create', 'a', '--for', 'read', '--reads', 'b/c'], '--reads is "b/c"; it must be a name'],
    [['tokens', 'rotate'], 'vigil tokens rotate ID: which credential?'],
    [['tokens', 'set', 'a'], 'which terms?'],
    [['rejects'], 'list, show, replay or openings?'],
    [['rejects', 'list', '--reason', 'bad'], '--reason is "bad"; it must be one of missing_session, '],
    [['rejects', 'list', '--since', 'soon'], '--since is "soon"; it must be 30m, 24h, 7d or a date'],
    [['rejects', 'list', '--why', 'x'], 'vigil rejects list does not accept --why'],
    [['rejects', 'show'], 'vigil rejects show ID: which one?'],
    [['rejects', 'show', 'x', '--why', 'y'], '"x" is no id of the quarantine'],
    [['rejects', 'replay', 'a'.repeat(32)], 'why is it opened?'],
  ])('%j is refused', async (args, sentence) => {
    const asked = run(args, { VIGIL_DATA: join(data, 'none') });
    expect([await asked.ended(), asked.output()]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it('refuses what cannot be done with credentials in a sentence, and writes nothing', async () => {
    const folder = join(data, 'no-tokens');
    for (const [args, sentence] of [
      [['tokens', 'revoke', 'x'], 'there is no credential "x"; vigil tokens list shows all'],
      [['tokens', 'set', 'a', '--actor', 'b'], 'there is no client default/a'],
    ] as const) {
      const asked = run(args, { VIGIL_DATA: folder });
      expect([await asked.ended(), asked.output()]).toEqual([1, `vigil: ${sentence}\n`]);
    }
    expect(existsSync(join(folder, 'tokens.json'))).toBe(false);
  });

  it('shows a token alone on standard output, and lists credentials for people', async () => {
    const environment = { VIGIL_DATA: join(data, 'tokens') };
    const terms = [
      '--actor',
      'ada',
      '--agent',
      'codex',
      '--records-per-minute',
      '600',
      '--actor-bytes-per-minute',
      '5',
    ];
    const made = run(['tokens', 'create', 'laptop', '--expires', '90d', ...terms], environment);
    expect(await made.ended()).toBe(0);
    expect(made.output()).toMatch(/^vigil_[0-9a-f]{10}_[0-9a-f]{64}$/m);
    const again = run(['tokens', 'create', '--sender', 'laptop', '--actor', 'eve'], environment);
    expect([await again.ended(), again.output()]).toEqual([
      1,
      expect.stringContaining('default/laptop exists and has terms of its own'),
    ]);
    const changed = run(
      ['tokens', 'set', 'laptop', '--agent', 'none', '--records-per-minute', 'none', '--bytes-per-minute', '9'],
      environment,
    );
    expect([await changed.ended(), changed.output()]).toEqual([
      0,
      'default/laptop: actor ada; 9 bytes/min; 5 bytes/min per actor\n',
    ]);
    const listed = run(['tokens', 'list'], environment);
    expect([await listed.ended(), listed.output()]).toEqual([
      0,
      expect.stringMatching(
        /^[0-9a-f]{10} {2}active {3}until \d{4}-.*default\/laptop.*token {2}last used never {2}actor ada; /,
      ),
    ]);
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
    await until('the collector listens', () =>
      fetch(`${otlp}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
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
    { role: 'detector', says: 'topics not created yet' },
    { role: 'recorder', says: 'topics not created yet' },
    { role: 'audit', says: 'topics not created yet' },
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
