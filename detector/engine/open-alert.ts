/**
 * An alert that may still grow: its identity, how a finding is added to it, and when its next revision is published.
 * Pure.
 */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Alert, Entity, Severity } from '../../schemas/records/alert.ts';
import type { GroupField } from '../model/detection.ts';
import type { Finding, Witness } from '../model/kind.ts';
import type { ArmedRule } from './rule-set.ts';
import { type Subject, entityOf } from '../model/subject.ts';

export interface OpenAlert {
  readonly alert: Alert;
  /** Event times of the evidence, in the same order. */
  readonly evidenceTimes: readonly number[];
  /** Number of findings in the last published revision. */
  readonly publishedCount: number;
  /** Event time at which the unpublished findings are published. */
  readonly due?: number;
}

/** What is kept of an evicted alert to which more findings may be added: enough to continue its revisions. */
export interface FadedAlert {
  readonly count: number;
  readonly firstSeen: number;
  readonly bucketStart: number;
}

export interface NewFinding {
  readonly armed: ArmedRule;
  readonly entity: Entity;
  readonly subject: Subject;
  readonly finding: Finding;
  /** Share of the session's telemetry seen so far; undefined when its agent does not number its records. */
  readonly completeness?: number | undefined;
}

export const EVIDENCE = 50;
/**
 * Every finding up to this number is published separately. After that, a revision is published when the number of
 * findings has doubled, or soon after the first unpublished one.
 */
const PUBLISH_EACH = 20;
/** A finding waits at most this long to be published. The tick that publishes it is a message in the log. */
const PUBLISH_AFTER_MS = 30_000;
const MAX_REVISION = 0xffff_ffff;

const BASE_SCORE: Readonly<Record<Severity, number>> = {
  informational: 10,
  low: 30,
  medium: 50,
  high: 70,
  critical: 80,
};

export interface AlertKey {
  readonly alertId: string;
  readonly bucketStart: number;
}

/**
 * Gives the same finding, replayed or backtested, the same alert. The actor is always part of the key, because state is
 * kept per actor.
 */
export function alertKeyOf(
  { armed, entity, subject, finding }: NewFinding,
  hash128: (text: string) => string,
): AlertKey {
  const { by, for: length } = armed.judge.group;
  const { tenant, actor, time } = subject.event;
  const bucketStart = Math.floor(time / length) * length;
  const group = by.map((field) => groupValue(field, subject, finding));
  const parts = [tenant, armed.rule.id, entity.kind, entity.id, actor, ...group, bucketStart];
  return { alertId: hash128(JSON.stringify(parts)), bucketStart };
}

function groupValue(field: GroupField, subject: Subject, finding: Finding): unknown {
  switch (field) {
    case 'normalisedCommand':
      return subject.normalisedCommand;
    case 'value':
      return finding.value ?? null;
    case 'actor':
    case 'session':
    case 'agent':
    case 'host':
    case 'repository':
    case 'user':
      return entityOf(subject.event, field)?.id ?? null;
    default:
      return subject.event[field] ?? null;
  }
}

/**
 * Adds one finding. The revision is the number of findings, so that it does not depend on when they were published. The
 * explanation is that of the strongest finding, and of the latest one among equals. An alert that has faded starts its
 * evidence and explanation again.
 *
 * @param watermark latest event time of the partition; it only decides when the alert is published
 */
export function withFinding(
  before: OpenAlert | undefined,
  faded: FadedAlert | undefined,
  key: AlertKey,
  added: NewFinding,
  watermark: number,
): OpenAlert {
  const { armed, finding, subject, completeness } = added;
  const { event } = subject;
  const earlier = before?.alert;
  const past = earlier ?? faded;
  const count = (past?.count ?? 0) + 1;
  const score = Math.min(100, BASE_SCORE[armed.rule.severity] + finding.excess);
  const evidence = withEvidence(before, [...(finding.witnesses ?? []), witnessOf(event)]);
  const firstSeen = Math.min(past?.firstSeen ?? event.time, event.time);
  const lastSeen = Math.max(earlier?.lastSeen ?? 0, event.time);
  const strongest = earlier === undefined || score >= earlier.score ? judgement(added, score) : earlier;
  const { completeness: _, ...judged } = strongest as Partial<Alert> & Judgement;
  const alert: Alert = {
    ...judged,
    explanation: explanationOver(strongest.explanation, firstSeen, lastSeen),
    alertId: key.alertId,
    revision: Math.min(count, MAX_REVISION),
    state: count === 1 ? 'raised' : 'amended',
    tenant: event.tenant,
    time: lastSeen,
    actor: event.actor,
    sessionId: earlier?.sessionId ?? event.sessionId,
    evidence: evidence.list,
    ...(completeness === undefined ? {} : { completeness }),
    count,
    firstSeen,
    lastSeen,
    bucketStart: key.bucketStart,
  };
  const publishedCount = before?.publishedCount ?? faded?.count ?? 0;
  const publishNow = count <= PUBLISH_EACH || count >= 2 * publishedCount;
  return {
    alert,
    evidenceTimes: evidence.times,
    publishedCount: publishNow ? count : publishedCount,
    ...(publishNow ? {} : { due: before?.due ?? watermark + PUBLISH_AFTER_MS }),
  };
}

/** A rule has no window of its own, so the window of its explanation spans all findings. */
function explanationOver(explanation: Alert['explanation'], from: number, to: number): Alert['explanation'] {
  return explanation.level === 'rule' ? { ...explanation, window: { from, to } } : explanation;
}

export function fade({ alert: { count, firstSeen, bucketStart } }: OpenAlert): FadedAlert {
  return { count, firstSeen, bucketStart };
}

/** Marks all findings as published. */
export function withAllPublished(open: OpenAlert): OpenAlert {
  return { alert: open.alert, evidenceTimes: open.evidenceTimes, publishedCount: open.alert.count };
}

type Judgement = Pick<
  Alert,
  | 'detectionId'
  | 'detectionVersion'
  | 'title'
  | 'entity'
  | 'severity'
  | 'score'
  | 'probability'
  | 'summary'
  | 'explanation'
  | 'attack'
  | 'atlas'
  | 'owasp'
>;

function judgement({ armed, entity, finding }: NewFinding, score: number): Judgement {
  const { rule } = armed;
  return {
    detectionId: rule.id,
    detectionVersion: armed.version,
    title: rule.title,
    entity,
    severity: rule.severity,
    score,
    ...(finding.probability === undefined ? {} : { probability: finding.probability }),
    summary: finding.summary,
    explanation: finding.explanation,
    attack: rule.attack,
    atlas: rule.atlas,
    owasp: rule.owasp,
  };
}

function witnessOf({ eventId, callId, sessionId, time }: AgentEvent): Witness {
  return { eventId, ...(callId === undefined ? {} : { callId }), sessionId, time };
}

/** Keeps the evidence that was found first, sorted by event time. */
function withEvidence(before: OpenAlert | undefined, witnesses: readonly Witness[]) {
  const list = [...(before?.alert.evidence ?? [])];
  const times = [...(before?.evidenceTimes ?? [])];
  for (const { time, ...evidence } of witnesses) {
    if (list.length >= EVIDENCE) break;
    if (list.some(({ eventId }) => eventId === evidence.eventId)) continue;
    let at = times.length;
    while (at > 0 && (times[at - 1] ?? 0) > time) at -= 1;
    list.splice(at, 0, evidence);
    times.splice(at, 0, time);
  }
  return { list, times };
}
