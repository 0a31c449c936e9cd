/** The published API in a program of its own, against a real collector, and against all that a collector can do wrong. */
import { until } from './support/until.ts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../platform/files/package-root.ts';
import type { AgentEvent } from '../schemas/records/agent-event.ts';
import { startTestCollector } from './support/collector.ts';
import { freePort } from './support/vigil.ts';

const EXAMPLE = join('examples', 'instrumented-agent.mjs');

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Exit code and signal. */
  readonly ended: Promise<unknown[]>;
}

/** A program of a user of the package. */
function program(
  args: readonly string[],
  endpoint: string,
  environment: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(process.execPath, args, {
    cwd: packageRoot,
    env: { PATH: process.env['PATH'], OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output, ended: once(child, 'close') };
}

const script = (body: string): readonly string[] => [
  '--input-type=module',
  '--eval',
  `import { createInstrument } from 'vigil/instrument';\n${body}`,
];

const line = (event: AgentEvent): string =>
  [
    `${event.category}/${event.action}`,
    event.outcome,
    event.exitCode,
    event.commandLine ??
      event.filePath ??
      event.networkHost ??
      event.mcpServer ??
      event.decision ??
      event.toolName ??
      event.model,
  ]
    .filter((part) => part !== undefined)
    .join(' ');

describe('a program with the instrument', () => {
  it('tells all that its session did: the example, as it is printed', async () => {
    const collector = await startTestCollector();
    const { ended, output } = program([EXAMPLE], collector.otlp);
    expect([await ended, output()]).toEqual([[0, null], '']);
    const events = [...(await collector.events())].sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
    expect(events.map(line)).toEqual([
      'session/start success',
      'model/request success gpt-5.5',
      'approval/decide success approved',
      'command/run failure 1 npm test',
      'file/update success /srv/shop/src/cart.ts',
      'network/fetch success docs.example.com',
      'mcp/call success notes',
      'tool/call failure plan',
      'approval/decide denied denied',
      'command/run denied git push --force',
      'file/read success /srv/shop/README.md',
      'session/turn success',
      'session/turn success gpt-5.5',
      'prompt/submit success',
      'session/end success',
    ]);
    const each = (field: keyof AgentEvent) => [...new Set(events.map((event) => event[field]))];
    expect(each('agentName')).toEqual(['tidy-bot']);
    expect(each('agentVersion')).toEqual(['1.4.0']);
    expect(each('userEmail')).toEqual(['ada@example.com']);
    expect(each('repository')).toEqual(['https://github.com/example/shop']);
    expect(each('actor')).toHaveLength(1);
    expect(each('sessionId')).toHaveLength(1);
    expect(each('cwd')).toEqual(['/srv/shop']);
    expect(events[0]).toMatchObject({ approvalMode: 'on-request', sandboxMode: 'workspace-write' });
    expect(events[1]).toMatchObject({ provider: 'openai', inputTokens: 1200, outputTokens: 85 });
    expect(events[2]).toMatchObject({
      decisionScope: 'once',
      decisionSource: 'user',
      callId: 'call-1',
      toolName: 'shell',
    });
    expect(events[3]).toMatchObject({ callId: 'call-1', program: 'npm', arguments: ['test'], outputBytes: 2048 });
    expect(events[4]).toMatchObject({ fileOperation: 'update', fileBytes: 310 });
    expect(events[5]).toMatchObject({
      networkMethod: 'POST',
      networkPort: 443,
      networkProtocol: 'https',
      bytesOut: 240,
      bytesIn: 5120,
    });
    expect(events[7]).toMatchObject({ reason: 'no step left' });
    expect(events[10]).toMatchObject({ agentId: 'agent-7' });
    expect(events[13]).toMatchObject({
      contentLength: 19,
      contentHash: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
    });
    // What became a field is no attribute as well.
    expect(
      events.flatMap(({ attributes }) => Object.keys(attributes)).filter((key) => key.startsWith('vigil.')),
    ).toEqual([]);
    expect(JSON.stringify(events)).not.toContain('Make the tests pass');
    await collector.stop();
  }, 60_000);

  it('is shown in the documentation as it is run', () => {
    const page = readFileSync(join(packageRoot, 'docs', 'instrument.md'), 'utf8');
    expect(page).toContain(readFileSync(join(packageRoot, EXAMPLE), 'utf8').trim());
  });

  it('is found by TypeScript and by npm', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-instrument-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(packageRoot, join(folder, 'node_modules', 'vigil'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(folder, 'agent.ts'),
      `import { createInstrument, type CommandResult, type Instrument } from 'vigil/instrument';
       const instrument: Instrument = createInstrument({ agentName: 'a' });
       const result: CommandResult = { exitCode: 0 };
       instrument.session().turn().command({ commandLine: 'ls' }).end(result);
       // @ts-expect-error a command has a line
       instrument.session().command({});`,
    );
    const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck'];
    expect(spawnSync(process.execPath, [tsc, ...options, 'agent.ts'], { cwd: folder, encoding: 'utf8' }).stdout).toBe(
      '',
    );
    rmSync(folder, { recursive: true, force: true });
    const packed = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: packageRoot,
      encoding: 'utf8',
    });
    const [{ files }] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['dist/instrument/index.js', 'dist/instrument/index.d.ts', 'dist/cli/main.js']),
    );
  }, 60_000);

  it('tells on SIGTERM what has begun, and ends by it as it would without', async () => {
    const collector = await startTestCollector();
    const held = program(
      script(`
        const session = createInstrument({ agentName: 'held' }).session();
        session.turn().command({ commandLine: 'sleep 1000' });
        createInstrument({ agentName: 'second' }).session();
        setInterval(() => {}, 1000);
        console.log('ready');`),
      collector.otlp,
    );
    await until('it has begun', () => held.output().includes('ready'));
    held.child.kill('SIGTERM');
    expect([await held.ended, held.output()]).toEqual([[null, 'SIGTERM'], 'ready\n']);
    expect((await collector.events()).map((event) => `${event.agentName} ${line(event)}`).sort()).toEqual([
      'held command/run unknown sleep 1000',
      'held session/end unknown',
      'held session/start success',
      'held session/turn unknown',
      'second session/end unknown',
      'second session/start success',
    ]);
    await collector.stop();
  }, 60_000);

  it('leaves a signal to the program that listens to it', async () => {
    const collector = await startTestCollector();
    const held = program(
      script(`
        createInstrument({ agentName: 'held' }).session();
        const busy = setInterval(() => {}, 1000);
        process.on('SIGTERM', () => { console.log('asked'); process.exitCode = 3; clearInterval(busy); });
        console.log('ready');`),
      collector.otlp,
    );
    await until('it has begun', () => held.output().includes('ready'));
    held.child.kill('SIGTERM');
    expect([await held.ended, held.output()]).toEqual([[3, null], 'ready\nasked\n']);
    expect((await collector.events()).map(line).sort()).toEqual(['session/end unknown', 'session/start success']);
    await collector.stop();
  }, 60_000);

  it('sends what waited while the collector was away', async () => {
    const port = await freePort();
    const waiting = program(
      script(`
        const instrument = createInstrument({ agentName: 'patient' });
        const session = instrument.session();
        session.command({ commandLine: 'ls' }).end({ exitCode: 0 });
        const busy = setInterval(() => {
          if (instrument.stats().lastError !== undefined) console.log('failed once');
          if (instrument.stats().exported >= 2) clearInterval(busy);
        }, 50);`),
      `http://127.0.0.1:${port}`,
      { OTEL_BSP_SCHEDULE_DELAY: '50' },
    );
    await until('it was in vain', () => waiting.output().includes('failed once'));
    const collector = await startTestCollector(false, { VIGIL_OTLP_PORT: String(port) });
    expect(await waiting.ended).toEqual([0, null]);
    expect((await collector.events()).map(line).sort()).toEqual([
      'command/run success 0 ls',
      'session/end unknown',
      'session/start success',
    ]);
    await collector.stop();
  }, 120_000);
});

describe('a program with the instrument and a collector that', () => {
  const servers: { close: () => unknown }[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  const listening = async (server: Server | ReturnType<typeof createTcpServer>): Promise<string> => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const answering = (status: number, headers: Readonly<Record<string, string>> = {}) =>
    listening(
      createServer((request, response) => {
        request.resume();
        response.writeHead(status, headers).end();
      }),
    );

  it.each([
    { name: 'is not there', endpoint: async () => `http://127.0.0.1:${await freePort()}` },
    { name: 'takes a connection and never answers', endpoint: () => listening(createTcpServer(() => undefined)) },
    { name: 'hangs up', endpoint: () => listening(createTcpServer((socket) => socket.destroy())) },
    { name: 'answers 503', endpoint: () => answering(503) },
    { name: 'answers 429 and wants to be left alone', endpoint: () => answering(429, { 'retry-after': '3600' }) },
    { name: 'answers 400', endpoint: () => answering(400) },
    { name: 'has no name that is known', endpoint: () => Promise.resolve('http://collector.invalid:4318') },
    { name: 'has no address at all', endpoint: () => Promise.resolve('no address') },
  ])(
    '$name ends as it would without',
    async ({ endpoint }) => {
      const { ended, output } = program(
        script(`
        const instrument = createInstrument({ agentName: 'unlucky', endpoint: process.env.COLLECTOR });
        const session = instrument.session();
        for (let i = 0; i < 1500; i += 1) session.command({ commandLine: 'echo ' + i }).end({ exitCode: 0 });
        process.on('unhandledRejection', (error) => console.log('rejected', error));
        process.on('exit', () => {
          const { recorded, exported, waiting, dropped } = instrument.stats();
          console.log('lost nothing unseen', recorded === exported + waiting + dropped.bufferFull + dropped.refused + dropped.shutdown, exported);
        });
        process.exitCode = 7;`),
        '',
        { COLLECTOR: await endpoint() },
      );
      expect([await ended, output()]).toEqual([[7, null], 'lost nothing unseen true 0\n']);
    },
    60_000,
  );

  it('is slow to come back costs what did not fit, which is counted', async () => {
    const { ended, output } = program(
      script(`
        const instrument = createInstrument({ agentName: 'talkative', bufferSpans: 10 });
        const session = instrument.session();
        for (let i = 0; i < 100; i += 1) session.toolCall({ tool: 'plan' }).end();
        await instrument.shutdown();
        session.toolCall({ tool: 'late' }).end();
        console.log(JSON.stringify(instrument.stats()));`),
      await answering(503),
    );
    expect(await ended).toEqual([0, null]);
    // The session's beginning, a hundred calls, its end at the shutdown, and one call after it.
    expect(JSON.parse(output())).toMatchObject({
      recorded: 103,
      exported: 0,
      waiting: 0,
      dropped: { bufferFull: 92, refused: 0, shutdown: 11 },
    });
  }, 60_000);
});
