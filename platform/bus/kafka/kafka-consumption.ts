/**
 * One member of a group on Kafka. kafkajs rebalances eagerly: at every change of the group it revokes all partitions
 * and starts again at the committed offsets. Here a partition that stays with its member continues at its current
 * position.
 */
import { isRetryableError, retry } from '../../retry.ts';
import { batchPauses } from '../batch-pauses.ts';
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import { messageOf } from '../../shell-error.ts';
import type { Consumption, TopicPartition } from '../bus.ts';
import { BATCH_BYTES, fenced } from '../limits.ts';
import { assertMemberHolds, committedOffsets, nameOf } from './group-coordinator.ts';
import { type DeliveryDeps, type Position, deliverBatches, reportGap } from './deliver-batches.ts';
import { kafkaError } from './kafka-errors.ts';
import { toMessage } from './kafka-message.ts';
import { stickyAssigner } from './sticky-assigner.ts';

export interface KafkaConsumptionDeps extends DeliveryDeps {
  readonly kafka: Kafka;
  readonly sessionMs: number;
  /** Called before the first partition is claimed, because the handler may write steps from then on. */
  readonly onStarting: (consumption: KafkaConsumption) => void;
  readonly onStopped: (consumption: KafkaConsumption) => void;
}

/** A fetch waits this long for messages, which also bounds how long stopping and heartbeats can take. */
const WAIT_MS = 250;
const REBALANCE_MS = 60_000;
const RESTART_MS = 1_000;
const COMMIT_ATTEMPTS = 6;

export class KafkaConsumption implements Consumption {
  readonly #deps: KafkaConsumptionDeps;
  readonly #consumer: Consumer;
  readonly #positions = new Map<string, Position>();
  /** Partitions being claimed now: this member holds them, but no batch has arrived yet. */
  readonly #taking = new Set<string>();
  /**
   * The group's committed offsets as far as this member knows. Another value means that another member held the
   * partition.
   */
  readonly #committed = new Map<string, number>();
  readonly #resumes = new Set<NodeJS.Timeout>();
  readonly #heartbeatMs: number;
  #memberId = '';
  /** Runs assignments and batches one after the other. */
  #busy: Promise<unknown> = Promise.resolve();
  #payload: EachBatchPayload | undefined;
  #stopping = false;
  #stopped: Promise<void> | undefined;

  private constructor(deps: KafkaConsumptionDeps) {
    this.#deps = deps;
    this.#heartbeatMs = Math.max(100, Math.floor(deps.sessionMs / 6));
    const maxBytes = deps.options.maxBytes ?? BATCH_BYTES;
    this.#consumer = deps.kafka.consumer({
      groupId: deps.options.group,
      partitionAssigners: [stickyAssigner(() => this.#owned())],
      sessionTimeout: deps.sessionMs,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: this.#heartbeatMs,
      maxBytesPerPartition: maxBytes,
      maxBytes,
      maxWaitTimeInMs: WAIT_MS,
      allowAutoTopicCreation: false,
      retry: {
        retries: 5,
        initialRetryTime: 100,
        maxRetryTime: 3_000,
        restartOnFailure: () => Promise.resolve(!this.#stopping),
      },
    });
  }

  /** @throws ShellError BUS_UNAVAILABLE, BUS_UNKNOWN_TOPIC */
  static async start(deps: KafkaConsumptionDeps): Promise<KafkaConsumption> {
    const consumption = new KafkaConsumption(deps);
    deps.onStarting(consumption);
    try {
      await consumption.#start();
      return consumption;
    } catch (error) {
      deps.onStopped(consumption);
      await consumption.#consumer.disconnect().catch(() => undefined);
      throw kafkaError(error, `consuming as ${deps.options.group}`, deps.options.topics[0]);
    }
  }

  get group(): string {
    return this.#deps.options.group;
  }

  isHolder(partition: TopicPartition): boolean {
    return this.#positions.has(nameOf(partition)) || this.#taking.has(nameOf(partition));
  }

  /** Asks the group's coordinator, because this process may have been suspended and its own memory be out of date. */
  async assertHoldsAtCoordinator(partitions: readonly TopicPartition[]): Promise<void> {
    await assertMemberHolds(this.#deps.admin, this.group, this.#memberId, partitions);
  }

  /** Records that a transaction committed these positions. */
  noteCommitted(positions: readonly (TopicPartition & { readonly offset: number })[]): void {
    for (const position of positions) this.#committed.set(nameOf(position), position.offset);
  }

  async commit(positions: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    if (positions.length === 0) return;
    for (const position of positions) {
      if (!this.isHolder(position))
        throw fenced(`partition ${position.partition} of ${position.topic} belongs to another member of ${this.group}`);
    }
    const commit = (): Promise<void> =>
      this.#commitNow(positions).catch((error: unknown) => {
        throw kafkaError(error, `committing as ${this.group}`);
      });
    await retry(commit, {
      pauses: batchPauses,
      isRetryable: (error, failures) => isRetryableError(error) && failures < COMMIT_ATTEMPTS,
    });
    this.noteCommitted(positions);
  }

  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      this.#stopping = true;
      for (const timer of this.#resumes) clearTimeout(timer);
      // kafkajs drops commits once it is stopping, so the batch in progress is finished first.
      await this.#alone(() => this.#letGo([...this.#positions.values()]));
      this.#positions.clear();
      await this.#consumer.disconnect().catch((error: unknown) => {
        this.#deps.log.warn('group not left cleanly', { group: this.group, error: messageOf(error) });
      });
      this.#deps.onStopped(this);
    })();
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const { options, log } = this.#deps;
    const { GROUP_JOIN, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#alone(() => this.#onJoined(payload)).catch((error: unknown) => {
        log.warn('claiming partitions failed', { group: this.group, error: messageOf(error) });
      });
    });
    this.#consumer.on(CRASH, ({ payload: { error, restart } }) => {
      if (restart || this.#stopping) return;
      log.warn('consuming failed, will retry', { group: this.group, error: messageOf(error) });
      this.#later(RESTART_MS, () => void this.#rerun());
    });
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
    await this.#run();
  }

  async #run(): Promise<void> {
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 1,
      eachBatch: (payload) => {
        this.#payload = payload;
        return this.#alone(() => this.#onFetched(payload));
      },
    });
  }

  async #rerun(): Promise<void> {
    try {
      await this.#consumer.connect();
      await this.#run();
    } catch (error) {
      this.#deps.log.warn('consuming failed, will retry', { group: this.group, error: messageOf(error) });
      this.#later(RESTART_MS, () => void this.#rerun());
    }
  }

  async #commitNow(positions: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    const topics = [...new Set(positions.map(({ topic }) => topic))].map((topic) => ({
      topic,
      partitions: positions
        .filter((at) => at.topic === topic)
        .map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }));
    // Commits through a batch's payload, since the consumer's own commit retries errors that can never succeed for half
    // a minute.
    if (this.#payload !== undefined) await this.#payload.commitOffsetsIfNecessary({ topics });
    else await this.#consumer.commitOffsets(positions.map((at) => ({ ...at, offset: String(at.offset) })));
  }

  async #onJoined({ memberId, memberAssignment }: ConsumerGroupJoinEvent['payload']): Promise<void> {
    if (this.#stopping) return;
    const assigned = Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    const committed = await this.#persist('positions cannot be read yet', () =>
      committedOffsets(this.#deps.admin, this.group, assigned),
    );
    const isStill = (name: string): boolean =>
      memberId === this.#memberId && this.#positions.has(name) && committed.get(name) === this.#committed.get(name);
    this.#memberId = memberId;
    const kept = new Set(assigned.map(nameOf).filter(isStill));
    const lost = [...this.#positions.values()].filter((position) => !kept.has(nameOf(position)));
    for (const position of lost) this.#positions.delete(nameOf(position));
    await this.#letGo(lost);
    for (const position of this.#positions.values()) this.#seek(position);
    this.#committed.clear();
    for (const [name, offset] of committed) this.#committed.set(name, offset);
    await this.#take(assigned.filter((at) => !kept.has(nameOf(at))));
  }

  async #take(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    for (const at of partitions) this.#taking.add(nameOf(at));
    try {
      const given =
        (await this.#persist('partitions cannot be claimed yet', async () =>
          this.#deps.options.onAssigned?.(partitions),
        )) ?? [];
      for (const at of partitions) {
        const name = nameOf(at);
        const start = given.find((other) => nameOf(other) === name)?.offset;
        const position: Position = { ...at, offset: start ?? this.#committed.get(name), failures: 0 };
        this.#positions.set(name, position);
        if (start !== undefined) this.#seek(position);
      }
    } finally {
      this.#taking.clear();
    }
  }

  /**
   * Retries until it succeeds, because no batch can be delivered without a start position. It stops retrying when the
   * group has continued without this member; kafkajs then detects this and joins again.
   */
  async #persist<T>(what: string, action: () => Promise<T>): Promise<T> {
    let lost: unknown;
    const attempt = async (): Promise<T> => {
      lost = undefined;
      const heartbeat = setInterval(() => {
        this.#payload?.heartbeat().catch((error: unknown) => (lost ??= error));
      }, this.#heartbeatMs);
      try {
        return await action();
      } finally {
        clearInterval(heartbeat);
      }
    };
    return retry(attempt, {
      pauses: batchPauses,
      isRetryable: () => !this.#stopping && lost === undefined,
      onRetry: (error) => this.#deps.log.warn(what, { group: this.group, error: messageOf(error) }),
    });
  }

  async #letGo(positions: readonly Position[]): Promise<void> {
    if (positions.length === 0) return;
    try {
      await this.#deps.options.onRevoked?.(positions.map(({ topic, partition }) => ({ topic, partition })));
    } catch (error) {
      this.#deps.log.warn('releasing partitions failed', { group: this.group, error: messageOf(error) });
    }
  }

  async #onFetched(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const position = this.#positions.get(nameOf(batch));
    // One fetch returns batches of several partitions, and the assignment may have changed since, so ask the
    // coordinator.
    await payload.heartbeat();
    if (position === undefined || this.#stopping || payload.isStale()) return;
    const messages = batch.messages.map((message) => toMessage(batch.topic, batch.partition, message));
    await reportGap(this.#deps, position, messages[0]?.offset ?? 0);
    let lost: unknown;
    const heartbeat = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => (lost ??= error));
    }, this.#heartbeatMs);
    try {
      const { done, pauseMs } = await deliverBatches(this.#deps, this, position, {
        messages,
        endOffset: Number(batch.highWatermark),
        resolve: (offset) => payload.resolveOffset(String(offset)),
        isOver: () => this.#stopping || lost !== undefined,
      });
      if (done) position.offset = Number(batch.lastOffset()) + 1;
      if (pauseMs !== undefined) this.#pause(position, pauseMs);
    } finally {
      clearInterval(heartbeat);
    }
    // Throwing makes kafkajs join the group again.
    if (lost !== undefined) throw lost as Error;
  }

  #seek({ topic, partition, offset }: Position): void {
    if (offset !== undefined) this.#consumer.seek({ topic, partition, offset: String(offset) });
  }

  #pause({ topic, partition }: Position, ms: number): void {
    this.#consumer.pause([{ topic, partitions: [partition] }]);
    this.#later(ms, () => {
      try {
        this.#consumer.resume([{ topic, partitions: [partition] }]);
      } catch {
        // The consumer is between two runs, and a new run starts with nothing paused.
      }
    });
  }

  #later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#resumes.delete(timer);
      if (!this.#stopping) action();
    }, ms);
    this.#resumes.add(timer);
  }

  #owned(): Readonly<Record<string, readonly number[]>> {
    const owned: Record<string, number[]> = {};
    for (const { topic, partition } of this.#positions.values()) (owned[topic] ??= []).push(partition);
    return owned;
  }

  async #alone<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(action, action);
    this.#busy = done.catch(() => undefined);
    return done;
  }
}
