/**
 * The tables of the records. The migrations create them, and a test compares a migrated database with these
 * definitions.
 */
import type { z } from 'zod';
import type { TableOptions } from '../schemas/ddl.ts';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import { Alert } from '../schemas/records/alert.ts';
import { PipelineAccount } from '../schemas/records/pipeline-account.ts';
import { Reject } from '../schemas/records/reject.ts';
import { TOPICS } from '../schemas/topics.ts';

export interface RecordTable {
  readonly topic: string;
  readonly record: z.ZodObject;
  /** Everything that was inserted, including repeats until ClickHouse merges them. */
  readonly log: TableOptions;
  /** View of the log with each record once, for people and dashboards. */
  readonly view: string;
  /** Whether nested values of the record are stored as JSON text. */
  readonly nested: boolean;
}

/** A crash of the machine must not lose what has been acknowledged to the bus. */
const DURABLE = { fsync_after_insert: 1, fsync_part_directory: 1 } as const;
const CODEC = 'ZSTD(1)';

/**
 * Repeated lines are equal in every field, so they end up in one partition and under one key. Partitions follow
 * `receivedAt`, which is our clock: with the agent's `time`, one request could create a partition per month since 1970.
 * Within a partition the order is by `time`, because nearly every query has a time range or wants the newest rows.
 */
const events: RecordTable = {
  topic: TOPICS.events,
  record: AgentEvent,
  view: 'events',
  nested: false,
  log: {
    name: 'events_log',
    engine: 'ReplacingMergeTree',
    partitionBy: 'toYYYYMM(receivedAt)',
    orderBy: '(tenant, time, eventId)',
    clauses: [
      'INDEX by_event eventId TYPE bloom_filter(0.01) GRANULARITY 1',
      'INDEX by_session sessionId TYPE bloom_filter(0.01) GRANULARITY 1',
      'INDEX by_actor actor TYPE bloom_filter(0.01) GRANULARITY 1',
    ],
    codec: CODEC,
    settings: DURABLE,
  },
};

/**
 * The highest revision counts. `alertId` is a hash that includes `bucketStart`, so all revisions share it; it comes
 * first in the key because it correlates with time. There are no partitions, so that nothing separates two revisions.
 */
const alerts: RecordTable = {
  topic: TOPICS.alerts,
  record: Alert,
  view: 'alerts',
  nested: true,
  log: {
    name: 'alerts_log',
    engine: 'ReplacingMergeTree(revision)',
    orderBy: '(tenant, bucketStart, alertId)',
    clauses: [
      "`entityId` String MATERIALIZED JSONExtractString(entity, 'id') CODEC(ZSTD(1))",
      'INDEX by_time time TYPE minmax GRANULARITY 1',
      'INDEX by_alert alertId TYPE bloom_filter(0.01) GRANULARITY 1',
      'INDEX by_session sessionId TYPE bloom_filter(0.01) GRANULARITY 1',
      // One alert may include events of many sessions, and each of them can list its alerts.
      "`evidenceSessions` Array(String) MATERIALIZED arrayDistinct(arrayMap(e -> JSONExtractString(e, 'sessionId'), JSONExtractArrayRaw(evidence))) CODEC(ZSTD(1))",
      'INDEX by_evidence_session evidenceSessions TYPE bloom_filter(0.01) GRANULARITY 1',
    ],
    codec: CODEC,
    settings: DURABLE,
  },
};

const rejects: RecordTable = {
  topic: TOPICS.rejects,
  record: Reject,
  view: 'rejects',
  nested: false,
  log: {
    name: 'rejects_log',
    engine: 'ReplacingMergeTree',
    orderBy: '(tenant, rejectId, part)',
    codec: CODEC,
    settings: DURABLE,
  },
};

/** Keeps the latest entry of each spool for each account, and the last one of each earlier day. */
const ledger: RecordTable = {
  topic: TOPICS.ledger,
  record: PipelineAccount,
  view: 'ledger',
  nested: false,
  log: {
    name: 'ledger_log',
    engine: 'ReplacingMergeTree(time)',
    orderBy: '(tenant, sender, signal, spool, toDate32(time))',
    codec: CODEC,
    settings: DURABLE,
  },
};

export const TABLES = { events, alerts, rejects, ledger } as const;

/** Tenants whose data was removed, and when; earlier events of theirs are not counted as missing. */
export const REMOVED_TENANTS = 'removed_tenants';

/**
 * One row per session and day with the time span of its events; filled by a materialized view, and safe to fill twice.
 */
export const SESSION_DAYS = 'session_days';

/** One row per event and per request or sender that sent it; filled by a materialized view, and safe to fill twice. */
export const EVENT_ARRIVALS = 'event_arrivals';
