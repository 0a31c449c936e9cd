/** Runs one read. Values from outside travel as query parameters only; conditions are put together from fixed texts. */
import { readFailure } from '../../platform/warehouse/failure.ts';
import type { Purpose, Warehouse } from '../../platform/warehouse/index.ts';

export type Parameters = Readonly<Record<string, string | number | readonly string[]>>;

/** @throws ShellError WAREHOUSE_UNAVAILABLE, WAREHOUSE_TOO_EXPENSIVE, WAREHOUSE_FAILED */
export async function read(
  warehouse: Warehouse,
  purpose: Purpose,
  query: string,
  parameters: Parameters,
): Promise<Record<string, unknown>[]> {
  try {
    const answer = await warehouse
      .client(purpose)
      .query({ query, query_params: parameters, format: 'JSONEachRow', clickhouse_settings: EXACT });
    return await answer.json<Record<string, unknown>>();
  } catch (error) {
    throw readFailure(error);
  }
}

/** With FINAL a skip index must not hide the row that replaces another. */
const EXACT = { use_skip_indexes_if_final: 1, use_skip_indexes_if_final_exact_mode: 1 } as const;

/** An instant parameter: integer milliseconds. */
export const instant = (parameter: string): string => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`;

/** A condition and its parameter, left out when there is no value. */
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
