/** State that a start recovers from the remaining segments: ids of recent events, and actors that their table does not have. */
import { TOPICS } from '../../schemas/topics.ts';
import type { ActorAssignment, Actors } from './actors/actors.ts';
import { accountOf, eventIdsOf } from './entry.ts';
import type { RecentIds } from './recent-ids.ts';
import type { SegmentList, SpooledEntry } from './segments/segment-list.ts';

export function recover(segments: Pick<SegmentList, 'kept'>, actors: Actors, recentIds: RecentIds): void {
  const keptTo = actors.keptTo();
  for (const entry of segments.kept()) {
    for (const eventId of eventIdsOf(entry)) recentIds.of(accountOf(entry)).add(eventId);
    if (entry.sequence > keptTo) actors.hold(assignmentsIn(entry, actors));
  }
}

/** The assignments of an entry's request: the entry's key names the actor, its lines the sessions. */
function assignmentsIn(entry: SpooledEntry, actors: Actors): readonly ActorAssignment[] {
  if (entry.topic !== TOPICS.events) return [];
  const { tenant, sender } = accountOf(entry);
  const request = actors.request({ tenant, sender });
  const actor = entry.key.slice(tenant.length + 1);
  for (const line of entry.value.toString('utf8').split('\n')) {
    const { sessionId } = JSON.parse(line) as { readonly sessionId?: unknown };
    if (typeof sessionId === 'string') request.assign(sessionId, actor);
  }
  return request.assignments();
}
