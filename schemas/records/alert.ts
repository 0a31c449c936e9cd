/** The record of one finding, explained (topic `agent.alerts.v1`, table `alerts`). */
import { z } from 'zod';
import { col } from './column.ts';
import { Count, Hex32, NAME, TIME, UInt32, UnixMs, anyText, text } from './scalars.ts';

export const Severity = z.enum(['informational', 'low', 'medium', 'high', 'critical']);
export type Severity = z.infer<typeof Severity>;

export const AlertState = z.enum(['raised', 'amended', 'retracted']);

export const EntityKind = z.enum(['actor', 'session', 'agent', 'host', 'repository', 'user']);
export const Entity = z.strictObject({ kind: EntityKind, id: text(1024) });
export type Entity = z.infer<typeof Entity>;

export const Evidence = z.strictObject({ eventId: Hex32, callId: text(256).optional(), sessionId: text(256) });
export type Evidence = z.infer<typeof Evidence>;

/** What was looked at, what was seen, what would have been normal, and on how much that judgement rests. */
export const Explanation = z.strictObject({
  feature: text(256),
  observed: z.union([z.number(), anyText(8192)]),
  /** Numbers for baselines; absent for rules and first-seen values. */
  expected: z.strictObject({ low: z.number(), high: z.number(), median: z.number().optional() }).optional(),
  /** Expectation in words: what a rule looks for, or what had been seen before. */
  expectation: anyText(4096),
  /** How many windows, values or events the expectation rests on; 0 for a plain rule. */
  samples: Count,
  /** Level of the baseline used: the entity's own, or the prior that stands in while it is young. */
  level: z.enum(['rule', 'entity', 'prior']),
  window: z.strictObject({ from: UnixMs, to: UnixMs }),
  /** Past window values, oldest first, for the picture beside an alert. */
  history: z
    .array(z.strictObject({ from: UnixMs, value: z.number() }))
    .max(256)
    .optional(),
  /** What contributed: the part of a command that matched, or features and their values. */
  contributions: z
    .array(z.strictObject({ name: text(256), value: anyText(8192) }))
    .max(64)
    .optional(),
});
export type Explanation = z.infer<typeof Explanation>;

/** Nested values are stored as JSON text: ClickHouse reads them with `JSONExtract`, and no column order can go wrong. */
const JSON_TEXT = 'String';

export const Alert = z.strictObject({
  alertId: col(
    Hex32,
    'FixedString(32)',
    'own',
    'Hash over tenant, detection, entity, group key and an event-time bucket aligned to the epoch',
  ),
  revision: col(UInt32, 'UInt32', 'own', 'Counts up as evidence grows; the highest one stands'),
  state: col(AlertState, NAME, 'own', 'raised, amended or retracted'),
  tenant: col(text(256), NAME, 'own', 'Owner of the data'),
  detectionId: col(text(128), NAME, 'own', 'Detection that fired'),
  detectionVersion: col(text(64), NAME, 'own', 'Hash of the detection’s definition'),
  title: col(text(256), NAME, 'own', 'Title of the detection'),
  time: col(UnixMs, TIME, 'own', 'Event time of the latest evidence', 'ms since epoch'),
  actor: col(text(600), 'String', 'personal', 'Actor whose partition the alert arose in'),
  sessionId: col(text(256).optional(), 'String', 'id', 'Session of the first evidence'),
  entity: col(Entity, JSON_TEXT, 'personal', 'Whom it is about'),
  severity: col(Severity, NAME, 'own', 'How bad it would be'),
  score: col(z.number().min(0).max(100), 'Float64', 'own', '0 to 100, for ordering'),
  probability: col(
    z.number().min(0).max(1).optional(),
    'Nullable(Float64)',
    'own',
    'How often a value this extreme is expected',
  ),
  summary: col(text(2048), 'String', 'text', 'One sentence'),
  explanation: col(Explanation, JSON_TEXT, 'text', 'Observed, expected, samples, window, contributions'),
  evidence: col(z.array(Evidence).min(1).max(50), JSON_TEXT, 'text', 'Events behind it, earliest first'),
  attack: col(z.array(text(32)).max(32), 'Array(LowCardinality(String))', 'own', 'MITRE ATT&CK ids'),
  atlas: col(z.array(text(32)).max(32), 'Array(LowCardinality(String))', 'own', 'MITRE ATLAS ids'),
  owasp: col(z.array(text(32)).max(32), 'Array(LowCardinality(String))', 'own', 'OWASP Agentic Top 10 ids'),
  completeness: col(
    z.number().min(0).max(1).optional(),
    'Nullable(Float64)',
    'own',
    'Share of the session’s telemetry that was seen up to its latest finding, where its agent numbers its records',
  ),
  count: col(Count.min(1), 'UInt64', 'own', 'Findings folded into this alert'),
  firstSeen: col(UnixMs, TIME, 'own', 'Event time of the first finding', 'ms since epoch'),
  lastSeen: col(UnixMs, TIME, 'own', 'Event time of the last finding', 'ms since epoch'),
  bucketStart: col(UnixMs, TIME, 'own', 'Start of the event-time bucket of the id', 'ms since epoch'),
  suppressedBy: col(text(256).optional(), 'String', 'own', 'Suppression in force; this version has none'),
});
export type Alert = z.infer<typeof Alert>;
