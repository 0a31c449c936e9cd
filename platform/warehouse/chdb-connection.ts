/** One connection to the embedded engine, with the interface that `@clickhouse/client` expects. */
import { type ClickHouseClientConfigOptions, ClickHouseError, parseError } from '@clickhouse/client';
import type { ChdbConnection } from 'chdb/connection';
import type { LinesInsert } from './warehouse.ts';

type ClientConnection = NonNullable<ClickHouseClientConfigOptions['connection']>;

export interface EmbeddedConnection {
  readonly connection: ClientConnection;
  insertLines(database: string, insert: LinesInsert): Promise<void>;
}

/**
 * Works around four properties of the chdb package:
 *
 * - It binds parameters through a chain that all connections of a process share, so one slow query with parameters
 *   would delay every other. Here parameters become settings of their own connection (`SET param_x = '…'`), as in
 *   ClickHouse's command-line client: the value is parsed as the placeholder's type and never becomes SQL.
 * - The output of a query that fails part-way stays in the connection and precedes the next answer. So statements of a
 *   connection run one after the other (the engine serialises them anyway), and after a failure one more statement
 *   runs whose answer is discarded.
 * - It puts a statement and its rows into one text, in which a blank line ends the rows, and executes what follows.
 *   Rows with a blank line are rejected here before the engine sees them.
 * - Its errors are instances of another copy of the client's class. Here they become the client's own.
 */
export function embeddedConnection(engine: ChdbConnection): EmbeddedConnection {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(async () => {
      try {
        return await work();
      } catch (error) {
        await engine.chdb.queryAsync('SELECT 1').catch(() => undefined);
        throw error instanceof Error ? clientError(error) : error;
      }
    });
    last = done.catch(() => undefined);
    return done;
  };
  // The same interface, declared with another package copy of the client's types.
  const target = engine as unknown as ClientConnection;
  const connection: ClientConnection = {
    ping: (params) => inTurn(() => target.ping(params)),
    query: (params) => inTurn(() => target.query(bind(params))),
    command: (params) => inTurn(() => target.command(bind(params))),
    exec: (params) => inTurn(() => target.exec(bind(params))),
    insert: (params) => inTurn(() => target.insert(params)),
    close: () => inTurn(() => target.close()),
  };
  return {
    connection,
    insertLines: (database, { table, lines, settings }) =>
      inTurn(async () => {
        refuseBlankLines(lines);
        await engine.chdb.rawInsert({
          table: `${database}.${table}`,
          values: lines,
          format: 'JSONEachRow',
          settings: settings as Record<string, string | number | boolean>,
        });
      }),
  };
}

/** @throws ClickHouseError like ClickHouse does for rows that it cannot read */
function refuseBlankLines(lines: Buffer): void {
  if (!lines.includes('\n\n')) return;
  throw new ClickHouseError({ message: 'Blank line between rows', code: '117', type: 'INCORRECT_DATA' });
}

function clientError(error: Error): Error {
  if (error instanceof ClickHouseError) return error;
  const { code, type } = error as { readonly code?: unknown; readonly type?: unknown };
  const isCopy = typeof code === 'string' && /^\d+$/.test(code) && typeof type === 'string';
  return isCopy ? new ClickHouseError({ message: error.message, code, type }) : parseError(error);
}

function bind<P extends { readonly query: string; readonly query_params?: Record<string, unknown> }>(params: P): P {
  if (params.query_params === undefined) return params;
  const { query_params: values, ...rest } = params;
  const statements = Object.entries(values).map(([name, value]) => setParameter(name, value));
  return { ...rest, query: [...statements, params.query].join('; ') } as P;
}

/** @throws Error for a name or value that no query of ours uses */
export function setParameter(name: string, value: unknown): string {
  if (!/^\w+$/.test(name)) throw new Error(`not a parameter name: ${name}`);
  return `SET param_${name} = ${literal(parameterText(value))}`;
}

/** Formats the value so that ClickHouse parses it as the placeholder's type (escaped as in TabSeparated). */
function parameterText(value: unknown): string {
  if (typeof value === 'string') return escape(value);
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map(element).join(',')}]`;
  throw new Error(`cannot pass a parameter of type ${typeof value}`);
}

function element(value: unknown): string {
  return typeof value === 'string' ? literal(value) : parameterText(value);
}

function literal(text: string): string {
  return `'${escape(text)}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escape(text: string): string {
  return text.replace(/[\\'\0\b\f\n\r\t]/g, (character) => ESCAPES[character] ?? character);
}
