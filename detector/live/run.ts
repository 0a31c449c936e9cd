/** The detector on the bus: takes partitions over, folds their batches, and puts ticks and rules into their log. */
import { retry } from '../../platform/retry.ts';
import type { Bus, Consumption, TopicPartition } from '../../platform/bus/bus.ts';
import type { Log } from '../../platform/log.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import { TOPICS } from '../../schemas/topics.ts';
import type { DetectorMetrics } from './detector-metrics.ts';
import type { RuleSet } from '../engine/rule-set.ts';
import { GROUP, type HeldDeps, HeldPartition, controlMessage } from './held-partition.ts';
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
  /** State is written this often while there is something to write (ms); a crash folds at most this much again. */
  readonly checkpointMs: number;
  /** … and as soon as this many keys have changed. */
  readonly checkpointChanges: number;
  /** How often a tick is considered (ms). */
  readonly tickMs: number;
}

export const RUN_OPTIONS: RunOptions = { checkpointMs: 1_000, checkpointChanges: 2_000, tickMs: 15_000 };

export interface DetectorRun {
  /** Puts a set, published before, in force in every partition held, and in those still to come. */
  setRules(rules: RuleSet): Promise<void>;
  /** Partitions held at present. */
  partitions(): readonly number[];
  stop(): Promise<void>;
}

/** Failures of one rule are told once in this long. */
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
  readonly #heldDeps: HeldDeps;
  readonly #held = new Map<number, HeldPartition>();
  /** Partitions whose log has yet to be told of our rules. */
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
    this.#heldDeps = { ...deps, checkpointChanges, onFailures: (failures) => this.#logFailures(failures) };
  }

  async start(): Promise<void> {
    await this.#consume();
    this.#timers.push(
      setInterval(() => void this.#checkpointIdle(), this.#options.checkpointMs),
      setInterval(() => void this.#tick(), this.#options.tickMs),
    );
  }

  partitions(): readonly number[] {
    return [...this.#held.keys()].sort((a, b) => a - b);
  }

  async setRules(rules: RuleSet): Promise<void> {
    if (rules.hash === this.#rules.hash) return;
    this.#rules = rules;
    // Whatever is in force at present: a record that names other rules may still be on its way.
    for (const { number } of this.#held.values()) this.#owed.add(number);
    for (const number of [...this.#owed]) await this.#announce(number);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#restarting;
    await this.#consumption?.stop();
    await this.#letGo([...this.#held.keys()]);
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
        const held = this.#held.get(batch.partition);
        if (held === undefined) {
          this.#restart();
          throw new ShellError('PARTITION_LOST', `partition ${batch.partition} was taken over by another detector`, {
            retryable: true,
          });
        }
        await this.#guard(held, async () => {
          // A record left over from other files has put their rules in force: ours come after it.
          if ((await held.onBatch(batch)) && held.rules !== this.#rules.hash) this.#owed.add(held.number);
          await this.#announce(held.number);
          if (this.#deps.now() - held.writtenAt >= this.#options.checkpointMs) await held.checkpoint();
        });
      },
    });
  }

  async #take(partitions: readonly TopicPartition[]) {
    const positions: (TopicPartition & { readonly offset: number })[] = [];
    for (const { topic, partition } of partitions) {
      const held = await HeldPartition.take(this.#heldDeps, partition, this.#rules.hash);
      this.#held.set(partition, held);
      if (held.rules !== this.#rules.hash) this.#owed.add(partition);
      await this.#announce(partition);
      positions.push({ topic, partition, offset: held.offset });
      this.#deps.log.info('partition taken over', { partition, offset: held.offset });
    }
    return positions;
  }

  /** Whoever takes over goes on from the last checkpoint; one more now saves it work. */
  async #letGo(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) {
      const held = this.#held.get(partition);
      if (held === undefined) continue;
      try {
        await held.checkpoint();
      } catch (error) {
        this.#deps.log.warn('last checkpoint of a partition failed', { partition, error: messageOf(error) });
      }
      this.#held.delete(partition);
      this.#owed.delete(partition);
    }
  }

  /** From the place in the log where this record will stand, and in every replay from there, our rules are in force. */
  async #announce(partition: number): Promise<void> {
    if (!this.#owed.has(partition)) return;
    await this.#deps.bus.publish([controlMessage(partition, 'rules', { hash: this.#rules.hash })]);
    this.#owed.delete(partition);
  }

  async #tick(): Promise<void> {
    for (const held of [...this.#held.values()]) {
      try {
        await this.#announce(held.number);
        const time = held.wantedTick();
        if (time !== undefined) await this.#deps.bus.publish([controlMessage(held.number, 'tick', { time })]);
      } catch (error) {
        this.#deps.log.warn('control record not published', { partition: held.number, error: messageOf(error) });
      }
    }
  }

  async #checkpointIdle(): Promise<void> {
    for (const held of [...this.#held.values()]) {
      if (this.#deps.now() - held.writtenAt < this.#options.checkpointMs) continue;
      try {
        await this.#guard(held, () => held.checkpoint());
      } catch (error) {
        this.#deps.log.warn('checkpoint failed', { partition: held.number, error: messageOf(error) });
      }
    }
  }

  /** A partition that another process has taken over is dropped with its state; whose it is, the group knows. */
  async #guard(held: HeldPartition, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof ShellError && error.code === 'BUS_FENCED' && this.#held.get(held.number) === held) {
        this.#held.delete(held.number);
        this.#deps.log.warn('partition was taken over by another detector', { partition: held.number });
        this.#restart();
      }
      throw error;
    }
  }

  /** Asks the group anew who holds what. Not awaited by a batch: stopping waits for the batch. */
  #restart(): void {
    if (this.#stopped) return;
    this.#restarting ??= this.#consumeAgain().finally(() => (this.#restarting = undefined));
  }

  async #consumeAgain(): Promise<void> {
    await this.#consumption?.stop();
    this.#held.clear();
    const consume = async (): Promise<void> => {
      if (!this.#stopped) await this.#consume();
    };
    await retry(consume, {
      pauses: () => RESTART_MS,
      isRetryable: () => true,
      onRetry: (error, { pauseMs }) => {
        this.#held.clear();
        this.#deps.log.error('consuming again failed', { error: messageOf(error), retryMs: pauseMs });
      },
    });
  }

  #logFailures(failures: Parameters<HeldDeps['onFailures']>[0]): void {
    for (const { ruleId, eventId, reason } of failures) {
      const now = this.#deps.now();
      if (now - (this.#failureLoggedAt.get(ruleId) ?? 0) < FAILURE_LOG_MS) continue;
      this.#failureLoggedAt.set(ruleId, now);
      this.#deps.log.error('a rule failed on an event', { detection: ruleId, eventId, reason });
    }
  }
}
