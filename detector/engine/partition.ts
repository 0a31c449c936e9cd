/**
 * The fold over one partition of the log: records in, alerts out. In event time, without clock and I/O; given the same
 * records it says the same, however they were cut into batches, and whether or not it was rebuilt from its changes in
 * between. The state belongs to the fold and is changed in place (judges' states are values); a copy per record would
 * cost more than judging it.
 */
import { numbersRecords } from '../../agents/index.ts';
import { type FoldCounts, noCounts } from './fold-counts.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Alert } from '../../schemas/records/alert.ts';
import { type SequenceCount, countSequence, shareSeen } from '../../schemas/records/sequence-count.ts';
import { DAY_MS } from '../model/literals.ts';
import type { Tools } from '../model/kind.ts';
import { Actor, type Memory, oldest } from './actor.ts';
import { type NewFinding, type OpenAlert, alertKeyOf, fade, withAllPublished, withFinding } from './open-alert.ts';
import { type EngineInput } from '../model/engine-input.ts';
import type { ArmedRule, RuleSet } from './rule-set.ts';
import { LIMITS, type Limits } from './limits.ts';
import { type Core, CORE_KEY, readStored } from './stored-partition.ts';
import { type Change, ChangedEntries, type StateEntry } from './state-entry.ts';
import { subjectOf } from '../model/subject.ts';

export interface PartitionDeps extends Tools {
  /** The rules of that hash, loaded beforehand. @throws Error when they are not: a broken invariant */
  readonly ruleSetOf: (hash: string) => RuleSet;
  readonly limits?: Limits;
}

/** Events that come later than this behind the partition's clock may find what they belong to forgotten. */
const DELAY_MS = 7 * DAY_MS;
const SWEEP_MS = 3_600_000;
/** A session that has been silent for longer and speaks again is counted anew. */
const SEQUENCE_IDLE_MS = 7 * DAY_MS;
/** Known ids are kept ready for this many actors. */
const WAKEFUL_ACTORS = 256;

export class Partition {
  readonly #deps: PartitionDeps;
  readonly #limits: Limits;
  readonly #changed = new ChangedEntries();
  readonly #actors = new Map<string, Actor>();
  readonly #core: StateEntry<Core> & { value: Core };
  /** Alerts with findings not yet told; follows from the alerts. */
  readonly #waiting = new Map<StateEntry<OpenAlert>, Actor>();
  /** Actors whose ids are at hand, least recent first. */
  readonly #wakeful = new Set<Actor>();
  #items = 0;
  #ruleSet: RuleSet;
  #counts = noCounts();
  #out: Alert[] = [];

  /**
   * @param rules hash of the rules in force at the beginning, unless `stored` tells which
   * @param stored what `changes()` gave, the latest of each key, deletions left out
   */
  constructor(deps: PartitionDeps, rules: string, stored: Iterable<readonly [key: string, value: string]> = []) {
    this.#deps = deps;
    this.#limits = deps.limits ?? LIMITS;
    const parts = readStored(stored);
    this.#core = { key: CORE_KEY, value: parts.core ?? { rules, watermark: 0, tick: 0, spools: {} } };
    if (parts.core === undefined) this.#changed.add(this.#core);
    this.#ruleSet = deps.ruleSetOf(this.#core.value.rules);
    for (const [key, { head, ids, memories, alerts, faded }] of parts.actors) {
      const actor = new Actor(key, this.#changed, { ...(head === undefined ? {} : { head }), ids });
      this.#actors.set(key, actor);
      for (const [name, value] of memories) actor.memories.set(name, { ...actor.memoryEntry(name), value });
      for (const [alertId, value] of alerts) {
        const entry: StateEntry<OpenAlert> = { ...actor.alertEntry(alertId), value };
        actor.alerts.set(alertId, entry);
        if (value.due !== undefined) this.#waiting.set(entry, actor);
      }
      for (const [alertId, value] of faded) actor.faded.set(alertId, { ...actor.fadedEntry(alertId), value });
      this.#items += 1 + memories.length + alerts.length + faded.length;
    }
  }

  /** Hash of the rules in force. */
  get rules(): string {
    return this.#core.value.rules;
  }

  /** Latest event time, ms since epoch; 0 before the first event. */
  get watermark(): number {
    return this.#core.value.watermark;
  }

  /** Actors, states and alerts held. */
  get items(): number {
    return this.#items;
  }

  get changedKeys(): number {
    return this.#changed.size;
  }

  /** True when a tick of this time could make a difference. */
  wantsTick(time: number): boolean {
    for (const entry of this.#waiting.keys()) if ((entry.value?.due ?? Infinity) <= time) return true;
    return this.#items > 0 && sweepOf(time) > sweepOf(this.#core.value.tick);
  }

  fold(record: EngineInput): readonly Alert[] {
    switch (record.kind) {
      case 'events':
        this.#foldEvents(record);
        break;
      case 'tick':
        this.#foldTick(record.time);
        break;
      case 'rules':
        this.#ruleSet = this.#deps.ruleSetOf(record.hash);
        this.#setCore({ rules: record.hash });
        break;
      case 'forget':
        this.#forget(record.tenant);
        break;
      default:
        record satisfies never;
    }
    return this.#take();
  }

  /** Tells everything not yet told: the end of a backtest. */
  flush(): readonly Alert[] {
    this.#publishDue(Infinity);
    return this.#take();
  }

  /** What has changed since `settle()`: to be written together with the position it includes. */
  changes(): readonly Change[] {
    return this.#changed.encode();
  }

  /** The changes have been written. */
  settle(): void {
    this.#changed.clear();
  }

  /** Counts since they were last taken. */
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
    if (this.#items > this.#limits.itemsPerPartition) this.#evictActors(events);
  }

  /** A spool's messages come in order, so whatever is not above the last sequence has been here before. */
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
    const actor = this.#actorOf(`${event.tenant}/${event.actor}`);
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
        // One rule failing on one event must neither silence the others nor stop the partition for good.
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#counts.failures.push({ ruleId: armed.rule.id, eventId: event.eventId, reason });
      }
    }
  }

  /** How much of a session was seen is kept like what a rule has learnt of it. */
  #countSequence(actor: Actor, event: AgentEvent): void {
    if (event.sequence === undefined || !numbersRecords(event.mapping)) return;
    const name = sequenceName(event.sessionId);
    const entry = actor.memories.get(name);
    const before = entry?.value?.state as SequenceCount | undefined;
    const state = countSequence(before, event);
    if (state === before) return;
    const touched = Math.max(entry?.value?.touched ?? 0, event.time);
    this.#remember(actor, name, entry, { state, touched, idleMs: SEQUENCE_IDLE_MS });
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
    // A state that stays the same is still in use; noting that now and then is enough.
    const stale = memory === undefined || time - memory.touched > idleMs / 32;
    if (state !== before || stale) {
      const touched = Math.max(memory?.touched ?? 0, time);
      this.#remember(actor, name, entry, { state, touched, idleMs });
    }
    return finding === undefined ? undefined : { armed, entity, subject, finding };
  }

  #remember(actor: Actor, name: string, known: StateEntry<Memory> | undefined, memory: Memory): void {
    const entry = known ?? actor.memoryEntry(name);
    if (known === undefined) {
      if (actor.memories.size >= this.#limits.memoriesPerActor) this.#evictMemories(actor);
      actor.memories.set(name, entry);
      this.#items += 1;
    }
    entry.value = memory;
    this.#changed.add(entry);
  }

  #alert(actor: Actor, found: NewFinding): void {
    const key = alertKeyOf(found, this.#deps.hash128);
    let entry = actor.alerts.get(key.alertId);
    if (entry === undefined) {
      if (actor.alerts.size >= this.#limits.alertsPerActor) this.#evictAlerts(actor);
      entry = actor.alertEntry(key.alertId);
      actor.alerts.set(key.alertId, entry);
      this.#items += 1;
    }
    const faded = actor.faded.get(key.alertId)?.value;
    const completeness = this.#completenessOf(actor, found.subject.event);
    const open = withFinding(entry.value, faded, key, { ...found, completeness }, this.#core.value.watermark);
    if (faded !== undefined) this.#drop(actor.faded, key.alertId);
    entry.value = open;
    this.#changed.add(entry);
    if (open.due === undefined) {
      this.#waiting.delete(entry);
      this.#out.push(open.alert);
    } else this.#waiting.set(entry, actor);
  }

  /** Ticks decide when something is told and what is forgotten long after its use, never what is found. */
  #foldTick(time: number): void {
    const { tick } = this.#core.value;
    // Late telemetry can set event time back behind an earlier tick; what it found is told all the same.
    this.#publishDue(time);
    if (time <= tick) return;
    this.#setCore({ tick: time });
    if (sweepOf(time) > sweepOf(tick)) this.#sweep(time);
  }

  #publishDue(time: number): void {
    const due = [...this.#waiting.keys()].filter((entry) => (entry.value?.due ?? Infinity) <= time);
    due.sort((a, b) => (a.value?.due ?? 0) - (b.value?.due ?? 0) || (a.key < b.key ? -1 : 1));
    for (const entry of due) this.#publish(entry);
  }

  #publish(entry: StateEntry<OpenAlert>): void {
    if (entry.value === undefined) return;
    entry.value = withAllPublished(entry.value);
    this.#changed.add(entry);
    this.#waiting.delete(entry);
    this.#out.push(entry.value.alert);
  }

  #sweep(time: number): void {
    for (const actor of this.#actors.values()) {
      for (const [name, entry] of actor.memories) {
        const { touched = 0, idleMs = 0 } = entry.value ?? {};
        if (touched + idleMs + DELAY_MS < time) this.#drop(actor.memories, name, 'expired');
      }
      for (const [alertId, entry] of actor.alerts) {
        const { due, alert } = entry.value ?? {};
        const over = Math.max(alert?.lastSeen ?? 0, alert?.bucketStart ?? 0) + 2 * DELAY_MS;
        if (due === undefined && over < time) this.#drop(actor.alerts, alertId, 'expired');
      }
      for (const [alertId, { value }] of actor.faded)
        if ((value?.bucketStart ?? 0) + 2 * DELAY_MS < time) this.#drop(actor.faded, alertId, 'expired');
      if (actor.memories.size + actor.alerts.size + actor.faded.size === 0 && actor.touched + DELAY_MS < time)
        this.#dropActor(actor, 'expired');
    }
  }

  #drop<V>(from: Map<string, StateEntry<V>>, name: string, why?: 'evicted' | 'expired'): void {
    const entry = from.get(name);
    if (entry === undefined) return;
    entry.value = undefined;
    this.#changed.add(entry);
    from.delete(name);
    this.#items -= 1;
    if (why !== undefined) this.#counts[why] += 1;
  }

  #dropActor(actor: Actor, why: 'evicted' | 'expired'): void {
    for (const name of [...actor.memories.keys()]) this.#drop(actor.memories, name, why);
    for (const [alertId, entry] of [...actor.alerts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (entry.value?.due !== undefined) this.#publish(entry);
      this.#drop(actor.alerts, alertId, why);
    }
    for (const alertId of [...actor.faded.keys()]) this.#drop(actor.faded, alertId, why);
    actor.ids.delete();
    actor.head.value = undefined;
    this.#changed.add(actor.head);
    this.#actors.delete(actor.key);
    this.#wakeful.delete(actor);
    this.#items -= 1;
    this.#counts[why] += 1;
  }

  #forget(tenant: string): void {
    for (const actor of [...this.#actors.values()]) {
      if (!actor.key.startsWith(`${tenant}/`)) continue;
      for (const entry of actor.alerts.values()) {
        if (entry.value?.due !== undefined) entry.value = withAllPublished(entry.value);
        this.#waiting.delete(entry);
      }
      this.#dropActor(actor, 'expired');
    }
  }

  #evictMemories(actor: Actor): void {
    const ages = Array.from(actor.memories, ([name, entry]) => [name, entry.value?.touched ?? 0] as const);
    for (const name of oldest(ages, eighth(this.#limits.memoriesPerActor))) this.#drop(actor.memories, name, 'evicted');
  }

  #evictAlerts(actor: Actor): void {
    const ages = Array.from(
      actor.alerts,
      ([alertId, entry]) => [alertId, entry.value?.alert.bucketStart ?? 0] as const,
    );
    for (const alertId of oldest(ages, eighth(this.#limits.alertsPerActor))) {
      const entry = actor.alerts.get(alertId);
      if (entry?.value?.due !== undefined) this.#publish(entry);
      if (entry?.value !== undefined) this.#fade(actor, alertId, entry.value);
      this.#drop(actor.alerts, alertId, 'evicted');
    }
  }

  /** Its next finding must not begin at the first revision again: whoever keeps the highest one would not see it. */
  #fade(actor: Actor, alertId: string, open: OpenAlert): void {
    if (actor.faded.size >= this.#limits.fadedPerActor) {
      const ages = Array.from(actor.faded, ([id, { value }]) => [id, value?.bucketStart ?? 0] as const);
      for (const id of oldest(ages, eighth(this.#limits.fadedPerActor))) this.#drop(actor.faded, id, 'evicted');
    }
    const entry = actor.fadedEntry(alertId);
    entry.value = fade(open);
    actor.faded.set(alertId, entry);
    this.#items += 1;
    this.#changed.add(entry);
  }

  /** Whoever has just spoken stays. */
  #evictActors(events: readonly AgentEvent[]): void {
    const spoke = new Set(events.map(({ tenant, actor }) => `${tenant}/${actor}`));
    const ages = Array.from(this.#actors.values(), ({ key, touched }) => [key, touched] as const);
    for (const key of oldest(
      ages.filter(([key]) => !spoke.has(key)),
      ages.length,
    )) {
      if (this.#items <= this.#limits.itemsPerPartition - eighth(this.#limits.itemsPerPartition)) return;
      const actor = this.#actors.get(key);
      if (actor !== undefined) this.#dropActor(actor, 'evicted');
    }
  }

  #actorOf(key: string): Actor {
    let actor = this.#actors.get(key);
    if (actor === undefined) {
      actor = new Actor(key, this.#changed);
      this.#actors.set(key, actor);
      this.#items += 1;
    }
    this.#wakeful.delete(actor);
    this.#wakeful.add(actor);
    if (this.#wakeful.size > WAKEFUL_ACTORS) {
      const [longest] = this.#wakeful;
      longest?.ids.rest();
      if (longest !== undefined) this.#wakeful.delete(longest);
    }
    return actor;
  }

  #setCore(change: Partial<Core>): void {
    this.#core.value = { ...this.#core.value, ...change };
    this.#changed.add(this.#core);
  }

  #take(): readonly Alert[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }
}

/** No memory of a rule has such a name: theirs have an `@` before the first space. */
function sequenceName(sessionId: string): string {
  return `sequence ${sessionId}`;
}

function sweepOf(time: number): number {
  return Math.floor(time / SWEEP_MS);
}

function eighth(limit: number): number {
  return Math.max(1, Math.floor(limit / 8));
}
