/** The detector's metrics. */
import type { Metrics } from '../../platform/metrics.ts';

const CHECKPOINT_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000];

export function createDetectorMetrics(metrics: Metrics) {
  return {
    events: metrics.counter('detector_events_total', 'Events judged'),
    malformed: metrics.counter(
      'detector_malformed_lines_total',
      'Lines in the log that are not events and were skipped',
    ),
    repeatedMessages: metrics.counter('detector_repeated_messages_total', 'Repeated messages that were skipped'),
    repeatedEvents: metrics.counter(
      'detector_repeated_events_total',
      'Events repeated in another message that were skipped',
    ),
    late: metrics.counter(
      'detector_late_events_total',
      'Events that arrived after their window was closed, counted once per rule',
    ),
    evicted: metrics.counter(
      'detector_evicted_total',
      'States, alerts, actors and spools evicted because a limit was reached',
    ),
    expired: metrics.counter('detector_expired_total', 'States, alerts and actors dropped because they had been idle'),
    failures: metrics.counter('detector_rule_failures_total', 'Rules that failed on an event', ['detection']),
    alerts: metrics.counter('detector_alerts_total', 'Alerts raised', ['detection']),
    revisions: metrics.counter('detector_alert_revisions_total', 'Alert revisions published', ['detection']),
    lag: metrics.gauge('detector_lag_messages', 'Messages of a partition not yet folded', ['partition']),
    items: metrics.gauge('detector_state_items', 'Actors, states and alerts in memory per partition', ['partition']),
    skipped: metrics.counter('detector_gap_messages_total', 'Messages that retention deleted before they were folded'),
    checkpoint: metrics.histogram('detector_checkpoint_duration_ms', 'Duration of a checkpoint', CHECKPOINT_MS),
    checkpointBytes: metrics.counter('detector_checkpoint_bytes_total', 'Bytes written by checkpoints'),
    rules: metrics.gauge('detector_rules', 'Rules in the rule set on disk'),
    broken: metrics.gauge('detector_broken_detections', 'Detection files that could not be used'),
  };
}
export type DetectorMetrics = ReturnType<typeof createDetectorMetrics>;
