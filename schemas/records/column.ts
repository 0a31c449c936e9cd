/** Ties a zod schema to its ClickHouse column: type, what it holds, a sentence for the reference, unit. All else is derived from it. */
import { z } from 'zod';

/**
 * What a field may hold, by which the collector decides what to search for secrets and what to treat by a privacy policy:
 *
 * - `personal`: names a person or a person's machine.
 * - `id`: the agent's id of a thing. It may hold a secret, and two ids must never become one.
 * - `product`: name or version of a program or a model. It may hold a secret and names no person.
 * - `text`: text that a payload chooses, with anything in it.
 * - `own`: Vigil's own, a number, or of a fixed form: a payload cannot put text into it.
 */
export const HOLDS = ['personal', 'id', 'product', 'text', 'own'] as const;
export type Holds = (typeof HOLDS)[number];

export interface ColumnMeta {
  /** ClickHouse type, for example `LowCardinality(String)`. */
  readonly clickhouse: string;
  readonly holds: Holds;
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
export function col<S extends z.ZodType>(
  schema: S,
  clickhouse: string,
  holds: Holds,
  description: string,
  unit?: string,
): S {
  const meta: ColumnMeta = { clickhouse, holds, description, ...(unit === undefined ? {} : { unit }) };
  const described = schema.meta({ ...meta });
  columns.add(described, meta);
  return described;
}

/** @throws Error when a field was declared without `col`: such a record could not be stored. */
export function columnOf(schema: z.ZodType, field: string): ColumnMeta {
  const meta = columns.get(schema);
  if (meta === undefined) throw new Error(`field ${field} has no ClickHouse column; declare it with col()`);
  return meta;
}

/** The fields of a record that hold one of these, in the order of the schema. @throws Error for a field without `col` */
export function fieldsHolding<Shape extends z.ZodRawShape>(
  { shape }: z.ZodObject<Shape>,
  ...holds: readonly Holds[]
): readonly (keyof Shape & string)[] {
  const fields = Object.entries(shape) as [keyof Shape & string, z.ZodType][];
  return fields.filter(([field, schema]) => holds.includes(columnOf(schema, field).holds)).map(([field]) => field);
}
