/** Follows the end of the alerts topic, so that alerts reach open pages even when the warehouse is slow or down. */
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
  /** Unique per process, so that every process sees every alert. No offset is committed. */
  readonly group: string;
  readonly onAlert: (alert: Alert) => void;
}

/** Starts at once and runs until stopped; it retries while the bus cannot be reached. */
export function followAlerts(options: FollowOptions): { stop(): Promise<void> } {
  const { bus, log, metrics, group, onAlert } = options;
  const unreadable = metrics.counter(
    'audit_unreadable_alerts_total',
    'Messages in the alerts topic that are not alerts',
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
