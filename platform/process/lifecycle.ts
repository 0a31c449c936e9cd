/**
 * The lifecycle of a process: started, ready, asked to stop, stopped. It works alone, under a supervisor and in a
 * container.
 */
import type { Log } from '../log.ts';
import { messageOf } from '../shell-error.ts';
import { isSupervised } from './supervised.ts';

export interface Running {
  /** Facts for the starter, for example the port that the role listens on. */
  readonly facts?: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** What a role reports to its supervisor over the IPC channel. */
export type RoleMessage =
  | { readonly kind: 'ready'; readonly facts: Readonly<Record<string, unknown>> }
  | { readonly kind: 'failed'; readonly message: string };

/** Stopping is cut off after this time. That is safe, because the role must survive a crash anyway. */
const STOP_TIMEOUT_MS = 4_000;

/**
 * Runs one role until SIGINT, SIGTERM or SIGHUP or, under a supervisor, until its `stop` message or its exit. Further
 * signals while stopping are ignored. A failed start and a broken invariant exit with code 1; the reason goes to the
 * supervisor, which prints it, or else to the log.
 *
 * @param start receives a signal that is aborted when the role must stop, possibly before it runs: then it may throw
 */
export async function runRole(log: Log, start: (stopping: AbortSignal) => Promise<Running>): Promise<void> {
  const stopping = new AbortController();
  let starting: Promise<Running> | undefined;
  let ready = false;
  const stop = (reason: string, code: number): void => {
    if (stopping.signal.aborted) return;
    log.info('stopping', { reason });
    stopping.abort();
    const cut = setTimeout(() => {
      if (!isSupervised) log.warn('stopping took too long', { timeoutMs: STOP_TIMEOUT_MS });
      process.exit(code === 0 ? 1 : code);
    }, STOP_TIMEOUT_MS);
    cut.unref();
    void stopStarted(starting, log).then(() => process.exit(code));
  };
  const fail = async (message: string, error: unknown): Promise<void> => {
    if (isSupervised && !ready) await tell({ kind: 'failed', message: messageOf(error) });
    else
      log.error(message, {
        error: error instanceof Error && ready ? (error.stack ?? error.message) : messageOf(error),
      });
  };
  const broken = (error: unknown): void => {
    if (stopping.signal.aborted) log.error('failed while stopping', { error: messageOf(error) });
    else void fail('process failed', error).then(() => stop('failure', 1));
  };
  process.on('uncaughtException', broken);
  process.on('unhandledRejection', broken);
  if (isSupervised) {
    process.on('message', (message) => {
      if (message === 'stop') stop('supervisor', 0);
    });
    process.on('disconnect', () => stop('supervisor gone', 0));
  } else {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal, 0));
  }
  // The supervisor may have exited before this process could notice.
  if (isSupervised && !process.connected) process.exit(0);
  try {
    starting = start(stopping.signal);
    const { facts = {} } = await starting;
    ready = true;
    await tell({ kind: 'ready', facts });
  } catch (error) {
    if (stopping.signal.aborted) return;
    await fail('start failed', error);
    process.exit(1);
  }
}

async function stopStarted(starting: Promise<Running> | undefined, log: Log): Promise<void> {
  const running = await starting?.catch(() => undefined);
  try {
    await running?.stop();
  } catch (error) {
    log.error('stopping failed', { error: messageOf(error) });
  }
}

/** Resolves when the message has been sent, so that a process that then exits has delivered it. */
function tell(message: RoleMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}
