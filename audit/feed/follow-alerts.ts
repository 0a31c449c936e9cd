/** Follows the end of the alerts' topic, so that alerts reach open pages even when the warehouse is slow or away. */
import type { Bus, Consumption } from '../../platform/bus/bus.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { doublingPauses, retry } from '../../platform/retry.ts';
import { messageOf } from '../../platform/shell-error.ts';
import { Alert } from '../../schemas/records/alert.ts';
import { TOPICS } from '../../schemas/topics.ts';

export interface FollowOptions {
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Of this process alone: every process sees every alert. Nothing is ever committed to it. */
  readonly group: string;
  readonly onAlert: (alert: Alert) => void;
}

/** Begins at once and goes on until stopped; while the bus cannot be reached it keeps trying. */
export function followAlerts(options: FollowOptions): { stop(): Promise<void> } {
  const { bus, log, metrics, group, onAlert } = options;
  const unreadable = metrics.counter(
    'audit_unreadable_alerts_total',
    'Messages of the alerts topic that are no alerts',
  );
  const ended = new AbortController();
  let consumption: Consumption | undefined;

  const begin = async (): Promise<void> => {
    consumption = await bus.consume({
      group,
      topics: [TOPICS.alerts],
      onAssigned: async (partitions) => {
        const ends = new Map((await bus.offsets(TOPICS.alerts)).map(({ partition, next }) => [partition, next]));
        return partitions.map((at) => ({ ...at, offset: ends.get(at.partition) ?? 0 }));
      },
      onBatch: ({ messages }) => {
        for (const { value } of messages) {
          const alert = alertOf(value);
          if (alert === undefined) unreadable.inc();
          else onAlert(alert);
        }
        return Promise.resolve();
      },
    });
  };
  // Only stopping ends the attempts.
  const begun = retry(begin, {
    pauses: doublingPauses(500, 15_000),
    signal: ended.signal,
    isRetryable: () => true,
    onRetry: (error, { pauseMs }) =>
      log.warn('alerts cannot be followed yet', { error: messageOf(error), retryMs: pauseMs }),
  }).catch(() => undefined);
  return {
    stop: async () => {
      ended.abort();
      await begun;
      await consumption?.stop();
    },
  };
}

function alertOf(value: Buffer): Alert | undefined {
  try {
    const parsed = Alert.safeParse(JSON.parse(value.toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
