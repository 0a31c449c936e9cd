/** Reads a partition's changes back when it is rebuilt. */
import type { ActorHead, Memory } from './actor.ts';
import type { FadedAlert, OpenAlert } from './open-alert.ts';
import type { IdSegment } from './recent-ids.ts';

/** State of the partition as a whole. */
export interface Core {
  /** Hash of the rule set in force. */
  readonly rules: string;
  /** Latest event time. */
  readonly watermark: number;
  /** Latest tick. */
  readonly tick: number;
  /** Per spool: the last folded sequence, and the watermark at that time. */
  readonly spools: Readonly<Record<string, readonly [sequence: number, time: number]>>;
}

export const CORE_KEY = JSON.stringify(['p']);

/** Returns the rule set that a stored partition last used; undefined for a new partition. */
export function rulesIn(stored: ReadonlyMap<string, string>): string | undefined {
  const core = stored.get(CORE_KEY);
  return core === undefined ? undefined : (JSON.parse(core) as Core).rules;
}

export interface StoredActor {
  head?: ActorHead;
  readonly ids: IdSegment[];
  readonly memories: (readonly [string, Memory])[];
  readonly alerts: (readonly [string, OpenAlert])[];
  readonly faded: (readonly [string, FadedAlert])[];
}

export interface StoredPartition {
  readonly core: Core | undefined;
  readonly actors: ReadonlyMap<string, StoredActor>;
}

/** Trusts its input, because only this program writes the changelog. */
export function readStored(stored: Iterable<readonly [string, string]>): StoredPartition {
  const actors = new Map<string, StoredActor>();
  let core: Core | undefined;
  const actorOf = (key: string): StoredActor => {
    let actor = actors.get(key);
    if (actor === undefined) actors.set(key, (actor = { ids: [], memories: [], alerts: [], faded: [] }));
    return actor;
  };
  for (const [key, value] of stored) {
    const [what, actorKey = '', name = ''] = JSON.parse(key) as readonly string[];
    const parsed: unknown = JSON.parse(value);
    if (what === 'p') core = parsed as Core;
    else if (what === 'a') actorOf(actorKey).head = parsed as ActorHead;
    else if (what === 'i') actorOf(actorKey).ids.push(parsed as IdSegment);
    else if (what === 'm') actorOf(actorKey).memories.push([name, parsed as Memory]);
    else if (what === 'o') actorOf(actorKey).alerts.push([name, parsed as OpenAlert]);
    else if (what === 'f') actorOf(actorKey).faded.push([name, parsed as FadedAlert]);
    else throw new Error(`unknown kind of state: ${key.slice(0, 40)}`);
  }
  return { core, actors };
}
