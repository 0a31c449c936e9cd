/**
 * Sends what waits when the process ends: when nothing keeps it alive any more, or on a signal. A signal that would have ended
 * the process still ends it, with the same status; where the program listens to it itself, it decides.
 */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const MARK = Symbol.for('vigil.instrument.exit-hook');

/** What is used of `process`. */
interface Host {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  listeners(event: string): readonly unknown[];
  kill(pid: number, signal: string): unknown;
  readonly pid: number;
}

export interface ExitWork {
  /** Whether anything waits or is open. */
  readonly hasWork: () => boolean;
  /** Sends what waits; takes a bounded time and never rejects. */
  readonly flush: () => Promise<void>;
  /** The same after ending what is open: the program will not end it. */
  readonly finish: () => Promise<void>;
}

export interface ExitHooks {
  /** Lets go of the process. */
  remove(): void;
}

export function installExitHooks(host: Host, { hasWork, flush, finish }: ExitWork): ExitHooks {
  let finished = false;
  const beforeExit = (): void => {
    // It is emitted again when that is over; what could not be sent then is not tried for ever.
    if (finished || !hasWork()) return;
    finished = true;
    void finish();
  };
  const removals: (() => void)[] = [listen(host, 'beforeExit', beforeExit)];
  for (const signal of SIGNALS) {
    const onSignal = Object.assign(
      (): void => {
        // Other instruments of this program do the same as this one: the last of them ends the process.
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
