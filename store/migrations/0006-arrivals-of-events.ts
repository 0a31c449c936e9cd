/**
 * Stores every arrival of an event, so that one that arrived in two requests or from two senders is not counted as
 * missing.
 */
import type { Migration } from './migration.ts';

const FROM_EVENTS = `SELECT e.tenant AS tenant, cityHash64(e.eventId, e.time) AS event, e.receivedAt AS receivedAt, e.sender AS sender, e.derivedFrom != '' AS isDerived
FROM {db}.\`events_log\` AS e`;

export const arrivalsOfEvents: Migration = {
  version: 6,
  name: 'arrivals of events',
  statements: [
    `CREATE TABLE IF NOT EXISTS {db}.\`event_arrivals\` (
  \`tenant\` LowCardinality(String) COMMENT 'Owner of the data' CODEC(ZSTD(1)),
  \`event\` UInt64 COMMENT 'Hash of what makes a row of the events: their id and time' CODEC(NONE),
  \`receivedAt\` DateTime64(3, 'UTC') COMMENT 'When the collector took it (ms since epoch); the same when the log delivers it again' CODEC(ZSTD(1)),
  \`sender\` LowCardinality(String) COMMENT 'Credential that sent the record' CODEC(ZSTD(1)),
  \`isDerived\` Bool COMMENT 'Derived from a command line' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(receivedAt)
ORDER BY (tenant, event, receivedAt, sender)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.\`event_arrivals_feed\` TO {db}.\`event_arrivals\` AS
${FROM_EVENTS}`,
    // Adds existing events. Repeats that were already merged away are unknown.
    `INSERT INTO {db}.\`event_arrivals\` ${FROM_EVENTS}`,
  ],
};
