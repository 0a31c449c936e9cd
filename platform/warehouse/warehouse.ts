/** The column store behind the history: a ClickHouse server over HTTP, or chDB, the same engine inside this process. */
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';

export type WarehouseConfig =
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly username?: string;
      readonly password?: string;
      /** PEM; without it the system's authorities vouch for an https address. */
      readonly tls?:
        { readonly ca_cert: Buffer } | { readonly ca_cert: Buffer; readonly cert: Buffer; readonly key: Buffer };
      readonly database?: string;
      /** Settings profile of the server. */
      readonly profile?: string;
      readonly deadlinesMs?: Deadlines;
    }
  | {
      readonly kind: 'chdb';
      /** Data folder; one process at a time may have it open. */
      readonly path: string;
      readonly database?: string;
    };

/**
 * A connection of the embedded engine does one thing after the other, and giving up on a query does not stop it there. So
 * each kind of work has a connection of its own: a long search delays neither a page nor what is being recorded.
 */
export const PURPOSES = ['inserts', 'alerts', 'queries', 'searches'] as const;
export type Purpose = (typeof PURPOSES)[number];
/** Those that somebody waits for. */
export type ReadPurpose = Extract<Purpose, 'queries' | 'searches'>;

/** How long an answer is waited for (ms), from the asking to its last byte, the wait for a connection included. */
export type Deadlines = Readonly<Record<ReadPurpose, number>>;

export interface LinesInsert {
  /** Table within the warehouse's database. */
  readonly table: string;
  /** Rows as JSON lines, exactly as they will be parsed by ClickHouse. */
  readonly lines: Buffer;
  readonly settings: ClickHouseSettings;
}

export interface Warehouse {
  readonly kind: WarehouseConfig['kind'];
  /** Plain name of the database that holds Vigil's tables; it may not exist yet. */
  readonly database: string;
  readonly deadlinesMs: Deadlines;
  /** Statements name their database themselves: the client's own default is not Vigil's. */
  client(purpose: Purpose): ClickHouseClient;
  /**
   * Resolves when the rows are stored. Part of them may be stored when it throws.
   *
   * @throws what `failureOf` tells apart
   */
  insertLines(purpose: Purpose, insert: LinesInsert): Promise<void>;
  /** Resolves when the engine answers. @throws ShellError WAREHOUSE_UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}
