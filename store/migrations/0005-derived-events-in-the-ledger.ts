/**
 * The ledger counts events that are derived from command lines, in addition to all events; older accounts do not
 * include this.
 */
import type { Migration } from './migration.ts';

export const derivedEventsInTheLedger: Migration = {
  version: 5,
  name: 'derived events in the ledger',
  statements: [
    `ALTER TABLE {db}.\`ledger_log\` ADD COLUMN IF NOT EXISTS \`derivedEvents\` Nullable(UInt64) COMMENT 'Of the events: derived from command lines; the others are of records. Counted since a version that does' CODEC(ZSTD(1))`,
    `ALTER TABLE {db}.\`ledger_log\` ADD COLUMN IF NOT EXISTS \`publishedDerivedEvents\` Nullable(UInt64) COMMENT 'Of the derived events: in the log' CODEC(ZSTD(1))`,
    `CREATE OR REPLACE VIEW {db}.\`ledger\` AS SELECT * FROM {db}.\`ledger_log\` FINAL`,
  ],
};
