/** The column store for the history: a ClickHouse server over HTTP, or chDB, the same engine inside this process. */
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';

export type WarehouseConfig =
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly username?: string;
      readonly password?: string;
      /** PEM; without it, the system's authorities are trusted for an https address. */
      readonly tls?:
        { readonly ca_cert: Buffer } | { readonly ca_cert: Buffer; readonly cert: Buffer; readonly key: Buffer };
      readonly database?: string;
      /** Settings profile on the server. */
      readonly profile?: string;
      readonly deadlinesMs?: Deadlines;
    }
  | {
      readonly kind: 'chdb';
      /** Data folder; only one process at a time can have it open. */
      readonly path: string;
      readonly database?: string;
    };

/**
 * A connection of the embedded engine runs one statement at a time, and cancelling a query does not stop it there. So
 * each kind of work has its own connection: a long search delays neither a page nor the recorder.
 */
export const PURPOSES = ['inserts', 'alerts', 'queries', 'searches'] as const;
export type Purpose = (typeof PURPOSES)[number];
/** The purposes for which a person waits. */
export type ReadPurpose = Extract<Purpose, 'queries' | 'searches'>;

/** How long to wait for an answer (ms): from the request to the last byte, including the wait for a connection. */
export type Deadlines = Readonly<Record<ReadPurpose, number>>;

export interface LinesInsert {
  /** Name of the table in the warehouse's database. */
  readonly table: string;
  /** Rows as JSON lines, exactly as ClickHouse will parse them. */
  readonly lines: Buffer;
  readonly settings: ClickHouseSettings;
}

export interface Warehouse {
  readonly kind: WarehouseConfig['kind'];
  /** Plain name of the database with Vigil's tables; it may not exist yet. */
  readonly database: string;
  readonly deadlinesMs: Deadlines;
  /** Statements must name their database: the client's default database is not Vigil's. */
  client(purpose: Purpose): ClickHouseClient;
  /**
   * Resolves when the rows are stored. Some of them may be stored when it throws.
   *
   * @throws an error that `failureOf` classifies
   */
  insertLines(purpose: Purpose, insert: LinesInsert): Promise<void>;
  /** Resolves when the engine answers. @throws ShellError WAREHOUSE_UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}
