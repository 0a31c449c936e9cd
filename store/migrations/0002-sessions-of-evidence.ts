/** Finds an alert by every session of its evidence, and not only by that of the first event. */
import type { Migration } from './migration.ts';

export const sessionsOfEvidence: Migration = {
  version: 2,
  name: 'sessions of evidence',
  statements: [
    `ALTER TABLE {db}.\`alerts_log\` ADD COLUMN IF NOT EXISTS \`evidenceSessions\` Array(String) MATERIALIZED arrayDistinct(arrayMap(e -> JSONExtractString(e, 'sessionId'), JSONExtractArrayRaw(evidence))) CODEC(ZSTD(1))`,
    `ALTER TABLE {db}.\`alerts_log\` ADD INDEX IF NOT EXISTS by_evidence_session evidenceSessions TYPE bloom_filter(0.01) GRANULARITY 1`,
    // Materialises the column for existing rows; otherwise it would be computed at every read.
    `ALTER TABLE {db}.\`alerts_log\` MATERIALIZE COLUMN \`evidenceSessions\``,
    `ALTER TABLE {db}.\`alerts_log\` MATERIALIZE INDEX by_evidence_session`,
  ],
};
