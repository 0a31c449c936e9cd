/** Starts the roles as child processes, restarts one that dies, stops them in order. */
import { type ChildProcess, fork } from 'node:child_process';
import type { RoleMessage } from '../platform/lifecycle.ts';
import type { Log } from '../platform/log.ts';
import { ShellError } from '../platform/shell-error.ts';

export interface RoleSpec {
  readonly name: string;
  /** Script and arguments that run it. */
  readonly script: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface Supervisor {
  /** What each role said when it was ready, for example its port. */
  readonly facts: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  pidOf(name: string): number | undefined;
  /** Stops in the order given at the start. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
/** Per role; three roles stop within five seconds. */
const STOP_TIMEOUT_MS = 1_600;
const RESTART_MS = [100, 250, 500, 1_000, 2_000, 5_000] as const;
/** A role that ran this long starts anew with the shortest pause. */
const STABLE_MS = 60_000;

interface Child {
  readonly spec: RoleSpec;
  process: ChildProcess | undefined;
  deaths: number;
  startedAt: number;
  restart: NodeJS.Timeout | undefined;
}

/** @throws ShellError ROLE_FAILED with the role's own sentence when one does not become ready; then none is left running */
export async function supervise(specs: readonly RoleSpec[], log: Log): Promise<Supervisor> {
  const facts = new Map<string, Readonly<Record<string, unknown>>>();
  const children: Child[] = specs.map((spec) => ({
    spec,
    process: undefined,
    deaths: 0,
    startedAt: 0,
    restart: undefined,
  }));
  let stopping = false;

  const start = (child: Child): Promise<void> =>
    new Promise((resolve, reject) => {
      const { name, script, args, environment } = child.spec;
      const started = fork(script, [...args], {
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        execArgv: ['--enable-source-maps'],
      });
      child.process = started;
      child.startedAt = Date.now();
      let ready = false;
      let failure: string | undefined;
      const timeout = setTimeout(() => started.kill('SIGKILL'), START_TIMEOUT_MS);
      started.on('message', (message: RoleMessage) => {
        if (message.kind === 'failed') failure = message.message;
        else {
          ready = true;
          clearTimeout(timeout);
          facts.set(name, message.facts);
          resolve();
        }
      });
      started.once('error', (error) => {
        failure = error.message;
      });
      started.once('exit', (code, signal) => {
        clearTimeout(timeout);
        child.process = undefined;
        if (!ready) {
          reject(
            new ShellError(
              'ROLE_FAILED',
              failure ?? `the ${name} ended with ${signal ?? `code ${code ?? 1}`} before it was ready`,
              { retryable: false },
            ),
          );
          if (child.deaths === 0) return;
        }
        if (stopping) return;
        child.deaths = Date.now() - child.startedAt > STABLE_MS ? 1 : child.deaths + 1;
        const pauseMs = RESTART_MS[Math.min(child.deaths, RESTART_MS.length) - 1] ?? 5_000;
        log.error('role died, starting it again', { role: name, code, signal, deaths: child.deaths, pauseMs });
        child.restart = setTimeout(() => {
          // A start that fails comes back here through its exit.
          start(child).then(
            () => log.info('role is back', { role: name }),
            () => undefined,
          );
        }, pauseMs);
      });
    });

  const stopChild = async (child: Child): Promise<void> => {
    clearTimeout(child.restart);
    const running = child.process;
    if (running === undefined) return;
    const gone = new Promise<void>((resolve) => running.once('exit', () => resolve()));
    if (running.connected) running.send('stop');
    else running.kill('SIGTERM');
    const cut = setTimeout(() => running.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(cut);
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    for (const child of children) await stopChild(child);
  };

  const starts = await Promise.allSettled(children.map(start));
  const failed = starts.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { facts, pidOf: (name) => children.find((child) => child.spec.name === name)?.process?.pid, stop };
}
