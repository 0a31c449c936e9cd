/** The topics that Vigil needs, with their partitions and retention. */
import type { TopicSpec } from '../platform/bus/bus.ts';
import type { Config } from '../platform/config.ts';
import { TOPICS } from '../schemas/topics.ts';

const HOUR_MS = 3_600_000;

export function topicSpecs(config: Config): readonly TopicSpec[] {
  const partitions = config.VIGIL_PARTITIONS;
  const kept = {
    cleanup: 'delete',
    retentionMs: config.VIGIL_RETENTION_HOURS * HOUR_MS,
    retentionBytes: config.VIGIL_RETENTION_BYTES,
  } as const;
  return [
    { name: TOPICS.events, partitions, ...kept },
    { name: TOPICS.alerts, partitions, ...kept },
    { name: TOPICS.rejects, partitions: 1, ...kept },
    { name: TOPICS.ledger, partitions: 1, ...kept },
    { name: TOPICS.detectorState, partitions, cleanup: 'compact' },
    { name: TOPICS.ruleSets, partitions: 1, cleanup: 'compact' },
  ];
}
