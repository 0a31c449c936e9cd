/** What a partition's changes are read back into, when it is rebuilt. */
import type { ActorHead, Memory } from './actor.ts';
import type { FadedAlert, OpenAlert } from './open-alert.ts';
import type { IdSegment } from './recent-ids.ts';

/** What is known of a partition as a whole. */
export interface Core {
  /** Set of rules in force. */
  readonly rules: string;
  /** Latest event time. */
  readonly watermark: number;
  /** Latest tick. */
  readonly tick: number;
  /** Per spool: the sequence folded last, and the watermark then. */
  readonly spools: Readonly<Record<string, readonly [sequence: number, time: number]>>;
}

export const CORE_KEY = JSON.stringify(['p']);

/** Which rules a stored partition was last under; undefined for a partition without a past. */
export function rulesIn(stored: ReadonlyMap<string, string>): string | undefined {
  const core = stored.get(CORE_KEY);
  return core === undefined ? undefined : (JSON.parse(core) as Core).rules;
}

interface StoredActor {
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

/** Trusts what it reads: nobody but this program writes the changelog. */
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
