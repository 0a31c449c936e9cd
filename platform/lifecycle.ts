/** The life of a process: started, ready, asked to stop, stopped. Works alone, under a supervisor and in a container. */
import type { Log } from './log.ts';
import { messageOf } from './shell-error.ts';

export interface Running {
  /** Facts the starter may want to know, for example the port taken. */
  readonly facts?: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** What a role tells its supervisor over the IPC channel. */
export type RoleMessage =
  | { readonly kind: 'ready'; readonly facts: Readonly<Record<string, unknown>> }
  | { readonly kind: 'failed'; readonly message: string };

/** Stopping takes at most this long; what hangs after it is cut, which crash safety has to bear anyway. */
const STOP_TIMEOUT_MS = 4_000;

/**
 * Runs one role until SIGINT, SIGTERM, a `stop` message or the end of the supervisor.
 * A start that fails says why in one sentence and ends with exit code 1; so does a broken invariant.
 */
export async function runRole(log: Log, start: () => Promise<Running>): Promise<void> {
  const tell = (message: RoleMessage): void => {
    if (process.send !== undefined && process.connected) process.send(message);
  };
  let running: Running | undefined;
  let stopping = false;
  const stop = (reason: string, code: number): void => {
    if (stopping) return;
    stopping = true;
    log.info('stopping', { reason });
    const cut = setTimeout(() => {
      log.warn('stopping took too long', { timeoutMs: STOP_TIMEOUT_MS });
      process.exit(code === 0 ? 1 : code);
    }, STOP_TIMEOUT_MS);
    cut.unref();
    void Promise.resolve(running?.stop())
      .catch((error: unknown) => {
        log.error('stopping failed', { error: messageOf(error) });
        return undefined;
      })
      .then(() => process.exit(code));
  };
  process.on('SIGTERM', () => stop('SIGTERM', 0));
  process.on('SIGINT', () => {
    // Ctrl-C reaches the whole process group; under a supervisor the order of stopping is the supervisor's.
    if (process.send === undefined) stop('SIGINT', 0);
  });
  process.on('message', (message) => {
    if (message === 'stop') stop('supervisor', 0);
  });
  process.on('disconnect', () => stop('supervisor gone', 0));
  const broken = (error: unknown): void => {
    log.error('process failed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    tell({ kind: 'failed', message: messageOf(error) });
    stop('failure', 1);
  };
  process.on('uncaughtException', broken);
  process.on('unhandledRejection', broken);
  try {
    running = await start();
  } catch (error) {
    log.error('start failed', { error: messageOf(error) });
    tell({ kind: 'failed', message: messageOf(error) });
    process.exitCode = 1;
    setTimeout(() => process.exit(1), 200).unref();
    return;
  }
  tell({ kind: 'ready', facts: running.facts ?? {} });
}
