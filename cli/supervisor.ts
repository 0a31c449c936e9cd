/** Starts the roles as child processes, restarts one that dies, stops them in order. */
import { steppedPauses } from '../platform/retry.ts';
import { type ChildProcess, fork } from 'node:child_process';
import type { RoleMessage } from '../platform/process/lifecycle.ts';
import type { Log } from '../platform/log.ts';
import { ShellError } from '../platform/shell-error.ts';

export interface RoleSpec {
  readonly name: string;
  /** Script that runs it, with its arguments. */
  readonly script: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface Supervisor {
  /**
   * Resolves when every role is ready.
   * @throws ShellError ROLE_FAILED with the role's own message when one fails at its first start
   */
  readonly ready: Promise<void>;
  /** The facts that each role reported when it was ready, for example its port. */
  readonly facts: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /**
   * Stops the roles in the order given at the start. If not all of them are ready, they need not wait for each other
   * and are all stopped together. May be called at any time and repeatedly. Resolves when no role is running.
   */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
/** All roles stop within five seconds: each may use the remaining time, except a share for those after it. */
const STOP_TIMEOUT_MS = 4_600;
const STOP_SHARE_MS = 700;
const RESTART_PAUSES = steppedPauses(100, 250, 500, 1_000, 2_000, 5_000);
/** A role that ran this long restarts with the shortest pause. */
const STABLE_MS = 60_000;

interface Child {
  readonly spec: RoleSpec;
  process: ChildProcess | undefined;
  /** True once it has reported that it is ready. */
  wasReady: boolean;
  deaths: number;
  startedAt: number;
  restart: NodeJS.Timeout | undefined;
}

export function supervise(specs: readonly RoleSpec[], log: Log): Supervisor {
  const facts = new Map<string, Readonly<Record<string, unknown>>>();
  const children: Child[] = specs.map((spec) => ({
    spec,
    process: undefined,
    wasReady: false,
    deaths: 0,
    startedAt: 0,
    restart: undefined,
  }));
  let stopped: Promise<void> | undefined;

  const start = (child: Child): Promise<void> =>
    new Promise((resolve, reject) => {
      const { name } = child.spec;
      const started = forkRole(child.spec);
      child.process = started;
      child.startedAt = Date.now();
      let failure: string | undefined;
      const timeout = setTimeout(() => {
        failure = `the ${name} was not ready within ${START_TIMEOUT_MS / 1000} s`;
        started.kill('SIGKILL');
      }, START_TIMEOUT_MS);
      started.on('message', (message: RoleMessage) => {
        if (message.kind === 'failed') failure = message.message;
        else {
          clearTimeout(timeout);
          child.wasReady = true;
          facts.set(name, message.facts);
          resolve();
        }
      });
      const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
        clearTimeout(timeout);
        child.process = undefined;
        reject(roleFailed(failure ?? `the ${name} ended with ${signal ?? `code ${code ?? 1}`} before it was ready`));
        if (child.wasReady && stopped === undefined)
          startAgain(child, { code, signal, ...(failure === undefined ? {} : { error: failure }) });
      };
      started.once('error', (error) => {
        failure ??= error.message;
        // A process that could not be created does not emit an exit event.
        if (started.pid === undefined) ended(1, null);
      });
      started.once('exit', ended);
    });

  const startAgain = (child: Child, facts: Readonly<Record<string, unknown>>): void => {
    const role = child.spec.name;
    child.deaths = Date.now() - child.startedAt > STABLE_MS ? 1 : child.deaths + 1;
    const pauseMs = RESTART_PAUSES(child.deaths);
    log.error('role died, restarting it', { role, ...facts, deaths: child.deaths, pauseMs });
    child.restart = setTimeout(() => {
      // A failed start is handled through the child's exit.
      start(child).then(
        () => log.info('role is running again', { role }),
        () => undefined,
      );
    }, pauseMs);
  };

  const stop = async (): Promise<void> => {
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    for (const { restart } of children) clearTimeout(restart);
    if (!children.every(({ wasReady }) => wasReady)) {
      await Promise.all(children.map((child) => stopRole(child.process, STOP_TIMEOUT_MS)));
      return;
    }
    for (const [index, child] of children.entries()) {
      const after = children.length - 1 - index;
      await stopRole(child.process, deadline - Date.now() - after * STOP_SHARE_MS);
    }
  };

  const ready = Promise.all(children.map(start)).then(() => undefined);
  // A caller that stops before everything is ready may ignore this result.
  ready.catch(() => undefined);
  return { facts, ready, stop: () => (stopped ??= stop()) };
}

function forkRole({ script, args, environment }: RoleSpec): ChildProcess {
  return fork(script, [...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--enable-source-maps'],
  });
}

/** Asks the role to stop, and kills it if it has not stopped in time. */
async function stopRole(role: ChildProcess | undefined, timeoutMs: number): Promise<void> {
  if (role === undefined) return;
  const gone = new Promise<void>((resolve) => role.once('exit', () => resolve()));
  const kill = (): void => {
    role.kill('SIGKILL');
  };
  // It may be exiting right now, and then it no longer listens.
  if (role.connected) role.send('stop', () => undefined);
  const cut = setTimeout(kill, Math.max(0, timeoutMs));
  await gone;
  clearTimeout(cut);
}

function roleFailed(sentence: string): ShellError {
  return new ShellError('ROLE_FAILED', sentence, { retryable: false });
}
