/** The world failing: a broker, a store, a disk. Whoever understands the failure says whether trying again can help. */
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

/** A human-readable sentence for anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
