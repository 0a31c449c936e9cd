/** An alert is found by every session that its evidence comes from, not only by that of the first event. */
import type { Migration } from './migration.ts';

export const sessionsOfEvidence: Migration = {
  version: 2,
  name: 'sessions of evidence',
  statements: [
    `ALTER TABLE {db}.\`alerts_log\` ADD COLUMN IF NOT EXISTS \`evidenceSessions\` Array(String) MATERIALIZED arrayDistinct(arrayMap(e -> JSONExtractString(e, 'sessionId'), JSONExtractArrayRaw(evidence))) CODEC(ZSTD(1))`,
    `ALTER TABLE {db}.\`alerts_log\` ADD INDEX IF NOT EXISTS by_evidence_session evidenceSessions TYPE bloom_filter(0.01) GRANULARITY 1`,
    // Rows that are there already: without it they are computed, and looked through, at every read.
    `ALTER TABLE {db}.\`alerts_log\` MATERIALIZE COLUMN \`evidenceSessions\``,
    `ALTER TABLE {db}.\`alerts_log\` MATERIALIZE INDEX by_evidence_session`,
  ],
};
