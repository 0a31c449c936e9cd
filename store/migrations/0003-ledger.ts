/** The collectors' accounts of every record, and the tenants whose data was removed. */
import type { Migration } from './migration.ts';

export const ledger: Migration = {
  version: 3,
  name: 'ledger',
  statements: [
    `CREATE TABLE IF NOT EXISTS {db}.\`ledger_log\` (
  \`spool\` FixedString(16) COMMENT 'Spool that counts; a new disk is a new spool' CODEC(ZSTD(1)),
  \`collector\` LowCardinality(String) COMMENT 'Host name of the collector' CODEC(ZSTD(1)),
  \`tenant\` LowCardinality(String) COMMENT 'Owner of the data' CODEC(ZSTD(1)),
  \`sender\` LowCardinality(String) COMMENT 'Credential that the records came with' CODEC(ZSTD(1)),
  \`signal\` LowCardinality(String) COMMENT 'OTLP signal' CODEC(ZSTD(1)),
  \`time\` DateTime64(3, 'UTC') COMMENT 'When this was so (ms since epoch)' CODEC(ZSTD(1)),
  \`received\` UInt64 COMMENT 'Input records' CODEC(ZSTD(1)),
  \`accepted\` UInt64 COMMENT 'Of them: became events that were on disk before the answer' CODEC(ZSTD(1)),
  \`duplicate\` UInt64 COMMENT 'Of them: taken before' CODEC(ZSTD(1)),
  \`skipped\` Map(LowCardinality(String), UInt64) COMMENT 'Of them: wanted by no mapping, by reason' CODEC(ZSTD(1)),
  \`rejected\` Map(LowCardinality(String), UInt64) COMMENT 'Of them: could not become events, by reason' CODEC(ZSTD(1)),
  \`published\` UInt64 COMMENT 'Of the accepted: their events are in the log' CODEC(ZSTD(1)),
  \`waiting\` UInt64 COMMENT 'Of the accepted: in the spool' CODEC(ZSTD(1)),
  \`refused\` Map(LowCardinality(String), UInt64) COMMENT 'Of the accepted: the broker took an event of theirs at no size, by reason' CODEC(ZSTD(1)),
  \`lost\` Map(LowCardinality(String), UInt64) COMMENT 'Of the accepted: the disk did not give them back, by reason' CODEC(ZSTD(1)),
  \`events\` UInt64 COMMENT 'Events made of the accepted records' CODEC(ZSTD(1)),
  \`publishedEvents\` UInt64 COMMENT 'Of these events: in the log' CODEC(ZSTD(1)),
  CONSTRAINT \`spool_present\` CHECK substring(\`spool\`, 16, 1) != '\\0',
  CONSTRAINT \`collector_present\` CHECK notEmpty(\`collector\`),
  CONSTRAINT \`tenant_present\` CHECK notEmpty(\`tenant\`),
  CONSTRAINT \`sender_present\` CHECK notEmpty(\`sender\`),
  CONSTRAINT \`signal_present\` CHECK notEmpty(\`signal\`),
  CONSTRAINT \`time_present\` CHECK toUnixTimestamp64Milli(\`time\`) BETWEEN 0 AND 10413791999999
)
ENGINE = ReplacingMergeTree(time)
ORDER BY (tenant, sender, signal, spool, toDate32(time))
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
    `CREATE OR REPLACE VIEW {db}.\`ledger\` AS SELECT * FROM {db}.\`ledger_log\` FINAL`,
    `CREATE TABLE IF NOT EXISTS {db}.\`removed_tenants\` (
  \`tenant\` String COMMENT 'Owner of the data that was removed',
  \`time\` DateTime64(3, 'UTC') COMMENT 'When the removal began'
)
ENGINE = MergeTree
ORDER BY (tenant, time)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  ],
};
