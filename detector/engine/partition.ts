/**
 * The fold over one partition of the log: messages in, alerts out. It works in event time, without clock and I/O. The
 * same messages always produce the same alerts, however they were split into batches, and whether or not the partition
 * was rebuilt from its changes in between. The state belongs to the fold and is changed in place (judges' states are
 * values), because a copy per message would cost more than judging it.
 */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Alert } from '../../schemas/records/alert.ts';
import { type SequenceCount, countSequence, shareSeen } from '../../schemas/records/sequence-count.ts';
import type { EngineInput } from '../model/engine-input.ts';
import type { Tools } from '../model/kind.ts';
import { DAY_MS } from '../model/literals.ts';
import { subjectOf } from '../model/subject.ts';
import { type Actor, oldest } from './actor.ts';
import { ActorStates } from './actor-states.ts';
import { AlertOutbox } from './alert-outbox.ts';
import { type FoldCounts, noCounts } from './fold-counts.ts';
import { LIMITS, type Limits, eighth } from './limits.ts';
import { type NewFinding, alertKeyOf, withFinding } from './open-alert.ts';
import type { ArmedRule, RuleSet } from './rule-set.ts';
import { type Change, ChangedEntries, type StateEntry } from './state-entry.ts';
import { type Core, CORE_KEY, readStored } from './stored-partition.ts';

export interface PartitionDeps extends Tools {
  /** Returns the rules with that hash, which must be loaded. @throws Error when they are not: a broken invariant */
  readonly ruleSetOf: (hash: string) => RuleSet;
  readonly limits?: Limits;
}

const SWEEP_MS = 3_600_000;
/** The sequence of a session that was silent for longer is counted from the start again. */
const SEQUENCE_IDLE_MS = 7 * DAY_MS;

export class Partition {
  readonly #deps: PartitionDeps;
  readonly #limits: Limits;
  readonly #changed = new ChangedEntries();
  readonly #outbox = new AlertOutbox(this.#changed);
  readonly #actors: ActorStates;
  readonly #core: StateEntry<Core> & { value: Core };
  #ruleSet: RuleSet;
  #counts = noCounts();

  /**
   * @param rules hash of the first rules in force, unless `stored` contains one
   * @param stored what `changes()` returned: the latest value of each key, without deletions
   */
  constructor(deps: PartitionDeps, rules: string, stored: Iterable<readonly [key: string, value: string]> = []) {
    this.#deps = deps;
    this.#limits = deps.limits ?? LIMITS;
    const parts = readStored(stored);
    this.#core = { key: CORE_KEY, value: parts.core ?? { rules, watermark: 0, tick: 0, spools: {} } };
    if (parts.core === undefined) this.#changed.add(this.#core);
    this.#ruleSet = deps.ruleSetOf(this.#core.value.rules);
    this.#actors = new ActorStates(
      {
        limits: this.#limits,
        changed: this.#changed,
        outbox: this.#outbox,
        onDropped: (why) => (this.#counts[why] += 1),
      },
      parts.actors,
    );
  }

  /** Hash of the rules in force. */
  get rules(): string {
    return this.#core.value.rules;
  }

  /** Latest event time, ms since epoch; 0 before the first event. */
  get watermark(): number {
    return this.#core.value.watermark;
  }

  /** Number of actors, states and alerts in memory. */
  get items(): number {
    return this.#actors.items;
  }

  get changedKeys(): number {
    return this.#changed.size;
  }

  /** True when a tick with this time would change something. */
  wantsTick(time: number): boolean {
    if (this.#outbox.hasDue(time)) return true;
    return this.items > 0 && sweepOf(time) > sweepOf(this.#core.value.tick);
  }

  fold(input: EngineInput): readonly Alert[] {
    switch (input.kind) {
      case 'events':
        this.#foldEvents(input);
        break;
      case 'tick':
        this.#foldTick(input.time);
        break;
      case 'rules':
        this.#ruleSet = this.#deps.ruleSetOf(input.hash);
        this.#setCore({ rules: input.hash });
        break;
      case 'forget':
        this.#actors.forget(input.tenant);
        break;
      default:
        input satisfies never;
    }
    return this.#outbox.take();
  }

  /** Publishes all findings that wait, at the end of a backtest. */
  flush(): readonly Alert[] {
    this.#outbox.publishDue(Infinity);
    return this.#outbox.take();
  }

  /** Returns the changes since `settle()`, which must be written together with the position that they include. */
  changes(): readonly Change[] {
    return this.#changed.encode();
  }

  /** Must be called once the changes have been written. */
  settle(): void {
    this.#changed.clear();
  }

  /** Returns the counts since the last call. */
  takeCounts(): FoldCounts {
    const counts = this.#counts;
    this.#counts = noCounts();
    return counts;
  }

  #foldEvents({ origin, events }: Extract<EngineInput, { readonly kind: 'events' }>): void {
    if (origin !== undefined && this.#isRepeat(origin)) {
      this.#counts.repeatedMessages += 1;
      return;
    }
    for (const event of events) this.#foldEvent(event);
    this.#actors.evictActors(events);
  }

  /** A spool's messages arrive in order, so a message that is not above the last sequence is a repeat. */
  #isRepeat({ spool, sequence }: { readonly spool: string; readonly sequence: number }): boolean {
    const { spools, watermark } = this.#core.value;
    const last = Object.hasOwn(spools, spool) ? spools[spool] : undefined;
    if (last !== undefined && sequence <= last[0]) return true;
    if (last === undefined && Object.keys(spools).length >= this.#limits.spoolsPerPartition) this.#evictSpools();
    this.#setCore({ spools: { ...this.#core.value.spools, [spool]: [sequence, watermark] } });
    return false;
  }

  #evictSpools(): void {
    const { spools } = this.#core.value;
    const ages = Object.entries(spools).map(([name, [, time]]) => [name, time] as const);
    const dropped = new Set(oldest(ages, eighth(this.#limits.spoolsPerPartition)));
    this.#counts.evicted += dropped.size;
    this.#setCore({ spools: Object.fromEntries(Object.entries(spools).filter(([name]) => !dropped.has(name))) });
  }

  #foldEvent(event: AgentEvent): void {
    const actor = this.#actors.actorOf(`${event.tenant}/${event.actor}`);
    if (!actor.ids.add(event.eventId)) {
      this.#counts.repeatedEvents += 1;
      return;
    }
    this.#counts.events += 1;
    actor.touch(event.time);
    if (event.time > this.#core.value.watermark) this.#setCore({ watermark: event.time });
    this.#countSequence(actor, event);
    const candidates = this.#ruleSet.candidates(event);
    if (candidates.length === 0) return;
    const subject = subjectOf(event);
    for (const armed of candidates) {
      try {
        const found = this.#judge(actor, armed, subject);
        if (found !== undefined) this.#alert(actor, found);
      } catch (error) {
        // A rule that fails on one event must neither silence the other rules nor stop the partition.
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#counts.failures.push({ ruleId: armed.rule.id, eventId: event.eventId, reason });
      }
    }
  }

  /** A session's sequence count is kept in the same place as the states of rules. */
  #countSequence(actor: Actor, event: AgentEvent): void {
    if (event.sequence === undefined) return;
    const name = sequenceName(event.sessionId);
    const entry = actor.memories.get(name);
    const before = entry?.value?.state as SequenceCount | undefined;
    const state = countSequence(before, event);
    if (state === before) return;
    const touched = Math.max(entry?.value?.touched ?? 0, event.time);
    this.#actors.remember(actor, name, entry, { state, touched, idleMs: SEQUENCE_IDLE_MS });
  }

  #completenessOf(actor: Actor, { sessionId }: AgentEvent): number | undefined {
    const count = actor.memories.get(sequenceName(sessionId))?.value?.state as SequenceCount | undefined;
    return count === undefined ? undefined : shareSeen(count);
  }

  #judge(actor: Actor, armed: ArmedRule, subject: NewFinding['subject']): NewFinding | undefined {
    const { judge } = armed;
    const entity = judge.entityOf(subject);
    if (entity === undefined) return undefined;
    if (judge.state === undefined) {
      const { finding } = judge.step(undefined, subject, entity);
      return finding === undefined ? undefined : { armed, entity, subject, finding };
    }
    const { time } = subject.event;
    const name = `${armed.stateKey} ${entity.id}`;
    const entry = actor.memories.get(name);
    const memory =
      entry?.value !== undefined && time - entry.value.touched <= entry.value.idleMs ? entry.value : undefined;
    const { idleMs } = judge.state;
    const before = memory === undefined ? judge.state.initial() : memory.state;
    const { state, finding, late } = judge.step(before, subject, entity);
    if (late === true) this.#counts.late += 1;
    // An unchanged state is still in use; recording that now and then is enough.
    const stale = memory === undefined || time - memory.touched > idleMs / 32;
    if (state !== before || stale) {
      const touched = Math.max(memory?.touched ?? 0, time);
      this.#actors.remember(actor, name, entry, { state, touched, idleMs });
    }
    return finding === undefined ? undefined : { armed, entity, subject, finding };
  }

  #alert(actor: Actor, found: NewFinding): void {
    const key = alertKeyOf(found, this.#deps.hash128);
    const entry = this.#actors.alertOf(actor, key.alertId);
    const faded = actor.faded.get(key.alertId)?.value;
    const completeness = this.#completenessOf(actor, found.subject.event);
    const open = withFinding(entry.value, faded, key, { ...found, completeness }, this.#core.value.watermark);
    if (faded !== undefined) this.#actors.dropFaded(actor, key.alertId);
    entry.value = open;
    this.#changed.add(entry);
    this.#outbox.add(entry);
  }

  /** Ticks decide when a finding is published, and when unused state is dropped, but never what is found. */
  #foldTick(time: number): void {
    const { tick } = this.#core.value;
    // Late telemetry can set event time back behind an earlier tick. Its findings are published all the same.
    this.#outbox.publishDue(time);
    if (time <= tick) return;
    this.#setCore({ tick: time });
    if (sweepOf(time) > sweepOf(tick)) this.#actors.sweep(time);
  }

  #setCore(change: Partial<Core>): void {
    this.#core.value = { ...this.#core.value, ...change };
    this.#changed.add(this.#core);
  }
}

/** The states of rules cannot have such a name: theirs have an `@` before the first space. */
function sequenceName(sessionId: string): string {
  return `sequence ${sessionId}`;
}

function sweepOf(time: number): number {
  return Math.floor(time / SWEEP_MS);
}
