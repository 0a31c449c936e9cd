/** What the detector counts. */
import type { Metrics } from '../../platform/metrics.ts';

const CHECKPOINT_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000];

export function createDetectorMetrics(metrics: Metrics) {
  return {
    events: metrics.counter('detector_events_total', 'Events judged'),
    malformed: metrics.counter('detector_malformed_lines_total', 'Lines on the log that are no events, passed over'),
    repeatedMessages: metrics.counter('detector_repeated_messages_total', 'Messages that came again, passed over'),
    repeatedEvents: metrics.counter(
      'detector_repeated_events_total',
      'Events that came again in another message, passed over',
    ),
    late: metrics.counter(
      'detector_late_events_total',
      'Events that came after the window they belong to was closed, per rule they were late for',
    ),
    evicted: metrics.counter(
      'detector_evicted_total',
      'States, alerts, actors and spools given up because a limit was reached',
    ),
    expired: metrics.counter(
      'detector_expired_total',
      'States, alerts and actors forgotten because they had been idle',
    ),
    failures: metrics.counter('detector_rule_failures_total', 'Rules that failed on an event', ['detection']),
    alerts: metrics.counter('detector_alerts_total', 'Alerts raised', ['detection']),
    revisions: metrics.counter('detector_alert_revisions_total', 'Alerts published, each revision counted', [
      'detection',
    ]),
    lag: metrics.gauge('detector_lag_messages', 'Messages of a partition not yet folded', ['partition']),
    items: metrics.gauge('detector_state_items', 'Actors, states and alerts held of a partition', ['partition']),
    skipped: metrics.counter('detector_gap_messages_total', 'Messages that retention deleted before they were folded'),
    checkpoint: metrics.histogram('detector_checkpoint_duration_ms', 'How long a checkpoint took', CHECKPOINT_MS),
    checkpointBytes: metrics.counter('detector_checkpoint_bytes_total', 'Bytes written by checkpoints'),
    rules: metrics.gauge('detector_rules', 'Rules in the set on disk'),
    broken: metrics.gauge('detector_broken_detections', 'Detection files that could not be used'),
  };
}
export type DetectorMetrics = ReturnType<typeof createDetectorMetrics>;
