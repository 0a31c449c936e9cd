/**
 * One member of a group on the embedded log. It claims its share of the partitions and hands their batches to the
 * handler.
 */
import { batchPauses } from '../batch-pauses.ts';
import type { Log } from '../../log.ts';
import { messageOf } from '../../shell-error.ts';
import type { Batch, ConsumeOptions, Consumption, TopicPartition } from '../bus.ts';
import { BATCH_BYTES } from '../limits.ts';
import type { Membership } from './membership.ts';
import type { MetaStore } from './meta-store.ts';
import type { Slice } from './segmented-topic.ts';

export interface ReadableTopic {
  read(partition: number, from: number, maxBytes: number): Slice;
  offsets(): readonly { readonly partition: number; readonly earliest: number; readonly next: number }[];
}

export interface ConsumptionDeps {
  readonly options: ConsumeOptions;
  readonly meta: MetaStore;
  readonly membership: Membership;
  readonly topicOf: (name: string) => ReadableTopic;
  /** Moves messages that a dead process left in the outbox to their topic. */
  readonly settleOutbox: () => void;
  readonly listen: (listener: () => void) => () => void;
  /** Wakes the other members because partitions or messages are available. */
  readonly poke: () => void;
  readonly log: Log;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  readonly onStopped: () => void;
}

interface Position extends TopicPartition {
  offset: number;
  failures: number;
  retryAt: number;
}

export class EmbeddedConsumption implements Consumption {
  readonly #deps: ConsumptionDeps;
  readonly #positions = new Map<string, Position>();
  readonly #running: Promise<void>;
  #stopping = false;
  #stopped: Promise<void> | undefined;
  #woken = false;
  #wakeUp: () => void = () => undefined;
  #turn = 0;
  #failures = 0;

  constructor(deps: ConsumptionDeps) {
    this.#deps = deps;
    const unlisten = deps.listen(() => {
      this.#woken = true;
      this.#wakeUp();
    });
    this.#running = this.#run().finally(unlisten);
  }

  get group(): string {
    return this.#deps.options.group;
  }

  /** Must be called inside a transaction of the meta store. */
  isHolder(partition: TopicPartition): boolean {
    return this.#deps.membership.isHolder(partition);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown here is a rejection
  async commit(positions: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    const { meta, membership, options } = this.#deps;
    if (positions.length === 0) return;
    meta.transact(() => {
      for (const position of positions) membership.assertHolds(position);
      meta.putOffsets(options.group, positions);
    });
  }

  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      this.#stopping = true;
      this.#wakeUp();
      await this.#running;
      await this.#revoke([...this.#positions.values()]);
      this.#attempt('group not left cleanly', () => this.#deps.membership.leave());
      this.#deps.onStopped();
      this.#deps.poke();
    })();
    return this.#stopped;
  }

  async #run(): Promise<void> {
    // `consume` must return to its caller before the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.#stopping) {
      this.#woken = false;
      try {
        await this.#share();
        this.#deps.settleOutbox();
        const busy = await this.#round();
        this.#failures = 0;
        if (!busy) await this.#sleep(this.#deps.pollMs);
      } catch (error) {
        const pauseMs = batchPauses((this.#failures += 1));
        this.#deps.log.warn('consuming failed, will retry', {
          group: this.group,
          error: messageOf(error),
          pauseMs,
        });
        this.#woken = false;
        await this.#sleep(pauseMs);
      }
    }
  }

  /** Claims and releases partitions, never while a batch is being handled. */
  async #share(): Promise<void> {
    const { membership, poke } = this.#deps;
    if (!membership.isStale()) return;
    const { held, taken, surplus } = membership.renew();
    // A partition that was lost and came back counts as lost too, because another member has read from it meanwhile.
    const keys = new Set(held.filter((at) => !taken.includes(at)).map(nameOf));
    const lost = [...this.#positions.values()].filter((position) => !keys.has(nameOf(position)));
    const leaving = [...this.#positions.values()].filter((position) =>
      surplus.some((other) => nameOf(other) === nameOf(position)),
    );
    await this.#revoke([...lost, ...leaving]);
    if (surplus.length > 0) {
      membership.release(surplus);
      poke();
    }
    const kept = held.filter((at) => !surplus.includes(at) && !this.#positions.has(nameOf(at)));
    if (kept.length > 0) await this.#assign(kept);
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    const { meta, membership, options } = this.#deps;
    const heartbeat = this.#beating();
    try {
      const given = (await options.onAssigned?.(partitions)) ?? [];
      meta.refresh();
      for (const at of partitions) {
        const start = given.find((other) => nameOf(other) === nameOf(at))?.offset ?? meta.committed(options.group, at);
        this.#positions.set(nameOf(at), { ...at, offset: this.#startOf(at, start), failures: 0, retryAt: 0 });
      }
    } catch (error) {
      membership.markStale();
      throw error;
    } finally {
      clearInterval(heartbeat);
    }
  }

  #startOf(at: TopicPartition, wanted: number | undefined): number {
    const ends = this.#deps.topicOf(at.topic).offsets()[at.partition];
    const earliest = ends?.earliest ?? 0;
    if (wanted === undefined) return earliest;
    if (wanted <= (ends?.next ?? 0)) return wanted;
    this.#deps.log.warn('position is beyond the end of the log, reading from its start', {
      ...at,
      group: this.group,
      offset: wanted,
    });
    return earliest;
  }

  async #revoke(positions: readonly Position[]): Promise<void> {
    if (positions.length === 0) return;
    for (const position of positions) this.#positions.delete(nameOf(position));
    try {
      await this.#deps.options.onRevoked?.(positions.map(({ topic, partition }) => ({ topic, partition })));
    } catch (error) {
      this.#deps.log.warn('releasing partitions failed', { group: this.group, error: messageOf(error) });
    }
  }

  /** Handles one batch of each partition that has messages. @returns whether there may be more to read now */
  async #round(): Promise<boolean> {
    const { topicOf } = this.#deps;
    const positions = [...this.#positions.values()];
    const ends = new Map(
      [...new Set(positions.map(({ topic }) => topic))].map((topic) => [topic, topicOf(topic).offsets()]),
    );
    let busy = false;
    this.#turn += 1;
    for (let index = 0; index < positions.length && !this.#stopping; index += 1) {
      const position = positions[(index + this.#turn) % positions.length];
      if (position === undefined || performance.now() < position.retryAt) continue;
      const end = ends.get(position.topic)?.[position.partition];
      if (end === undefined || position.offset >= end.next) continue;
      // Another member may be waiting for the partition or may have claimed it, so check before every batch and not
      // only every round.
      if (index > 0) await this.#share();
      if (!this.#positions.has(nameOf(position))) continue;
      if (!this.#deps.membership.holds(position)) {
        this.#deps.membership.markStale();
        return true;
      }
      busy = (await this.#handle(position, end.next)) || busy;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return busy;
  }

  async #handle(position: Position, next: number): Promise<boolean> {
    const { options, topicOf, log } = this.#deps;
    const { topic, partition } = position;
    const { messages, gapTo } = topicOf(topic).read(partition, position.offset, options.maxBytes ?? BATCH_BYTES);
    if (gapTo !== undefined) {
      log.warn('messages were deleted before they were read', {
        group: this.group,
        topic,
        partition,
        from: position.offset,
        to: gapTo,
      });
      options.onGap?.({ topic, partition, from: position.offset, to: gapTo });
      position.offset = gapTo;
    }
    const last = messages.at(-1);
    if (last === undefined) {
      // Newer messages have replaced the newest ones of a compacted topic, or its tombstones have expired.
      position.offset = Math.max(position.offset, next);
      return false;
    }
    const heartbeat = this.#beating();
    try {
      const batch: Batch = { topic, partition, messages, endOffset: Math.max(next, last.offset + 1) };
      await options.onBatch(batch, this);
      position.offset = last.offset + 1;
      position.failures = 0;
      position.retryAt = 0;
      return true;
    } catch (error) {
      position.failures += 1;
      const pauseMs = batchPauses(position.failures);
      position.retryAt = performance.now() + pauseMs;
      log.warn('batch failed, will be retried', {
        group: this.group,
        topic,
        partition,
        offset: position.offset,
        error: messageOf(error),
        pauseMs,
      });
      return false;
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** Renews the leases while the handler is running. */
  #beating(): NodeJS.Timeout {
    const { membership, heartbeatMs } = this.#deps;
    return setInterval(() => this.#attempt('lease not renewed', () => membership.beat()), heartbeatMs);
  }

  #attempt(failure: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#deps.log.warn(failure, { group: this.group, error: messageOf(error) });
    }
  }

  /** Sleeps until something is written, a failed batch is due for a retry, or the next poll is due. */
  async #sleep(ms: number): Promise<void> {
    if (this.#woken || this.#stopping) return;
    const due = Math.min(
      ...[...this.#positions.values()].map(({ retryAt }) => (retryAt === 0 ? Infinity : retryAt - performance.now())),
    );
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, Math.min(ms, due)));
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = () => undefined;
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
