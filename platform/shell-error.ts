/**
 * An error of the outside world: a broker, a store, a disk. The code that understands the failure sets whether a retry
 * can help.
 */
export class ShellError extends Error {
  override readonly name = 'ShellError';
  /** Stable, upper-case: `BUS_UNAVAILABLE`, `STORE_REJECTED_ROWS`, … */
  readonly code: string;
  readonly retryable: boolean;
  constructor(code: string, message: string, options: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
  }
}

/** Returns a readable message for any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
