/** Trying again after a failure of the world: when, for how long, and which failures. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ShellError } from './shell-error.ts';

/** How long to wait (ms) after so many failures in a row, counted from 1. */
export type Pauses = (failures: number) => number;

/** The pause doubles from `firstMs` up to `lastMs`. */
export function doublingPauses(firstMs: number, lastMs = Infinity): Pauses {
  return (failures) => Math.min(lastMs, firstMs * 2 ** Math.min(30, failures - 1));
}

/** The pauses in this order; the last one repeats. */
export function steppedPauses(...stepsMs: readonly [number, ...number[]]): Pauses {
  return (failures) => stepsMs[Math.min(failures, stepsMs.length) - 1] ?? stepsMs[0];
}

export interface RetryOptions {
  readonly pauses: Pauses;
  /** Ends the pause and the attempts. */
  readonly signal?: AbortSignal;
  /** By default `ShellError.retryable` decides, and any other error is final. */
  readonly isRetryable?: (error: unknown, failures: number) => boolean | Promise<boolean>;
  /** Called before each pause, for logs and counts. */
  readonly onRetry?: (error: unknown, retry: { readonly failures: number; readonly pauseMs: number }) => void;
}

/**
 * Runs an action until it succeeds.
 *
 * @param action gets the number of failures before it, from 0
 * @throws the error that is not retryable; the signal's reason once the signal has fired and an attempt has failed
 */
export async function retry<T>(action: (failures: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { pauses, signal, isRetryable = isRetryableError, onRetry } = options;
  for (let failures = 0; ;) {
    try {
      return await action(failures);
    } catch (error) {
      failures += 1;
      if (!(await isRetryable(error, failures))) throw error;
      signal?.throwIfAborted();
      const pauseMs = pauses(failures);
      onRetry?.(error, { failures, pauseMs });
      await pauseFor(pauseMs, signal);
      signal?.throwIfAborted();
    }
  }
}

export function isRetryableError(error: unknown): error is ShellError {
  return error instanceof ShellError && error.retryable;
}

/** Resolves after so long (ms), or as soon as the signal fires. */
export async function pauseFor(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

/** Blocks the whole thread (ms): only for a few milliseconds, or where the process has nothing else to do. */
export function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
