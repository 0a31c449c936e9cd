/**
 * One actor per session: the first identity seen for a session is kept, on disk, because later records may name nobody or
 * somebody else. Identities are claims, so they are namespaced by the sender and capped per sender.
 *
 * What a request assigns is on disk with its entries, in their keys and lines. Now and then it is written into a table of its own,
 * with the sequence up to which that was done; after a kill the rest is read from the entries behind that.
 */
import type { Origin } from '../../../schemas/otlp/request.ts';
import type { Environment } from '../../../platform/lmdb/environment.ts';
import type { SessionActors } from '../../intake/session-actors.ts';
import { actorName } from '../../intake/session-actors.ts';

/** More distinct actors than a sender plausibly has: a payload is making names up. All further ones share one actor. */
const ACTORS_PER_SENDER = 10_000;
/** Sessions remembered in memory; older ones are read from disk. */
const CACHED = 50_000;
const DAY_MS = 86_400_000;
/** A session or an actor not seen for this long is forgotten. */
const FORGET_DAYS = 90;

/** One session's actor, assigned by a request with accepted events. */
export interface ActorAssignment {
  readonly sessionKey: string;
  readonly actor: string;
  readonly actorKey: string;
}

export interface RequestActors extends SessionActors {
  readonly assignments: () => readonly ActorAssignment[];
}

export interface Actors {
  /** Deletes sessions that were not seen for long; at most once a day. @throws ShellError SPOOL_UNAVAILABLE */
  forget(): void;
  /** The sessions of one request; nothing is kept before `hold` and `keep`. */
  request(origin: Origin): RequestActors;
  /** Makes these assignments visible to requests. */
  hold(assignments: readonly ActorAssignment[]): void;
  /**
   * Writes the held assignments into the table.
   *
   * @param sequence up to which the assignments of all entries have been held
   * @throws ShellError SPOOL_UNAVAILABLE; then it is still held
   */
  keep(sequence: number): void;
  readonly isHolding: () => boolean;
  /** The sequence of the last `keep`; 0 if there was none. */
  keptTo(): number;
}

type Hash = (text: string) => string;

export function createActors({ store, transact }: Environment, hash128: Hash, now: () => number): Actors {
  const sessions = store.openDB<string, string>({
    name: 'sessions',
    encoding: 'string',
    keyEncoding: 'ordered-binary',
  });
  const actors = store.openDB<number, string>({
    name: 'actors',
    encoding: 'ordered-binary',
    keyEncoding: 'ordered-binary',
  });
  /** Sessions with their state on disk: the actor, and the day the session was last seen. */
  const cache = new Map<string, { readonly actor: string; readonly day: number }>();
  const held = new Map<string, ActorAssignment>();
  /** Held actors that are not on disk, by sender. */
  const newHeld = new Map<string, Set<string>>();
  /** Distinct actors on disk by sender, counted when first asked for. */
  const counts = new Map<string, number>();

  const today = (): number => Math.floor(now() / DAY_MS);

  let kept = Number(store.get(KEPT_TO)?.toString('utf8') ?? 0);
  let forgottenOn = -1;
  /** Once a day, so that neither table grows without end and a sender's cap counts those it has lately had. */
  const forget = (): void => {
    if (forgottenOn === today()) return;
    const before = today() - FORGET_DAYS;
    transact(() => {
      for (const { key, value } of sessions.getRange()) if (dayOf(value) < before) sessions.removeSync(key);
      for (const { key, value } of actors.getRange()) if (value < before) actors.removeSync(key);
    });
    counts.clear();
    forgottenOn = today();
  };

  const remember = (key: string, actor: string, day: number): void => {
    if (cache.size >= CACHED) for (const oldest of [...cache.keys()].slice(0, CACHED / 10)) cache.delete(oldest);
    cache.set(key, { actor, day });
  };

  const find = (key: string): string | undefined => {
    const known = held.get(key)?.actor ?? cache.get(key)?.actor;
    if (known !== undefined) return known;
    const stored = sessions.get(key);
    if (stored === undefined) return undefined;
    const actor = stored.slice(stored.indexOf('\t') + 1);
    remember(key, actor, dayOf(stored));
    return actor;
  };

  const countOf = (prefix: string): number => {
    let count = counts.get(prefix);
    if (count === undefined) {
      // '0' is the character after '/'.
      count = actors.getKeysCount({ start: prefix, end: `${prefix.slice(0, -1)}0` });
      counts.set(prefix, count);
    }
    return count;
  };
  const isNew = (actorKey: string): boolean => actors.get(actorKey) === undefined;
  const newHeldOf = (prefix: string): ReadonlySet<string> => newHeld.get(prefix) ?? NONE;

  const request = (origin: Origin): RequestActors => {
    const prefix = `${origin.tenant}/${origin.sender}/`;
    const assigned = new Map<string, ActorAssignment>();
    const newHere = new Set<string>();
    const keys = new Map<string, string>();
    const keyOf = (sessionId: string): string => {
      let key = keys.get(sessionId);
      if (key === undefined) keys.set(sessionId, (key = hash128(`${origin.tenant}\0${origin.sender}\0${sessionId}`)));
      return key;
    };
    const admitted = (actor: string): string => {
      const actorKey = prefix + hash128(actor);
      const isKnown = newHere.has(actorKey) || newHeldOf(prefix).has(actorKey) || !isNew(actorKey);
      if (isKnown || countOf(prefix) + newHeldOf(prefix).size + newHere.size < ACTORS_PER_SENDER) return actor;
      return `${origin.sender}/overflow`;
    };
    return {
      actorOf: (sessionId, identity) => {
        const key = keyOf(sessionId);
        const known = assigned.get(key)?.actor ?? find(key);
        // An actor from a credential has no slash, so it cannot be confused with one that a payload claims.
        return known ?? origin.actor ?? admitted(actorName(origin.sender, identity, hash128));
      },
      assign: (sessionId, actor) => {
        const sessionKey = keyOf(sessionId);
        if (assigned.has(sessionKey)) return;
        const actorKey = prefix + hash128(actor);
        assigned.set(sessionKey, { sessionKey, actor, actorKey });
        if (!newHeldOf(prefix).has(actorKey) && isNew(actorKey)) newHere.add(actorKey);
      },
      assignments: () => [...assigned.values()],
    };
  };

  return {
    forget,
    request,
    hold: (assignments) => {
      for (const assignment of assignments) {
        if (cache.get(assignment.sessionKey)?.day === today()) continue;
        held.set(assignment.sessionKey, assignment);
        if (!isNew(assignment.actorKey)) continue;
        const prefix = prefixOf(assignment.actorKey);
        newHeld.set(prefix, (newHeld.get(prefix) ?? new Set()).add(assignment.actorKey));
      }
    },
    keep: (sequence) => {
      if (held.size === 0 && sequence === kept) return;
      const added = [...newHeld].map(([prefix, { size }]) => ({ prefix, count: countOf(prefix) + size }));
      const day = today();
      transact(() => {
        for (const { sessionKey, actor, actorKey } of held.values()) {
          sessions.putSync(sessionKey, `${day}\t${actor}`);
          actors.putSync(actorKey, day);
        }
        store.putSync(KEPT_TO, Buffer.from(String(sequence)));
      });
      kept = sequence;
      for (const { prefix, count } of added) counts.set(prefix, count);
      for (const { sessionKey, actor } of held.values()) remember(sessionKey, actor, day);
      held.clear();
      newHeld.clear();
    },
    isHolding: () => held.size > 0,
    keptTo: () => kept,
  };
}

const NONE: ReadonlySet<string> = new Set();
const KEPT_TO = Buffer.from('actors kept to');

/** `tenant/sender/` of an actor's key; neither may hold a slash. */
function prefixOf(actorKey: string): string {
  return actorKey.slice(0, actorKey.lastIndexOf('/') + 1);
}

function dayOf(stored: string): number {
  return Number(stored.slice(0, stored.indexOf('\t')));
}
