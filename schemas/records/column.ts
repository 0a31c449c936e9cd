/** Ties a zod schema to its ClickHouse column: type, sentence for the reference, unit. Everything else is derived from it. */
import { z } from 'zod';

export interface ColumnMeta {
  /** ClickHouse type, for example `LowCardinality(String)`. */
  readonly clickhouse: string;
  readonly description: string;
  /** Unit of a number; absent for counts and text. */
  readonly unit?: string;
}

const columns = z.registry<ColumnMeta>();

/**
 * Declares one column of a record.
 *
 * Optional text is stored as `''` and optional numbers as NULL; reading turns both back into absence, so text
 * schemas must refuse the empty string.
 */
export function col<S extends z.ZodType>(schema: S, clickhouse: string, description: string, unit?: string): S {
  const described = schema.meta({ description, clickhouse, ...(unit === undefined ? {} : { unit }) });
  columns.add(described, { clickhouse, description, ...(unit === undefined ? {} : { unit }) });
  return described;
}

/** @throws Error when a field was declared without `col`: such a record could not be stored. */
export function columnOf(schema: z.ZodType, field: string): ColumnMeta {
  const meta = columns.get(schema);
  if (meta === undefined) throw new Error(`field ${field} has no ClickHouse column; declare it with col()`);
  return meta;
}
