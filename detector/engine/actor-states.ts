/** The actors of a partition and everything that is remembered about them, within the limits of memory and time. */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { DAY_MS } from '../model/literals.ts';
import { Actor, type Memory, oldest } from './actor.ts';
import type { AlertOutbox } from './alert-outbox.ts';
import { type Limits, eighth } from './limits.ts';
import { type OpenAlert, fade } from './open-alert.ts';
import type { ChangedEntries, StateEntry } from './state-entry.ts';
import type { StoredActor } from './stored-partition.ts';

export interface ActorStatesDeps {
  readonly limits: Limits;
  readonly changed: ChangedEntries;
  readonly outbox: AlertOutbox;
  /** Counts an actor, a state or an alert that was dropped. */
  readonly onDropped: (why: DropReason) => void;
}

export type DropReason = 'evicted' | 'expired';

/** Events that arrive later than this behind the partition's clock may find that their state was dropped. */
const DELAY_MS = 7 * DAY_MS;
/** The known ids of this many actors are kept in memory. */
const ACTORS_WITH_IDS = 256;

export class ActorStates {
  readonly #deps: ActorStatesDeps;
  readonly #actors = new Map<string, Actor>();
  /** Actors whose ids are in memory, least recent first. */
  readonly #withIds = new Set<Actor>();
  #items = 0;

  constructor(deps: ActorStatesDeps, stored: Iterable<readonly [key: string, actor: StoredActor]>) {
    this.#deps = deps;
    for (const [key, { head, ids, memories, alerts, faded }] of stored) {
      const actor = new Actor(key, deps.changed, { ...(head === undefined ? {} : { head }), ids });
      this.#actors.set(key, actor);
      for (const [name, value] of memories) actor.memories.set(name, { ...actor.memoryEntry(name), value });
      for (const [alertId, value] of alerts) {
        const entry: StateEntry<OpenAlert> = { ...actor.alertEntry(alertId), value };
        actor.alerts.set(alertId, entry);
        deps.outbox.restore(entry);
      }
      for (const [alertId, value] of faded) actor.faded.set(alertId, { ...actor.fadedEntry(alertId), value });
      this.#items += 1 + memories.length + alerts.length + faded.length;
    }
  }

  /** Number of actors, states and alerts in memory. */
  get items(): number {
    return this.#items;
  }

  /** Returns the actor with that key, and creates it if it is new. */
  actorOf(key: string): Actor {
    let actor = this.#actors.get(key);
    if (actor === undefined) {
      actor = new Actor(key, this.#deps.changed);
      this.#actors.set(key, actor);
      this.#items += 1;
    }
    this.#withIds.delete(actor);
    this.#withIds.add(actor);
    if (this.#withIds.size > ACTORS_WITH_IDS) {
      const [leastRecent] = this.#withIds;
      leastRecent?.ids.rest();
      if (leastRecent !== undefined) this.#withIds.delete(leastRecent);
    }
    return actor;
  }

  /** @param known the entry of that name; undefined when there is none yet */
  remember(actor: Actor, name: string, known: StateEntry<Memory> | undefined, memory: Memory): void {
    const entry = known ?? actor.memoryEntry(name);
    if (known === undefined) {
      if (actor.memories.size >= this.#deps.limits.memoriesPerActor) this.#evictMemories(actor);
      actor.memories.set(name, entry);
      this.#items += 1;
    }
    entry.value = memory;
    this.#deps.changed.add(entry);
  }

  /** Returns the entry of an alert, and creates an empty one if it is new. */
  alertOf(actor: Actor, alertId: string): StateEntry<OpenAlert> {
    let entry = actor.alerts.get(alertId);
    if (entry === undefined) {
      if (actor.alerts.size >= this.#deps.limits.alertsPerActor) this.#evictAlerts(actor);
      entry = actor.alertEntry(alertId);
      actor.alerts.set(alertId, entry);
      this.#items += 1;
    }
    return entry;
  }

  /** Removes what was kept of an evicted alert, because the alert is open again. */
  dropFaded(actor: Actor, alertId: string): void {
    this.#drop(actor.faded, alertId);
  }

  /** Drops what has been idle for so long that no late event can need it. */
  sweep(time: number): void {
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

  /** Evicts the actors that were quiet longest while there are too many items, but none that sent one of `events`. */
  evictActors(events: readonly AgentEvent[]): void {
    const limit = this.#deps.limits.itemsPerPartition;
    if (this.#items <= limit) return;
    const active = new Set(events.map(({ tenant, actor }) => `${tenant}/${actor}`));
    const ages = Array.from(this.#actors.values(), ({ key, touched }) => [key, touched] as const);
    for (const key of oldest(
      ages.filter(([key]) => !active.has(key)),
      ages.length,
    )) {
      if (this.#items <= limit - eighth(limit)) return;
      const actor = this.#actors.get(key);
      if (actor !== undefined) this.#dropActor(actor, 'evicted');
    }
  }

  /** Drops the actors of a tenant without publishing the findings that wait. */
  forget(tenant: string): void {
    for (const actor of [...this.#actors.values()]) {
      if (!actor.key.startsWith(`${tenant}/`)) continue;
      for (const entry of actor.alerts.values()) this.#deps.outbox.discard(entry);
      this.#dropActor(actor, 'expired');
    }
  }

  #drop<V>(from: Map<string, StateEntry<V>>, name: string, why?: DropReason): void {
    const entry = from.get(name);
    if (entry === undefined) return;
    entry.value = undefined;
    this.#deps.changed.add(entry);
    from.delete(name);
    this.#items -= 1;
    if (why !== undefined) this.#deps.onDropped(why);
  }

  #dropActor(actor: Actor, why: DropReason): void {
    for (const name of [...actor.memories.keys()]) this.#drop(actor.memories, name, why);
    for (const [alertId, entry] of [...actor.alerts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      this.#deps.outbox.publish(entry);
      this.#drop(actor.alerts, alertId, why);
    }
    for (const alertId of [...actor.faded.keys()]) this.#drop(actor.faded, alertId, why);
    actor.ids.delete();
    actor.head.value = undefined;
    this.#deps.changed.add(actor.head);
    this.#actors.delete(actor.key);
    this.#withIds.delete(actor);
    this.#items -= 1;
    this.#deps.onDropped(why);
  }

  #evictMemories(actor: Actor): void {
    const ages = Array.from(actor.memories, ([name, entry]) => [name, entry.value?.touched ?? 0] as const);
    for (const name of oldest(ages, eighth(this.#deps.limits.memoriesPerActor)))
      this.#drop(actor.memories, name, 'evicted');
  }

  #evictAlerts(actor: Actor): void {
    const ages = Array.from(
      actor.alerts,
      ([alertId, entry]) => [alertId, entry.value?.alert.bucketStart ?? 0] as const,
    );
    for (const alertId of oldest(ages, eighth(this.#deps.limits.alertsPerActor))) {
      const entry = actor.alerts.get(alertId);
      if (entry !== undefined) this.#deps.outbox.publish(entry);
      if (entry?.value !== undefined) this.#fade(actor, alertId, entry.value);
      this.#drop(actor.alerts, alertId, 'evicted');
    }
  }

  /** The next finding must not start at the first revision again: a store that keeps the highest one would ignore it. */
  #fade(actor: Actor, alertId: string, open: OpenAlert): void {
    const limit = this.#deps.limits.fadedPerActor;
    if (actor.faded.size >= limit) {
      const ages = Array.from(actor.faded, ([id, { value }]) => [id, value?.bucketStart ?? 0] as const);
      for (const id of oldest(ages, eighth(limit))) this.#drop(actor.faded, id, 'evicted');
    }
    const entry = actor.fadedEntry(alertId);
    entry.value = fade(open);
    actor.faded.set(alertId, entry);
    this.#items += 1;
    this.#deps.changed.add(entry);
  }
}
