/**
 * Works on one partition in this process. It keeps the fold, the position reached, and the alerts not yet published.
 * Alerts are published first, because repeating them is harmless. Then the changed state and the position are written
 * in one step.
 */
import type { FoldCounts } from '../engine/fold-counts.ts';
import type { Batch, Bus, Message } from '../../platform/bus/bus.ts';
import type { Log } from '../../platform/log.ts';
import { ShellError } from '../../platform/shell-error.ts';
import type { Alert } from '../../schemas/records/alert.ts';
import { HEADERS, TOPICS } from '../../schemas/topics.ts';
import { checkpointMessages, claimMessage, createStateReader } from './changelog.ts';
import type { DetectorMetrics } from './detector-metrics.ts';
import type { EngineInput } from '../model/engine-input.ts';
import { Partition } from '../engine/partition.ts';
import { rulesIn } from '../engine/stored-partition.ts';
import type { Tools } from '../model/kind.ts';
import { CONTROL, readMessage } from './read-message.ts';
import type { RuleSets } from './rule-sets.ts';

export const GROUP = 'vigil-detector';

export interface PartitionWorkerDeps extends Tools {
  readonly bus: Bus;
  readonly ruleSets: RuleSets;
  readonly metrics: DetectorMetrics;
  readonly log: Log;
  readonly now: () => number;
  /** Called with the rules that failed on an event. */
  readonly onFailures: (failures: FoldCounts['failures']) => void;
  /** Number of changed keys that triggers a checkpoint in the middle of a batch. */
  readonly checkpointChanges: number;
}

export class PartitionWorker {
  readonly number: number;
  readonly #deps: PartitionWorkerDeps;
  readonly #partition: Partition;
  readonly #outbox: Alert[] = [];
  /** Next offset to fold. */
  #offset: number;
  #writtenOffset: number;
  #writtenAt: number;
  #eventAt: number;
  #lost: ShellError | undefined;
  /** Runs batches and the timer's checkpoints one after the other. */
  #busy: Promise<unknown> = Promise.resolve();

  private constructor(
    deps: PartitionWorkerDeps,
    number: number,
    partition: Partition,
    offset: number,
    writtenOffset: number,
  ) {
    this.#deps = deps;
    this.number = number;
    this.#partition = partition;
    this.#offset = offset;
    this.#writtenOffset = writtenOffset;
    this.#writtenAt = deps.now();
    this.#eventAt = deps.now();
  }

  /**
   * Claims the partition: fences off the previous holder, then reads the state back. A partition without state starts
   * with its earliest event, under `rules`.
   */
  static async claim(deps: PartitionWorkerDeps, number: number, rules: string): Promise<PartitionWorker> {
    const { bus, ruleSets, now, log } = deps;
    await claim(bus, number, now());
    const reader = createStateReader();
    await bus.readAll({ topic: TOPICS.detectorState, partition: number }, reader.take);
    const { entries, offset } = reader.state();
    const inForce = rulesIn(entries) ?? rules;
    await ruleSets.ensure(inForce);
    const partition = new Partition({ hash128: deps.hash128, ruleSetOf: ruleSets.get }, inForce, entries);
    const { earliest = 0, next = 0 } =
      (await bus.offsets(TOPICS.events)).find((found) => found.partition === number) ?? {};
    if (offset !== undefined && offset <= next) return new PartitionWorker(deps, number, partition, offset, offset);
    if (offset !== undefined)
      log.error('the log is shorter than before, judging it again from its start', { partition: number, offset, next });
    const worker = new PartitionWorker(deps, number, partition, earliest, -1);
    // The rules for the first events must be recorded before the events are judged.
    await worker.checkpoint();
    return worker;
  }

  get offset(): number {
    return this.#offset;
  }

  get rules(): string {
    return this.#partition.rules;
  }

  get writtenAt(): number {
    return this.#writtenAt;
  }

  /**
   * Folds messages that have not been folded yet, and publishes the alerts. May be repeated after a failure.
   *
   * @returns true when the batch contained a message that names the rules in force
   */
  async onBatch(batch: Batch): Promise<boolean> {
    let rulesFolded = false;
    await this.#alone(async () => {
      for (const message of batch.messages) {
        if (message.offset < this.#offset) continue;
        if ((await this.#fold(message)) === 'rules') rulesFolded = true;
        this.#offset = message.offset + 1;
        if (this.#partition.changedKeys < this.#deps.checkpointChanges) continue;
        await this.#publishAlerts();
        await this.#write();
      }
      this.#count(batch.endOffset);
      await this.#publishAlerts();
    });
    return rulesFolded;
  }

  /** Writes the changes, if there are any. */
  async checkpoint(): Promise<void> {
    await this.#alone(async () => {
      await this.#publishAlerts();
      await this.#write();
    });
  }

  /**
   * Returns the current event time, as if it had advanced since the last event; undefined when a tick would change
   * nothing.
   */
  wantedTick(): number | undefined {
    const { watermark } = this.#partition;
    if (watermark === 0) return undefined;
    const time = watermark + Math.max(0, Math.floor(this.#deps.now() - this.#eventAt));
    return this.#partition.wantsTick(time) ? time : undefined;
  }

  async #fold(message: Message): Promise<EngineInput['kind'] | undefined> {
    const { record, malformed } = readMessage(message);
    if (malformed > 0) this.#deps.metrics.malformed.inc({}, malformed);
    if (record === undefined) return undefined;
    if (record.kind === 'rules') await this.#deps.ruleSets.ensure(record.hash);
    const { watermark } = this.#partition;
    for (const alert of this.#partition.fold(record)) this.#outbox.push(alert);
    // Late telemetry does not advance event time, so it must not delay the ticks either.
    if (this.#partition.watermark > watermark) this.#eventAt = this.#deps.now();
    return record.kind;
  }

  async #publishAlerts(): Promise<void> {
    if (this.#outbox.length === 0) return;
    const alerts = [...this.#outbox];
    await this.#deps.bus.publish(
      alerts.map((alert) => ({
        topic: TOPICS.alerts,
        key: `${alert.tenant}/${alert.actor}`,
        value: Buffer.from(JSON.stringify(alert)),
      })),
    );
    this.#outbox.splice(0, alerts.length);
    for (const { detectionId, state } of alerts) {
      this.#deps.metrics.revisions.inc({ detection: detectionId });
      if (state === 'raised') this.#deps.metrics.alerts.inc({ detection: detectionId });
    }
  }

  async #write(): Promise<void> {
    const changes = this.#partition.changes();
    if (changes.length === 0 && this.#offset === this.#writtenOffset) return;
    const { bus, metrics, now } = this.#deps;
    const startedAt = now();
    const messages = checkpointMessages(this.number, changes, this.#offset);
    await bus.publishWithOffsets({
      transactionalId: transactionalId(this.number),
      group: GROUP,
      messages,
      offsets: [{ topic: TOPICS.events, partition: this.number, offset: this.#offset }],
    });
    this.#partition.settle();
    this.#writtenOffset = this.#offset;
    this.#writtenAt = now();
    metrics.checkpoint.observe({}, this.#writtenAt - startedAt);
    metrics.checkpointBytes.inc(
      {},
      messages.reduce((sum, { value }) => sum + value.length, 0),
    );
  }

  #count(endOffset: number): void {
    const { metrics, onFailures } = this.#deps;
    const counts = this.#partition.takeCounts();
    metrics.events.inc({}, counts.events);
    metrics.repeatedMessages.inc({}, counts.repeatedMessages);
    metrics.repeatedEvents.inc({}, counts.repeatedEvents);
    metrics.late.inc({}, counts.late);
    metrics.evicted.inc({}, counts.evicted);
    metrics.expired.inc({}, counts.expired);
    for (const { ruleId } of counts.failures) metrics.failures.inc({ detection: ruleId });
    if (counts.failures.length > 0) onFailures(counts.failures);
    metrics.lag.set({ partition: this.number }, Math.max(0, endOffset - this.#offset));
    metrics.items.set({ partition: this.number }, this.#partition.items);
  }

  /** Once fenced off, nothing more is written: another attempt would fence off the new holder in turn. */
  async #alone(work: () => Promise<void>): Promise<void> {
    const turn = this.#busy.then(async () => {
      if (this.#lost !== undefined) throw this.#lost;
      try {
        await work();
      } catch (error) {
        if (error instanceof ShellError && error.code === 'BUS_FENCED') this.#lost = error;
        throw error;
      }
    });
    this.#busy = turn.catch(() => undefined);
    await turn;
  }
}

/** If this process held the partition before and was fenced off, its first claim fails and must be repeated. */
async function claim(bus: Bus, partition: number, claimedAt: number): Promise<void> {
  const step = {
    transactionalId: transactionalId(partition),
    group: GROUP,
    messages: [claimMessage(partition, claimedAt)],
    offsets: [],
  };
  try {
    await bus.publishWithOffsets(step);
  } catch (error) {
    if (!(error instanceof ShellError && error.code === 'BUS_FENCED')) throw error;
    await bus.publishWithOffsets(step);
  }
}

/** There is one id per partition, so that claiming a partition fences off its previous holder and no other process. */
function transactionalId(partition: number): string {
  return `${GROUP}-${partition}`;
}

/** A control message is sent to the partition that it is for. */
export function controlMessage(partition: number, control: keyof typeof CONTROL, content: object) {
  return {
    topic: TOPICS.events,
    partition,
    key: 'control',
    value: Buffer.from(JSON.stringify(content)),
    headers: { [HEADERS.control]: CONTROL[control] },
  };
}
