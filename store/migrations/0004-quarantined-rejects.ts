/** A reject names its position in the request, and the original bytes in the collector's quarantine. */
import type { Migration } from './migration.ts';

export const quarantinedRejects: Migration = {
  version: 4,
  name: 'quarantined rejects',
  statements: [
    `ALTER TABLE {db}.\`rejects_log\` ADD COLUMN IF NOT EXISTS \`record\` Nullable(UInt64) COMMENT 'Which record of its request it was, from 0' CODEC(ZSTD(1))`,
    `ALTER TABLE {db}.\`rejects_log\` ADD COLUMN IF NOT EXISTS \`quarantineId\` String COMMENT 'By which \`vigil rejects\` finds the original bytes, at the collector that refused them' CODEC(ZSTD(1))`,
    `CREATE OR REPLACE VIEW {db}.\`rejects\` AS SELECT * FROM {db}.\`rejects_log\` FINAL`,
  ],
};
