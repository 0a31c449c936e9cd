/** Asks the coordinator of a group, where this process's own memory may be out of date. */
import kafkajs, { type Admin } from 'kafkajs';
import { ShellError } from '../../shell-error.ts';
import type { TopicPartition } from '../bus.ts';
import { fenced } from '../limits.ts';

/** Runs one request of an administrator and converts its errors. */
export type AsAdmin = <T>(what: string, action: (admin: Admin) => Promise<T>) => Promise<T>;

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/**
 * Returns the committed positions of the topics of `partitions`, by {@link nameOf}; partitions without a commit are
 * missing.
 */
export async function committedOffsets(
  admin: AsAdmin,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<string, number>> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  if (topics.length === 0) return new Map();
  const found = await admin('reading positions', (client) => client.fetchOffsets({ groupId: group, topics }));
  return new Map(
    found.flatMap(({ topic, partitions: offsets }) =>
      offsets
        .filter(({ offset }) => Number(offset) >= 0)
        .map(({ partition, offset }) => [nameOf({ topic, partition }), Number(offset)] as const),
    ),
  );
}

/** @throws ShellError BUS_FENCED when the member does not hold them; BUS_UNAVAILABLE while the group is rebalancing */
export async function assertMemberHolds(
  admin: AsAdmin,
  group: string,
  member: string,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const { groups } = await admin('describing the group', (client) => client.describeGroups([group]));
  const [described] = groups;
  if (described?.state !== 'Stable')
    throw new ShellError('BUS_UNAVAILABLE', `${group} is rebalancing`, { retryable: true });
  const self = described.members.find(({ memberId }) => memberId === member);
  const assigned =
    self === undefined ? undefined : kafkajs.AssignerProtocol.MemberAssignment.decode(self.memberAssignment);
  for (const { topic, partition } of partitions) {
    if (assigned?.assignment[topic]?.includes(partition) !== true)
      throw fenced(`partition ${partition} of ${topic} belongs to another member of ${group}`);
  }
}
