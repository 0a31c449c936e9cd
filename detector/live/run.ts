/**
 * Runs the detector on the bus: claims partitions, folds their batches, and writes ticks and rule changes to their log.
 */
import { retry } from '../../platform/retry.ts';
import type { Bus, Consumption, TopicPartition } from '../../platform/bus/bus.ts';
import type { Log } from '../../platform/log.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import { TOPICS } from '../../schemas/topics.ts';
import type { DetectorMetrics } from './detector-metrics.ts';
import type { RuleSet } from '../engine/rule-set.ts';
import { GROUP, type PartitionWorkerDeps, PartitionWorker, controlMessage } from './partition-worker.ts';
import type { Tools } from '../model/kind.ts';
import type { RuleSets } from './rule-sets.ts';

export interface RunDeps extends Tools {
  readonly bus: Bus;
  readonly ruleSets: RuleSets;
  readonly metrics: DetectorMetrics;
  readonly log: Log;
  readonly now: () => number;
}

export interface RunOptions {
  /**
   * State is written at this interval while there are changes (ms); after a crash, at most this much is folded again.
   */
  readonly checkpointMs: number;
  /** State is also written as soon as this many keys have changed. */
  readonly checkpointChanges: number;
  /** How often to consider a tick (ms). */
  readonly tickMs: number;
}

export const RUN_OPTIONS: RunOptions = { checkpointMs: 1_000, checkpointChanges: 2_000, tickMs: 15_000 };

export interface DetectorRun {
  /** Puts a published set in force in every partition, present and future. */
  setRules(rules: RuleSet): Promise<void>;
  /** The partitions that this process works on now. */
  partitions(): readonly number[];
  stop(): Promise<void>;
}

/** Failures of one rule are logged at most once in this time. */
const FAILURE_LOG_MS = 60_000;
const RESTART_MS = 1_000;

/** @throws ShellError BUS_UNAVAILABLE (retryable) */
export async function startJudging(
  deps: RunDeps,
  rules: RuleSet,
  options: RunOptions = RUN_OPTIONS,
): Promise<DetectorRun> {
  const run = new Run(deps, rules, options);
  await run.start();
  return run;
}

class Run implements DetectorRun {
  readonly #deps: RunDeps;
  readonly #options: RunOptions;
  readonly #workerDeps: PartitionWorkerDeps;
  readonly #workers = new Map<number, PartitionWorker>();
  /** Partitions whose log does not name our rules yet. */
  readonly #owed = new Set<number>();
  readonly #failureLoggedAt = new Map<string, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  #rules: RuleSet;
  #consumption: Consumption | undefined;
  #restarting: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: RunDeps, rules: RuleSet, options: RunOptions) {
    this.#deps = deps;
    this.#rules = rules;
    this.#options = options;
    const { checkpointChanges } = options;
    this.#workerDeps = { ...deps, checkpointChanges, onFailures: (failures) => this.#logFailures(failures) };
  }

  async start(): Promise<void> {
    await this.#consume();
    this.#timers.push(
      setInterval(() => void this.#checkpointIdle(), this.#options.checkpointMs),
      setInterval(() => void this.#tick(), this.#options.tickMs),
    );
  }

  partitions(): readonly number[] {
    return [...this.#workers.keys()].sort((a, b) => a - b);
  }

  async setRules(rules: RuleSet): Promise<void> {
    if (rules.hash === this.#rules.hash) return;
    this.#rules = rules;
    // The current rules do not matter here: a message that names other rules may still be unread in the log.
    for (const { number } of this.#workers.values()) this.#owed.add(number);
    for (const number of [...this.#owed]) await this.#announce(number);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#restarting;
    await this.#consumption?.stop();
    await this.#letGo([...this.#workers.keys()]);
  }

  async #consume(): Promise<void> {
    this.#consumption = await this.#deps.bus.consume({
      group: GROUP,
      topics: [TOPICS.events],
      onAssigned: (partitions) => this.#take(partitions),
      onRevoked: (partitions) => this.#letGo(partitions.map(({ partition }) => partition)),
      onGap: ({ partition, from, to }) => {
        this.#deps.metrics.skipped.inc({}, to - from);
        this.#deps.log.error('events were deleted before they were judged', { partition, from, to });
      },
      onBatch: async (batch) => {
        const worker = this.#workers.get(batch.partition);
        if (worker === undefined) {
          this.#restart();
          throw new ShellError('PARTITION_LOST', `partition ${batch.partition} was claimed by another detector`, {
            retryable: true,
          });
        }
        await this.#guard(worker, async () => {
          // A message left over from other files has put their rules in force, so ours must be announced after it.
          if ((await worker.onBatch(batch)) && worker.rules !== this.#rules.hash) this.#owed.add(worker.number);
          await this.#announce(worker.number);
          if (this.#deps.now() - worker.writtenAt >= this.#options.checkpointMs) await worker.checkpoint();
        });
      },
    });
  }

  async #take(partitions: readonly TopicPartition[]) {
    const positions: (TopicPartition & { readonly offset: number })[] = [];
    for (const { topic, partition } of partitions) {
      const worker = await PartitionWorker.claim(this.#workerDeps, partition, this.#rules.hash);
      this.#workers.set(partition, worker);
      if (worker.rules !== this.#rules.hash) this.#owed.add(partition);
      await this.#announce(partition);
      positions.push({ topic, partition, offset: worker.offset });
      this.#deps.log.info('partition claimed', { partition, offset: worker.offset });
    }
    return positions;
  }

  /** The next holder continues from the last checkpoint; writing one more saves it work. */
  async #letGo(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) {
      const worker = this.#workers.get(partition);
      if (worker === undefined) continue;
      try {
        await worker.checkpoint();
      } catch (error) {
        this.#deps.log.warn('last checkpoint of a partition failed', { partition, error: messageOf(error) });
      }
      this.#workers.delete(partition);
      this.#owed.delete(partition);
    }
  }

  /** Our rules are in force from this message's place in the log on, in every replay too. */
  async #announce(partition: number): Promise<void> {
    if (!this.#owed.has(partition)) return;
    await this.#deps.bus.publish([controlMessage(partition, 'rules', { hash: this.#rules.hash })]);
    this.#owed.delete(partition);
  }

  async #tick(): Promise<void> {
    for (const worker of [...this.#workers.values()]) {
      try {
        await this.#announce(worker.number);
        const time = worker.wantedTick();
        if (time !== undefined) await this.#deps.bus.publish([controlMessage(worker.number, 'tick', { time })]);
      } catch (error) {
        this.#deps.log.warn('control message not published', { partition: worker.number, error: messageOf(error) });
      }
    }
  }

  async #checkpointIdle(): Promise<void> {
    for (const worker of [...this.#workers.values()]) {
      if (this.#deps.now() - worker.writtenAt < this.#options.checkpointMs) continue;
      try {
        await this.#guard(worker, () => worker.checkpoint());
      } catch (error) {
        this.#deps.log.warn('checkpoint failed', { partition: worker.number, error: messageOf(error) });
      }
    }
  }

  /** Drops a partition that another process has claimed, with its state; the group knows the holder. */
  async #guard(worker: PartitionWorker, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof ShellError && error.code === 'BUS_FENCED' && this.#workers.get(worker.number) === worker) {
        this.#workers.delete(worker.number);
        this.#deps.log.warn('partition was claimed by another detector', { partition: worker.number });
        this.#restart();
      }
      throw error;
    }
  }

  /** Joins the group again to learn who holds what. A batch must not await this, since stopping waits for the batch. */
  #restart(): void {
    if (this.#stopped) return;
    this.#restarting ??= this.#consumeAgain().finally(() => (this.#restarting = undefined));
  }

  async #consumeAgain(): Promise<void> {
    await this.#consumption?.stop();
    this.#workers.clear();
    const consume = async (): Promise<void> => {
      if (!this.#stopped) await this.#consume();
    };
    await retry(consume, {
      pauses: () => RESTART_MS,
      isRetryable: () => true,
      onRetry: (error, { pauseMs }) => {
        this.#workers.clear();
        this.#deps.log.error('rejoining the group failed', { error: messageOf(error), retryMs: pauseMs });
      },
    });
  }

  #logFailures(failures: Parameters<PartitionWorkerDeps['onFailures']>[0]): void {
    for (const { ruleId, eventId, reason } of failures) {
      const now = this.#deps.now();
      if (now - (this.#failureLoggedAt.get(ruleId) ?? 0) < FAILURE_LOG_MS) continue;
      this.#failureLoggedAt.set(ruleId, now);
      this.#deps.log.error('a rule failed on an event', { detection: ruleId, eventId, reason });
    }
  }
}
