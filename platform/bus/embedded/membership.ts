/**
 * Decides which member of a group reads which partition, with leases in the meta store. Members need no messages to
 * agree, because each computes the same fair share from the same list. A member with too many partitions releases some,
 * and one with too few claims free ones.
 */
import { z } from 'zod';
import type { TopicPartition } from '../bus.ts';
import { fenced } from '../limits.ts';
import { murmur2 } from '../partitioner.ts';
import { type MetaStore, json, keyFor, parseJson } from './meta-store.ts';
import { ProcessIdentity, isGone } from '../../process/process-identity.ts';

const Member = z.object({
  id: z.string(),
  process: ProcessIdentity,
  topics: z.array(z.string()),
  expiresAt: z.number(),
});
type Member = z.infer<typeof Member>;

const Lease = z.object({ member: z.string(), partition: z.int(), topic: z.string() });
type Lease = z.infer<typeof Lease>;

export interface MembershipOptions {
  readonly meta: MetaStore;
  readonly group: string;
  readonly memberId: string;
  readonly process: ProcessIdentity;
  /** Topics and their partitions. */
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
  /** A member that sends no heartbeat for this long loses its partitions. */
  readonly leaseMs: number;
  readonly now: () => number;
}

export interface Shares {
  /** Partitions that this member holds now. */
  readonly held: readonly TopicPartition[];
  /** The held partitions that were claimed just now. A partition that came back had another holder in between. */
  readonly taken: readonly TopicPartition[];
  /** The held partitions that others are waiting for. Each is released once its batch is finished. */
  readonly surplus: readonly TopicPartition[];
}

/** A heartbeat is due after this fraction of the lease. */
const HEARTBEAT_PARTS = 4;

export class Membership {
  readonly #options: MembershipOptions;
  #heartbeatAt = -Infinity;
  #othersSeen = '';

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get group(): string {
    return this.#options.group;
  }

  /** Checks, without writing, whether a heartbeat is due or the members have changed. */
  isStale(): boolean {
    const { now, leaseMs } = this.#options;
    if (now() >= this.#heartbeatAt + leaseMs / HEARTBEAT_PARTS) return true;
    this.#options.meta.refresh();
    return this.#signatureOf(this.#members()) !== this.#othersSeen;
  }

  /** Writes a heartbeat and claims free partitions up to the fair share. */
  renew(): Shares {
    const { meta, memberId, topics, now } = this.#options;
    const at = now();
    const shares = meta.transact(() => {
      const members = this.#members();
      const alive = members.filter((member) => member.id === memberId || this.#isAlive(member));
      for (const member of members) if (!alive.includes(member)) meta.store.removeSync(this.#memberKey(member.id));
      const self = this.#selfAt(at);
      meta.store.putSync(this.#memberKey(memberId), json(self));
      const others = alive.filter(({ id }) => id !== memberId);
      const held: TopicPartition[] = [];
      const taken: TopicPartition[] = [];
      const surplus: TopicPartition[] = [];
      for (const topic of topics) {
        const result = this.#share(topic, [...others, self]);
        held.push(...result.held);
        taken.push(...result.taken);
        surplus.push(...result.surplus);
      }
      return { held, taken, surplus };
    });
    this.#heartbeatAt = at;
    this.#othersSeen = this.#signatureOf(this.#members());
    return shares;
  }

  /** Makes the next check compute the shares again. */
  markStale(): void {
    this.#heartbeatAt = -Infinity;
  }

  /** Writes a heartbeat only: while a batch is handled, the shares stay as they are. */
  beat(): void {
    const { meta, now, leaseMs } = this.#options;
    const at = now();
    if (at < this.#heartbeatAt + leaseMs / HEARTBEAT_PARTS) return;
    meta.transact(() => meta.store.putSync(this.#memberKey(this.#options.memberId), json(this.#selfAt(at))));
    this.#heartbeatAt = at;
  }

  release(partitions: readonly TopicPartition[]): void {
    const { meta } = this.#options;
    if (partitions.length === 0) return;
    meta.transact(() => {
      for (const partition of partitions) {
        if (this.isHolder(partition)) meta.store.removeSync(this.#leaseKey(partition));
      }
    });
  }

  /** Leaves the group and releases all its partitions. */
  leave(): void {
    const { meta, memberId } = this.#options;
    meta.transact(() => {
      for (const lease of this.#leases()) {
        if (lease.member === memberId) meta.store.removeSync(this.#leaseKey(lease));
      }
      meta.store.removeSync(this.#memberKey(memberId));
    });
  }

  /**
   * Returns whether this member may continue with the partition. An expired lease is renewed if no other member has
   * claimed the partition.
   */
  holds(partition: TopicPartition): boolean {
    this.beat();
    this.#options.meta.refresh();
    return this.isHolder(partition);
  }

  isHolder(partition: TopicPartition): boolean {
    return this.#holderOf(partition) === this.#options.memberId;
  }

  /** Must be called inside a transaction. @throws ShellError BUS_FENCED */
  assertHolds(partition: TopicPartition): void {
    if (this.isHolder(partition)) return;
    throw fenced(`partition ${partition.partition} of ${partition.topic} belongs to another member of ${this.group}`);
  }

  #share({ name, partitions }: MembershipOptions['topics'][number], members: readonly Member[]): Shares {
    const { meta, memberId } = this.#options;
    const subscribed = members
      .filter(({ topics }) => topics.includes(name))
      .map(({ id }) => id)
      .sort();
    // Where several members share one partition per topic, the topics' partitions must not all go to the same member.
    const turn = (murmur2(Buffer.from(name)) & 0x7fffffff) % subscribed.length;
    const rank = (subscribed.indexOf(memberId) + turn) % subscribed.length;
    const fair = Math.floor(partitions / subscribed.length) + (rank < partitions % subscribed.length ? 1 : 0);
    const held: TopicPartition[] = [];
    const free: TopicPartition[] = [];
    for (let partition = 0; partition < partitions; partition += 1) {
      const at = { topic: name, partition };
      const holder = this.#holderOf(at);
      if (holder === memberId) held.push(at);
      else if (holder === undefined || !subscribed.includes(holder)) free.push(at);
    }
    const taken = free.slice(0, Math.max(0, fair - held.length));
    for (const at of taken) {
      const lease: Lease = { member: memberId, ...at };
      meta.store.putSync(this.#leaseKey(at), json(lease));
    }
    held.push(...taken);
    return { held, taken, surplus: held.slice(fair) };
  }

  #selfAt(at: number): Member {
    const { memberId, process, topics, leaseMs } = this.#options;
    return { id: memberId, process, topics: topics.map(({ name }) => name), expiresAt: at + leaseMs };
  }

  #isAlive(member: Member): boolean {
    return member.expiresAt > this.#options.now() && !isGone(member.process, this.#options.process);
  }

  /** Changes when a member joins or leaves, but not with every heartbeat. */
  #signatureOf(members: readonly Member[]): string {
    const { memberId } = this.#options;
    return members
      .filter((member) => member.id !== memberId && this.#isAlive(member))
      .map(({ id }) => id)
      .join();
  }

  #members(): readonly Member[] {
    return this.#all('m', Member);
  }

  #leases(): readonly Lease[] {
    return this.#all('l', Lease);
  }

  #all<T>(kind: string, schema: z.ZodType<T>): readonly T[] {
    const { meta, group } = this.#options;
    const start = keyFor(kind, group);
    const end = Buffer.concat([start, Buffer.from([0xff])]);
    return [...meta.store.getRange({ start, end })].map(({ value }) => parseJson(schema, value, meta.path));
  }

  #holderOf(partition: TopicPartition): string | undefined {
    const { meta } = this.#options;
    const bytes = meta.store.get(this.#leaseKey(partition));
    return bytes === undefined ? undefined : parseJson(Lease, bytes, meta.path).member;
  }

  #memberKey(id: string): Buffer {
    return keyFor('m', this.#options.group, id);
  }

  #leaseKey({ topic, partition }: TopicPartition): Buffer {
    return keyFor('l', this.#options.group, topic, String(partition));
  }
}
