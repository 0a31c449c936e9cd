/** Runs one read. Outside values are only passed as query parameters; conditions are built from constant texts. */
import { readFailure } from '../../../platform/warehouse/failure.ts';
import { ShellError } from '../../../platform/shell-error.ts';
import type { ReadPurpose, Warehouse } from '../../../platform/warehouse/index.ts';

export type Parameters = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * @throws ShellError WAREHOUSE_UNAVAILABLE (also when there is no answer in time), WAREHOUSE_TOO_EXPENSIVE,
 * WAREHOUSE_FAILED
 */
export async function read(
  warehouse: Warehouse,
  purpose: ReadPurpose,
  query: string,
  parameters: Parameters,
): Promise<Record<string, unknown>[]> {
  const deadlineMs = warehouse.deadlinesMs[purpose];
  const late = AbortSignal.timeout(deadlineMs);
  const rows = async (): Promise<Record<string, unknown>[]> => {
    const answer = await warehouse.client(purpose).query({
      query,
      query_params: parameters,
      format: 'JSONEachRow',
      clickhouse_settings: EXACT,
      abort_signal: late,
    });
    return answer.json<Record<string, unknown>>();
  };
  try {
    return await before(late, rows());
  } catch (error) {
    if (!late.aborted) throw readFailure(error);
    const message = `the warehouse did not answer within ${deadlineMs / 1000} s`;
    throw new ShellError('WAREHOUSE_UNAVAILABLE', message, { retryable: true, cause: error });
  }
}

/**
 * Enforces the deadline. The client's own timeout only ends a silent connection: it limits neither the wait for a
 * connection nor a slow response.
 */
function before<T>(late: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    late.addEventListener('abort', () => reject(late.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}

/** With FINAL, a skip index must not hide the row that replaces another. */
const EXACT = { use_skip_indexes_if_final: 1, use_skip_indexes_if_final_exact_mode: 1 } as const;

/** Formats an instant parameter: integer milliseconds. */
export const instant = (parameter: string): string => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`;

/** A condition with its parameter, left out when there is no value. */
export interface Condition {
  readonly sql: string;
  readonly parameters: Parameters;
}

export function when(value: Parameters[string] | undefined, name: string, sql: string): readonly Condition[] {
  return value === undefined ? [] : [{ sql, parameters: { [name]: value } }];
}

export function allOf(conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND '),
    parameters: Object.assign({}, ...conditions.map(({ parameters }) => parameters)) as Parameters,
  };
}
