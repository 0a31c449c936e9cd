/**
 * Assigns partitions evenly, and lets each member keep as many of its partitions as possible, because a takeover is
 * expensive.
 */
import kafkajs, { type Assigner, type Assignment, type Cluster, type GroupMember } from 'kafkajs';
import { murmur2 } from '../partitioner.ts';

const { AssignerProtocol } = kafkajs;

export interface Claim {
  readonly id: string;
  readonly topics: readonly string[];
  /** Partitions that the member held until now. */
  readonly owned: Readonly<Record<string, readonly number[]>>;
}

/** Pure: the same claims produce the same assignment. */
export function shareOut(
  topics: readonly { readonly name: string; readonly partitions: number }[],
  claims: readonly Claim[],
): ReadonlyMap<string, Assignment> {
  const shares = new Map<string, Assignment>(claims.map(({ id }) => [id, {}]));
  for (const { name, partitions } of topics) {
    const members = claims.filter((claim) => claim.topics.includes(name)).sort((a, b) => (a.id < b.id ? -1 : 1));
    if (members.length === 0) continue;
    const turn = (murmur2(Buffer.from(name)) & 0x7fffffff) % members.length;
    const free = new Set(Array.from({ length: partitions }, (_, partition) => partition));
    // The members that get one partition more than others are first those that already hold more.
    const order = members
      .map((member, index) => ({
        member,
        rank: (index + turn) % members.length,
        holds: member.owned[name]?.length ?? 0,
      }))
      .sort((a, b) => b.holds - a.holds || a.rank - b.rank);
    const fairOf = (position: number): number =>
      Math.floor(partitions / members.length) + (position < partitions % members.length ? 1 : 0);
    const kept = order.map(({ member }, position) => {
      const keep = [...new Set(member.owned[name])]
        .filter((partition) => free.has(partition))
        .slice(0, fairOf(position));
      for (const partition of keep) free.delete(partition);
      return keep;
    });
    const left = [...free];
    for (const [position, { member }] of order.entries()) {
      const keep = kept[position] ?? [];
      const share = [...keep, ...left.splice(0, fairOf(position) - keep.length)].sort((a, b) => a - b);
      const assignment = shares.get(member.id);
      if (share.length > 0 && assignment !== undefined) assignment[name] = share;
    }
  }
  return shares;
}

const NAME = 'vigil-sticky';
const VERSION = 1;

/** @param owned the partitions that this member holds now, per topic */
export function stickyAssigner(owned: () => Claim['owned']): (config: { readonly cluster: Cluster }) => Assigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(owned())),
      }),
    }),
    assign: ({ members, topics }) => {
      const sized = topics.map((name) => ({ name, partitions: cluster.findTopicPartitionMetadata(name).length }));
      const shares = shareOut(sized, members.map(claimOf));
      return Promise.resolve(
        members.map(({ memberId }) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: VERSION,
            assignment: shares.get(memberId) ?? {},
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
  });
}

function claimOf({ memberId, memberMetadata }: GroupMember): Claim {
  const decoded = AssignerProtocol.MemberMetadata.decode(memberMetadata);
  return { id: memberId, topics: decoded?.topics ?? [], owned: ownedIn(decoded?.userData) };
}

/** Another member, perhaps of another version, wrote this data, so anything unreadable in it is ignored. */
function ownedIn(userData: Buffer | undefined): Claim['owned'] {
  try {
    const parsed: unknown = JSON.parse(userData?.toString('utf8') ?? '{}');
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(
      Object.entries(parsed).map(([topic, partitions]) => [
        topic,
        Array.isArray(partitions)
          ? partitions.filter((partition): partition is number => Number.isInteger(partition))
          : [],
      ]),
    );
  } catch {
    return {};
  }
}
