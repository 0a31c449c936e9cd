/**
 * Sends waiting spans when the process exits: when nothing keeps it alive any more, or on a signal. A signal that would
 * have ended the process still ends it, with the same status. If the program listens to the signal itself, the program
 * decides.
 */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const MARK = Symbol.for('vigil.instrument.exit-hook');

/** The parts of `process` that are used here. */
interface Host {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  listeners(event: string): readonly unknown[];
  kill(pid: number, signal: string): unknown;
  readonly pid: number;
}

export interface ExitWork {
  /** Returns whether spans are waiting or activities are open. */
  readonly hasWork: () => boolean;
  /** Sends waiting spans in bounded time, and never rejects. */
  readonly flush: () => Promise<void>;
  /** Ends open activities, which the program will not end, and then sends like `flush`. */
  readonly finish: () => Promise<void>;
}

export interface ExitHooks {
  /** Removes all listeners from the process. */
  remove(): void;
}

export function installExitHooks(host: Host, { hasWork, flush, finish }: ExitWork): ExitHooks {
  let finished = false;
  const beforeExit = (): void => {
    // `beforeExit` is emitted again after this. Do not retry forever what could not be sent.
    if (finished || !hasWork()) return;
    finished = true;
    void finish();
  };
  const removals: (() => void)[] = [listen(host, 'beforeExit', beforeExit)];
  for (const signal of SIGNALS) {
    const onSignal = Object.assign(
      (): void => {
        // Other instruments of this program do the same; the last of them ends the process.
        const isOurs = host.listeners(signal).every((listener) => typeof listener === 'function' && MARK in listener);
        if (!isOurs) return void flush();
        void finish().then(() => {
          host.off(signal, onSignal);
          if (host.listeners(signal).length === 0) host.kill(host.pid, signal);
        });
      },
      { [MARK]: true },
    );
    removals.push(listen(host, signal, onSignal));
  }
  return { remove: () => removals.forEach((remove) => remove()) };
}

function listen(host: Host, event: string, listener: () => void): () => void {
  host.on(event, listener);
  return () => void host.off(event, listener);
}
