/** One numbered change of the warehouse's layout. */
export interface Migration {
  /** Counts up from 1; never reused. */
  readonly version: number;
  readonly name: string;
  /**
   * Run in order; `{db}` is replaced by the quoted database. Each must be safe to run again (`IF NOT EXISTS`, `OR
   * REPLACE`), because two processes may start together, and one may die between two statements. A released migration
   * never changes: a new optional field is a new migration with `ALTER TABLE … ADD COLUMN IF NOT EXISTS`, and its view
   * is created again.
   */
  readonly statements: readonly string[];
}
