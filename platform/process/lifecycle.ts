/** The life of a process: started, ready, asked to stop, stopped. Works alone, under a supervisor and in a container. */
import type { Log } from '../log.ts';
import { messageOf } from '../shell-error.ts';
import { isSupervised } from './supervised.ts';

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
 * Runs one role until SIGINT, SIGTERM, SIGHUP, or under a supervisor until its `stop` message or its end. Asked again, it
 * goes on stopping. A start that fails ends with exit code 1, and so does a broken invariant; the reason goes to the
 * supervisor, which prints it, and without one to the log.
 *
 * @param start gets a signal that is aborted when the role is to stop, which may be before it runs: then it may give up
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
  // The supervisor may have gone before there was anybody to hear of it.
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

/** Resolves when it is on its way: whoever exits then has been heard. */
function tell(message: RoleMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}
