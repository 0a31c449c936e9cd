/**
 * One actor per session: the first identity seen for a session is kept, on disk, because later records may name nobody or
 * somebody else. Identities are claims, so they are namespaced by the sender and capped per sender.
 */
import type { Database, RootDatabase } from 'lmdb';
import type { Identity } from '../mappings/mapping.ts';
import type { Origin } from '../intake.ts';

/** More distinct actors than a sender plausibly has: a payload is making names up. All further ones share one actor. */
const ACTORS_PER_SENDER = 10_000;
/** Sessions remembered in memory; older ones are read from disk. */
const CACHED = 50_000;
const DAY_MS = 86_400_000;
/** A session not seen for this long is forgotten. */
const FORGET_DAYS = 90;

export interface Actors {
  readonly actorOf: (origin: Origin, sessionId: string, identity: Identity) => string;
  /** Resolves when every actor given out so far is on disk. */
  durable(): Promise<void>;
}

export function createActors(env: RootDatabase, hash128: (text: string) => string, now: () => number): Actors {
  const sessions: Database<string, string> = env.openDB({ name: 'sessions', encoding: 'string' });
  const actors: Database<number, string> = env.openDB({ name: 'actors', encoding: 'ordered-binary' });
  const cache = new Map<string, string>();
  const counts = new Map<string, number>();
  const known = new Set<string>();
  let pending: Promise<unknown>[] = [];

  const today = (): number => Math.floor(now() / DAY_MS);
  const forgetBefore = today() - FORGET_DAYS;
  for (const { key, value } of sessions.getRange()) {
    if (Number(value.slice(0, value.indexOf('\t'))) < forgetBefore) void sessions.remove(key);
  }

  const remember = (key: string, actor: string): void => {
    if (cache.size >= CACHED) for (const oldest of [...cache.keys()].slice(0, CACHED / 10)) cache.delete(oldest);
    cache.set(key, actor);
  };

  const admit = (origin: Origin, actor: string): string => {
    const senderKey = `count\0${origin.tenant}\0${origin.sender}`;
    const actorKey = `actor\0${hash128(`${origin.tenant}\0${actor}`)}`;
    if (known.has(actorKey) || actors.get(actorKey) !== undefined) return actor;
    const count = counts.get(senderKey) ?? actors.get(senderKey) ?? 0;
    if (count >= ACTORS_PER_SENDER) return `${origin.sender}/overflow`;
    counts.set(senderKey, count + 1);
    known.add(actorKey);
    pending.push(actors.put(actorKey, 1), actors.put(senderKey, count + 1));
    return actor;
  };

  return {
    actorOf: (origin, sessionId, identity) => {
      const key = hash128(`${origin.tenant}\0${origin.sender}\0${sessionId}`);
      const cached = cache.get(key);
      if (cached !== undefined) return cached;
      const stored = sessions.get(key);
      if (stored !== undefined) {
        const tab = stored.indexOf('\t');
        const actor = stored.slice(tab + 1);
        if (Number(stored.slice(0, tab)) !== today()) pending.push(sessions.put(key, `${today()}\t${actor}`));
        remember(key, actor);
        return actor;
      }
      const actor = admit(origin, actorName(origin.sender, identity));
      pending.push(sessions.put(key, `${today()}\t${actor}`));
      remember(key, actor);
      return actor;
    },
    durable: async () => {
      if (pending.length === 0) return;
      const writes = pending;
      pending = [];
      try {
        await Promise.all(writes);
      } catch (error) {
        // What could not be written must not be believed: it would be lost with this process.
        cache.clear();
        known.clear();
        counts.clear();
        throw error;
      }
    },
  };
}

/** `sender/kind:id`, by the widest identity there is; the sender itself where the record names nobody. */
export function actorName(sender: string, { account, user, install, host }: Identity): string {
  if (account !== undefined) return `${sender}/account:${account}`;
  if (user !== undefined) return `${sender}/user:${user}`;
  if (install !== undefined) return `${sender}/install:${install}`;
  if (host !== undefined) return `${sender}/host:${host}`;
  return `${sender}/sender`;
}
