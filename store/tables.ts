/** Where the records live. The migrations make these tables; a test holds a migrated database to what is said here. */
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
  /** Everything that was inserted, repeats included until ClickHouse merges them away. */
  readonly log: TableOptions;
  /** View of the log with each record once; what people and dashboards read. */
  readonly view: string;
  /** Nested values of the record are kept as JSON text. */
  readonly nested: boolean;
}

/** A crash of the machine must not undo what has been acknowledged to the bus. */
const DURABLE = { fsync_after_insert: 1, fsync_part_directory: 1 } as const;
const CODEC = 'ZSTD(1)';

/**
 * Repeated lines are equal in every field, so they meet in one partition and under one key. Partitions follow
 * `receivedAt`, which is our clock: by `time`, which is the agent's, one request could open a partition per month since
 * 1970. Within a partition the order is by `time`, because nearly every question has a time range or wants the newest.
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
 * The highest revision stands. `bucketStart` is part of what `alertId` is a hash of, so all revisions share it; it leads the
 * key because it goes with time. No partitions: nothing may part two revisions.
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
      // One alert may rest on events of many sessions, and each of them is asked for its alerts.
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

/** The latest word of each spool on each account stands, and the last one of each day before. */
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

/** Tenants whose data was removed, and when; what was stored of them before is not there to be counted. */
export const REMOVED_TENANTS = 'removed_tenants';

/** One row per session and day with the span of its events; fed by a materialized view, safe to feed twice. */
export const SESSION_DAYS = 'session_days';

/** One row per event and request or sender that brought it; fed by a materialized view, safe to feed twice. */
export const EVENT_ARRIVALS = 'event_arrivals';
