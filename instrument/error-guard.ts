/** No error of an instrument may reach the program that it runs in; errors are counted instead. */
export interface ErrorGuard {
  readonly errors: number;
  readonly lastError: string | undefined;
  /** @returns what `work` returns, or `otherwise` when it throws */
  run<T>(work: () => T, otherwise: T): T;
}

const MAX_LENGTH = 1_024;

export function createErrorGuard(): ErrorGuard {
  let errors = 0;
  let lastError: string | undefined;
  return {
    get errors() {
      return errors;
    },
    get lastError() {
      return lastError;
    },
    run: (work, otherwise) => {
      try {
        return work();
      } catch (error) {
        errors += 1;
        lastError = messageOf(error).slice(0, MAX_LENGTH);
        return otherwise;
      }
    },
  };
}

/** Returns the message of any thrown value, even if reading the value throws. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'unprintable error';
  }
}
