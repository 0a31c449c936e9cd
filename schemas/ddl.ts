/**
 * Converts a record's zod value to ClickHouse and back: columns, `CREATE TABLE`, and reading a row as the record's
 * JSON.
 */
import { z } from 'zod';
import { columnOf } from './records/column.ts';

export interface Column {
  readonly name: string;
  /** ClickHouse type. */
  readonly type: string;
  readonly description: string;
  readonly unit?: string;
  /** Optional fields are stored as `''`, NULL or an empty array, and read back as absent. */
  readonly optional: boolean;
  readonly shape: Shape;
}

/**
 * How a value is transferred: instants are integer milliseconds in JSON and DateTime64(3) in ClickHouse; `json` is a
 * nested value stored as its JSON text.
 */
export type Shape = 'text' | 'number' | 'instant' | 'array' | 'map' | 'json';

export interface TableOptions {
  readonly name: string;
  /** For example `ReplacingMergeTree(revision)`. */
  readonly engine: string;
  readonly orderBy: string;
  readonly partitionBy?: string;
  /** Further clauses, used verbatim: indexes, and columns that ClickHouse computes. */
  readonly clauses?: readonly string[];
  /** Compression of every column; ClickHouse's default if absent. */
  readonly codec?: string;
  readonly settings?: Readonly<Record<string, number | string>>;
}

/** @throws Error when a field was declared without `col` or with a type that `Shape` does not know */
export function columnsOf(record: z.ZodObject): readonly Column[] {
  return Object.entries(record.shape).map(([name, schema]) => {
    const field = schema as z.ZodType;
    const meta = columnOf(field, name);
    return {
      name,
      type: meta.clickhouse,
      description: meta.description,
      ...(meta.unit === undefined ? {} : { unit: meta.unit }),
      optional: field.safeParse(undefined).success,
      shape: shapeOf(name, meta.clickhouse, jsonSchemaOf(field)),
    };
  });
}

/** Returns one column's definition for `CREATE TABLE` and `ALTER TABLE … ADD COLUMN`. */
export function columnDdl(column: Column, codec?: string): string {
  const unit = column.unit === undefined ? '' : ` (${column.unit})`;
  const tail = codec === undefined ? '' : ` CODEC(${codec})`;
  return `${quoteName(column.name)} ${column.type} COMMENT ${quoteText(`${column.description}${unit}`)}${tail}`;
}

/** Returns the statement that creates a record's table if it does not exist. */
export function createTable(record: z.ZodObject, options: TableOptions): string {
  const columns = columnsOf(record).map((column) => columnDdl(column, options.codec));
  const checks = presenceChecks(record).map(
    ({ name, expression }) => `CONSTRAINT ${quoteName(name)} CHECK ${expression}`,
  );
  const settings = Object.entries(options.settings ?? {}).map(([key, value]) => `${key} = ${value}`);
  return [
    `CREATE TABLE IF NOT EXISTS ${quoteName(options.name)} (`,
    [...columns, ...checks, ...(options.clauses ?? [])].map((line) => `  ${line}`).join(',\n'),
    ')',
    `ENGINE = ${options.engine}`,
    ...(options.partitionBy === undefined ? [] : [`PARTITION BY ${options.partitionBy}`]),
    `ORDER BY ${options.orderBy}`,
    ...(settings.length === 0 ? [] : [`SETTINGS ${settings.join(', ')}`]),
  ].join('\n');
}

/**
 * Returns checks for what ClickHouse would silently accept: it stores the column's default for a missing required
 * field, and stores an instant beyond the type's range.
 */
export function presenceChecks(record: z.ZodObject): readonly { readonly name: string; readonly expression: string }[] {
  return columnsOf(record).flatMap((column) => {
    const name = quoteName(column.name);
    const { minLength, pattern, minimum, maximum, enum: values } = jsonSchemaOf(record.shape[column.name] as z.ZodType);
    const named = (expression: string) => [{ name: `${column.name}_present`, expression }];
    switch (column.shape) {
      case 'instant':
        return named(`toUnixTimestamp64Milli(${name}) BETWEEN ${minimum ?? 0} AND ${maximum ?? 0}`);
      case 'text': {
        const fixed = /^FixedString\((\d+)\)$/.exec(column.type)?.[1];
        // A shorter value would be padded with NUL bytes.
        if (fixed !== undefined) return column.optional ? [] : named(`substring(${name}, ${fixed}, 1) != '\\0'`);
        const emptyAllowed = (minLength ?? 0) === 0 && pattern === undefined && values === undefined;
        return column.optional || emptyAllowed ? [] : named(`notEmpty(${name})`);
      }
      case 'json':
        return column.optional ? [] : named(`notEmpty(${name})`);
      case 'number':
        return !column.optional && minimum !== undefined && minimum > 0 ? named(`${name} >= ${minimum}`) : [];
      case 'array':
      case 'map':
        return [];
      default:
        return column.shape satisfies never;
    }
  });
}

/**
 * Returns the expressions for `SELECT … FROM <table> AS <alias>` that select each column under its own name, for
 * `readRow`.
 */
export function selectList(record: z.ZodObject, alias: string): string {
  return columnsOf(record)
    .map((column) => {
      const source = `${alias}.${quoteName(column.name)}`;
      // Qualified, so that the alias never replaces the column in WHERE and ORDER BY.
      return column.shape === 'instant' ? `toUnixTimestamp64Milli(${source}) AS ${quoteName(column.name)}` : source;
    })
    .join(', ');
}

/** Creates the reader for rows of `selectList` (as JSON objects). It returns the record as it was sent. */
export function rowReader(record: z.ZodObject): (row: Readonly<Record<string, unknown>>) => Record<string, unknown> {
  const columns = columnsOf(record);
  return (row) => {
    const read: Record<string, unknown> = {};
    for (const { name, optional, shape } of columns) {
      const value = row[name];
      if (optional && isAbsent(value)) continue;
      read[name] = shape === 'json' && typeof value === 'string' ? (JSON.parse(value) as unknown) : value;
    }
    return read;
  };
}

/**
 * Quotes an identifier with backquotes. Only names from our own schemas are passed here. @throws Error for anything but
 * a plain name
 */
export function quoteName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`not a column or table name: ${name}`);
  return `\`${name}\``;
}

/**
 * Quotes a text literal. Use it only for texts of our own, such as comments: outside input is passed as a query
 * parameter.
 */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

interface FieldSchema {
  readonly type?: string;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
}

function jsonSchemaOf(field: z.ZodType): FieldSchema {
  return z.toJSONSchema(field) as FieldSchema;
}

function shapeOf(name: string, type: string, schema: FieldSchema): Shape {
  if (type.startsWith('DateTime64(3')) return 'instant';
  if (type.startsWith('Array(')) return 'array';
  if (type.startsWith('Map(')) return 'map';
  if (/^(Nullable\()?(U?Int(8|16|32|64)|Float64)\)?$/.test(type)) return 'number';
  if (/^(String|LowCardinality\(String\)|FixedString\(\d+\))$/.test(type))
    return schema.type === 'string' ? 'text' : 'json';
  throw new Error(`field ${name}: cannot read ClickHouse type ${type} back`);
}
