/** The one actor of each session, and how it is named. Pure. */
import type { Identity } from '../../agents/mapping/mapping.ts';

/** The one actor of each session, assigned by its first accepted event: one request's view, kept when the request is. */
export interface SessionActors {
  /** The session's actor, or the one it would get now. */
  readonly actorOf: (sessionId: string, identity: Identity) => string;
  /** An event of the session was accepted; a later call for the session changes nothing. */
  readonly assign: (sessionId: string, actor: string) => void;
}

/** UTF-16 units; a longer name is shortened and completed by its hash. */
const NAME_LENGTH = 256;

/** `sender/kind:id`, by the widest identity present; the sender itself if the record names nobody. */
export function actorName(
  sender: string,
  { account, user, ci, install, host }: Identity,
  hash128: (text: string) => string,
): string {
  const named = (kind: string, id: string): string =>
    `${sender}/${kind}:${id.length > NAME_LENGTH ? `${id.slice(0, 32).toWellFormed()}…${hash128(id)}` : id}`;
  if (account !== undefined) return named('account', account);
  if (user !== undefined) return named('user', user);
  if (ci !== undefined) return named('ci', ci);
  if (install !== undefined) return named('install', install);
  if (host !== undefined) return named('host', host);
  return `${sender}/sender`;
}

/** One sender's sessions in memory, without bounds, for recorded requests, which keep nothing on disk. */
export function createSessionActors(sender: string, hash128: (text: string) => string): SessionActors {
  const sessions = new Map<string, string>();
  return {
    actorOf: (sessionId, identity) => sessions.get(sessionId) ?? actorName(sender, identity, hash128),
    assign: (sessionId, actor) => {
      if (!sessions.has(sessionId)) sessions.set(sessionId, actor);
    },
  };
}
