/** Starts that cannot be, each with one sentence; stops at any moment of a start; and a supervisor that is killed. */
import { until } from './support/until.ts';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../platform/files/package-root.ts';
import { type Process, freePort, rolesBelow, run, startVigil } from './support/programs/vigil.ts';
import { WITHOUT_CHDB } from './support/programs/without-chdb.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-start-stop-'));
chmodSync(folder, 0o755);
let number = 0;
const newFolder = (): string => {
  number += 1;
  const made = join(folder, String(number));
  mkdirSync(made);
  return made;
};
const started: Process[] = [];
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const portArguments = async (): Promise<readonly string[]> =>
  ['--otlp-port', await freePort(), '--otlp-grpc-port', await freePort(), '--http-port', await freePort()].map(String);

function up(args: readonly string[], options: Parameters<typeof run>[2] = {}, environment = {}): Process {
  const process = run(['up', ...args], environment, options);
  started.push(process);
  return process;
}

/** All that it said, and that it ended with code 1. */
async function refusal(process: Process): Promise<string> {
  expect([process.output(), await process.ended()]).toEqual([expect.any(String), 1]);
  return process.output();
}

async function holdPort(): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const close = async (): Promise<void> => {
    holder.close();
    await once(holder, 'close');
  };
  return { port: (holder.address() as AddressInfo).port, close };
}

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

describe('a start that cannot be says one sentence and nothing else', () => {
  it.each([
    { option: '--otlp-port', setting: 'VIGIL_OTLP_PORT', purpose: 'OTLP' },
    { option: '--otlp-grpc-port', setting: 'VIGIL_OTLP_GRPC_PORT', purpose: 'OTLP/gRPC' },
    { option: '--http-port', setting: 'VIGIL_HTTP_PORT', purpose: 'the page and its API' },
  ])(
    'when the port of $setting is taken',
    async ({ option, setting, purpose }) => {
      const { port, close } = await holdPort();
      const refused = up(['--data', newFolder(), ...(await portArguments()), option, String(port)]);
      expect(await refusal(refused)).toBe(
        `vigil: port ${port} for ${purpose} is taken by another program; set ${setting} to a free one\n`,
      );
      await close();
    },
    60_000,
  );

  it('when the port for health and metrics is taken', async () => {
    const { port, close } = await holdPort();
    const refused = up(['--data', newFolder(), ...(await portArguments())], {}, { VIGIL_ADMIN_PORT: String(port) });
    expect(await refusal(refused)).toBe(
      `vigil: port ${port} for health and metrics is taken by another program; set VIGIL_ADMIN_PORT to a free one\n`,
    );
    await close();
  }, 60_000);

  it.each([
    ['--otlp-port', '--http-port', 'VIGIL_OTLP_PORT and VIGIL_HTTP_PORT'],
    ['--otlp-port', '--otlp-grpc-port', 'VIGIL_OTLP_PORT and VIGIL_OTLP_GRPC_PORT'],
    ['--otlp-grpc-port', '--http-port', 'VIGIL_OTLP_GRPC_PORT and VIGIL_HTTP_PORT'],
  ])(
    'when %s and %s are one',
    async (one, other, settings) => {
      const port = String(await freePort());
      expect(await refusal(up(['--data', newFolder(), ...(await portArguments()), one, port, other, port]))).toBe(
        `vigil: ${settings} are both ${port}; they must be two different ports\n`,
      );
    },
    60_000,
  );

  it('when a file is in the place of a folder', async () => {
    const data = newFolder();
    writeFileSync(join(data, 'file'), '');
    expect(await refusal(up(['--data', join(data, 'file', 'deep')]))).toBe(
      `vigil: cannot write the data folder ${data}/file/deep: a file is in the place of a folder\n`,
    );
    writeFileSync(join(data, 'spool'), '');
    expect(await refusal(up(['--data', data, ...(await portArguments())]))).toBe(
      `vigil: cannot write the spool ${data}/spool: a file is in the place of a folder\n`,
    );
  }, 60_000);

  it.each([
    { name: 'the data folder may not be written', part: '', mode: 0o555 },
    { name: 'the log may not be written', part: 'log', mode: 0o555 },
    { name: 'the spool may not be read', part: 'spool', mode: 0o333 },
    { name: 'the warehouse may not be entered', part: 'warehouse', mode: 0o666 },
  ])(
    'when $name',
    async ({ part, mode }) => {
      const data = newFolder();
      const options = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
      if (part !== '') mkdirSync(join(data, part));
      if (isRoot) for (const path of [data, join(data, part)]) chownSync(path, NOBODY, NOBODY);
      chmodSync(join(data, part), mode);
      const refused = up(['--data', data, ...(await portArguments())], options);
      const what = part === '' ? `the data folder ${data}` : `the ${part} ${data}/${part}`;
      expect(await refusal(refused)).toBe(`vigil: cannot write ${what}: permission denied\n`);
      chmodSync(join(data, part), 0o777);
    },
    60_000,
  );

  // Only the superuser of a machine (and not of every container) may mount; elsewhere no disk can be made small enough.
  const mountSmall = (path: string): boolean =>
    isRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]).status === 0;
  const mounts = mkdtempSync(join(tmpdir(), 'vigil-mount-'));
  it('when the embedded engine is not installed', async () => {
    const refused = up(['--data', newFolder(), ...(await portArguments())], {}, { NODE_OPTIONS: WITHOUT_CHDB });
    expect(await refusal(refused)).toBe(
      'vigil: the embedded warehouse needs the optional package chdb, which is not installed here; install it, or set VIGIL_CLICKHOUSE_URL to use a ClickHouse server\n',
    );
  }, 60_000);

  it('when the demo is asked for and its recordings are not installed, as in the image', () => {
    const installed = newFolder();
    for (const part of ['dist', 'package.json'])
      cpSync(join(packageRoot, part), join(installed, part), { recursive: true });
    symlinkSync(join(packageRoot, 'node_modules'), join(installed, 'node_modules'));
    const program = join(installed, 'dist', 'cli', 'main.js');
    const refused = spawnSync(process.execPath, [program, 'up', '--demo', '--data', newFolder()], { encoding: 'utf8' });
    expect([refused.status, refused.stdout, refused.stderr]).toEqual([
      1,
      '',
      `vigil: --demo plays recorded sessions from ${installed}/agents, which this installation does not have\n`,
    ]);
  });

  const mountable = mountSmall(mounts);
  if (mountable) spawnSync('umount', [mounts]);
  rmSync(mounts, { recursive: true });
  (mountable ? it : it.skip)(
    'when the disk is full (skipped where none can be mounted)',
    async () => {
      const data = newFolder();
      expect(mountSmall(data)).toBe(true);
      try {
        writeFileSync(join(data, 'filler'), Buffer.alloc(32 * 1024));
        expect(await refusal(up(['--data', data, ...(await portArguments())]))).toBe(
          `vigil: cannot write the data folder ${data}: no space left on device\n`,
        );
        expect(readdirSync(data)).toEqual(['filler']);
      } finally {
        spawnSync('umount', [data]);
      }
    },
    60_000,
  );
});

describe('a stop', () => {
  const roles = (process: Process): number => rolesBelow(process.child.pid ?? 0).size;
  const inGroup = (process: Process, signal: NodeJS.Signals): void =>
    void globalThis.process.kill(-(process.child.pid ?? 0), signal);
  const alone = (process: Process, signal: NodeJS.Signals): void => void process.child.kill(signal);
  const locked = (data: string): boolean => readdirSync(data).some((name) => name.startsWith('vigil.lock'));

  it.each([
    {
      moment: 'when the folder has just been locked',
      signal: 'SIGINT',
      send: inGroup,
      reached: (_: Process, data: string) => locked(data),
    },
    {
      moment: 'when the first role has just been forked',
      signal: 'SIGINT',
      send: inGroup,
      reached: (up: Process) => roles(up) > 0,
    },
    {
      moment: 'when the roles have just been forked',
      signal: 'SIGTERM',
      send: alone,
      reached: (up: Process) => roles(up) === 3,
    },
    {
      moment: 'while the spool is opened',
      signal: 'SIGHUP',
      send: inGroup,
      reached: (_: Process, data: string) => existsSync(join(data, 'spool')),
    },
    {
      moment: 'while the warehouse is opened',
      signal: 'SIGTERM',
      send: inGroup,
      reached: (_: Process, data: string) => existsSync(join(data, 'warehouse')),
    },
    {
      moment: 'when all is ready',
      signal: 'SIGINT',
      send: inGroup,
      reached: (up: Process) => up.output().includes('Vigil is running'),
    },
  ] as const)(
    '$moment ends all in order ($signal)',
    async ({ signal, send, reached }) => {
      const data = newFolder();
      const process = up(['--data', data, ...(await portArguments())], { detached: true });
      await until('the moment has come', () => reached(process, data));
      const below = [...rolesBelow(process.child.pid ?? 0).values()];
      send(process, signal);
      expect([await process.ended(), process.output()]).toEqual([
        0,
        expect.stringMatching(/^(\nVigil is running[^]*)?(\nStopping …\n)?$/),
      ]);
      for (const pid of below) expect(isThere(pid)).toBe(false);
      expect(locked(data)).toBe(false);
      const next = await startVigil(data);
      expect(await next.stop()).toBe(0);
    },
    120_000,
  );

  it('asked for again and again is still in order', async () => {
    const process = up(['--data', newFolder(), ...(await portArguments())], { detached: true });
    await until('all is ready', () => process.output().includes('Vigil is running'));
    const again = setInterval(() => {
      if (process.child.exitCode === null) inGroup(process, 'SIGINT');
    }, 20);
    expect(await process.ended()).toBe(0);
    clearInterval(again);
    expect(process.output()).toMatch(/\n\nStopping …\n$/);
  }, 60_000);
});

it.each(['collector', 'detector', 'warehouse'])(
  'a %s that dies is started again, and all still ends in order',
  async (role) => {
    const vigil = await startVigil(newFolder(), { environment: { VIGIL_LOG_LEVEL: 'error' } });
    started.push(vigil.process);
    const before = vigil.roles();
    process.kill(before.get(role) ?? 0, 'SIGKILL');
    await until('it is back', () => ![undefined, before.get(role)].includes(vigil.roles().get(role)));
    const answers = (url: string): Promise<boolean> =>
      fetch(url).then(
        ({ ok }) => ok,
        () => false,
      );
    await until('all answer', async () => (await answers(`${vigil.otlp}/healthz`)) && answers(`${vigil.api}/readyz`));
    for (const [name, pid] of before) if (name !== role) expect([name, vigil.roles().get(name)]).toEqual([name, pid]);
    expect(await vigil.stop()).toBe(0);
    expect(vigil.process.output()).toMatch(/role died, restarting it/);
  },
  60_000,
);

describe('a supervisor that is killed', () => {
  it.each([
    { moment: 'while its roles start', reached: (up: Process) => rolesBelow(up.child.pid ?? 0).size === 3 },
    { moment: 'when all is ready', reached: (up: Process) => up.output().includes('Vigil is running') },
  ])(
    '$moment takes its roles with it, and the next start goes on at once',
    async ({ reached }) => {
      const data = newFolder();
      const ports = await portArguments();
      const process = up(['--data', data, ...ports]);
      await until('the moment has come', () => reached(process));
      const below = [...rolesBelow(process.child.pid ?? 0).values()];
      process.child.kill('SIGKILL');
      const next = up(['--data', data, ...ports]);
      await until(
        'the next start is ready',
        () => next.output().includes('Vigil is running') || next.child.exitCode !== null,
      );
      expect(next.output()).toContain('Vigil is running');
      for (const pid of below) await until('the role has gone', () => !isThere(pid));
      next.child.kill('SIGINT');
      expect(await next.ended()).toBe(0);
    },
    120_000,
  );
});

function isThere(pid: number): boolean {
  try {
    globalThis.process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
