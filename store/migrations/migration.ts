/** One numbered step in the life of the warehouse's layout. */
export interface Migration {
  /** Counts up from 1; never reused. */
  readonly version: number;
  readonly name: string;
  /**
   * Run in order; `{db}` stands for the quoted database. Each must be safe to run again (`IF NOT EXISTS`,
   * `OR REPLACE`): two processes may start at once, and one may die between two statements. What a migration says is
   * final once it has been released: a new optional field is a new migration with `ALTER TABLE … ADD COLUMN IF NOT
   * EXISTS`, and its view made again.
   */
  readonly statements: readonly string[];
}
