/**
 * A service that all test files of a run share: the first that asks starts it, and the run's global teardown
 * (test/support/setup/end.mjs) ends it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Set by the global setup: the folder of this run. */
export const RUN_FOLDER = 'VIGIL_TEST_SHARED';

const START_MS = 90_000;

export interface Starting {
  /** An empty folder for this service. */
  readonly folder: string;
  /** Process id of the run: the service ends with it. */
  readonly owner: number;
}
export interface Started<T> {
  readonly address: T;
  /** Ends the service when it is ended. */
  readonly guard: ChildProcess;
}

/** @returns where the service is, as JSON carries it; undefined outside of a run that shares services */
export async function sharedService<T>(
  name: string,
  start: (starting: Starting) => Promise<Started<T>>,
): Promise<T | undefined> {
  const run = process.env[RUN_FOLDER];
  if (run === undefined) return undefined;
  const folder = join(run, name);
  try {
    mkdirSync(folder);
  } catch {
    return addressIn(`${folder}.json`);
  }
  try {
    const { address, guard } = await start({ folder, owner: Number(readFileSync(join(run, 'owner'), 'utf8')) });
    writeFileSync(`${folder}.guard`, String(guard.pid));
    announce(`${folder}.json`, { address });
    return address;
  } catch (error) {
    announce(`${folder}.json`, { failure: String(error) });
    throw error;
  }
}

/** Runs a program that ends with its owner, or with the shell around it. */
const GUARD = `owner=$1; shift
"$@" & child=$!
trap 'kill -9 $child 2>/dev/null; wait $child; exit 0' TERM INT
while kill -0 "$owner" 2>/dev/null && kill -0 $child 2>/dev/null; do sleep 1 & wait $!; done
kill -9 $child 2>/dev/null`;

interface GuardOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** File for what the program writes; without it that is dropped. */
  readonly output?: string;
}

export function spawnGuarded(
  owner: number,
  program: readonly string[],
  { env = process.env, output }: GuardOptions = {},
): ChildProcess {
  const sink = output === undefined ? 'ignore' : openSync(output, 'a');
  const child = spawn('sh', ['-c', GUARD, 'sh', String(owner), ...program], {
    stdio: ['ignore', sink, sink],
    detached: true,
    env,
  });
  child.unref();
  return child;
}

function announce(path: string, content: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(content));
  renameSync(`${path}.new`, path);
}

async function addressIn<T>(path: string): Promise<T> {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline;) {
    const text = readIfThere(path);
    if (text === undefined) {
      await sleep(100);
      continue;
    }
    const { address, failure } = JSON.parse(text) as { readonly address: T; readonly failure?: string };
    if (failure !== undefined) throw new Error(failure);
    return address;
  }
  throw new Error(`${path} did not appear: the shared service did not start`);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
