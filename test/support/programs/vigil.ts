/** A real `vigil up` (or a single role) for tests: own folder, own ports, real processes. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../../platform/files/package-root.ts';
import { until } from '../until.ts';

export const VIGIL = join(packageRoot, 'dist', 'cli', 'main.js');

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface Process {
  readonly child: ChildProcess;
  /** All it wrote so far, both streams. */
  output(): string;
  /** Resolves with the exit code. */
  ended(): Promise<number | null>;
}

interface RunOptions extends Pick<SpawnOptions, 'uid' | 'gid' | 'detached'> {
  /** Largest file that it may write, as a disk that is full would have it. */
  readonly fileBytes?: number | undefined;
}

/** This process's environment without settings of Vigil, and with these. */
export function environmentOf(settings: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('VIGIL_') && name !== 'NODE_OPTIONS',
  );
  return { ...Object.fromEntries(inherited), ...settings };
}

export function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  { fileBytes, ...options }: RunOptions = {},
): Process {
  const limit = fileBytes === undefined ? '' : `ulimit -f ${Math.floor(fileBytes / 512)}; `;
  const program = [process.execPath, '--enable-source-maps', VIGIL, ...args];
  const child = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...program], {
    ...options,
    env: environmentOf(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  return { child, output: () => output, ended: () => exit };
}

export interface Vigil {
  readonly otlp: string;
  /** Address of OTLP/gRPC. */
  readonly grpc: string;
  readonly api: string;
  readonly process: Process;
  /** Process ids of the roles that run now. */
  readonly roles: () => ReadonlyMap<string, number>;
  stop(): Promise<number | null>;
}

/** @throws Error with all output when it does not come up */
export async function startVigil(
  data: string,
  options: { readonly args?: readonly string[]; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Vigil> {
  const [otlpPort, grpcPort, httpPort] = [await freePort(), await freePort(), await freePort()];
  const ports = ['--otlp-port', otlpPort, '--otlp-grpc-port', grpcPort, '--http-port', httpPort].map(String);
  const started = run(['up', '--data', data, ...ports, ...(options.args ?? [])], options.environment);
  let ended = false;
  void started.ended().then(() => (ended = true));
  await until('vigil up is ready', () => {
    if (ended) throw new Error(`vigil up ended:\n${started.output()}`);
    return started.output().includes('Vigil is running');
  });
  return {
    otlp: `http://127.0.0.1:${otlpPort}`,
    grpc: `http://127.0.0.1:${grpcPort}`,
    api: `http://127.0.0.1:${httpPort}`,
    process: started,
    roles: () => rolesBelow(started.child.pid ?? 0),
    stop: async () => {
      started.child.kill('SIGINT');
      return started.ended();
    },
  };
}

/** Process ids of the roles that a `vigil up` runs now. */
export function rolesBelow(parent: number): ReadonlyMap<string, number> {
  const roles = new Map<string, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const status = readFileSync(`/proc/${entry}/stat`, 'utf8');
      if (Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) !== parent) continue;
      const role = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').filter(Boolean).at(-1);
      if (role !== undefined) roles.set(role, Number(entry));
    } catch {
      // It ended between the two looks.
    }
  }
  return roles;
}

/** All pages of a list of the audit API. */
export async function listAll<T>(api: string, path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const url = new URL(path, api);
    url.searchParams.set('limit', '1000');
    if (cursor !== null) url.searchParams.set('cursor', cursor);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url.pathname}: ${response.status} ${await response.text()}`);
    const page = (await response.json()) as { items: T[]; nextCursor: string | null };
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}
