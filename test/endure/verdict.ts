/** Whether the store has what was acknowledged, each event once. Pure but for the collector's own hashes. */
import { acceptRequest } from '../../collector/intake/intake.ts';
import { mappingFor } from '../../agents/index.ts';
import { readJson } from '../../collector/otlp/json/read-json.ts';
import { readProtobuf } from '../../collector/otlp/protobuf/read-protobuf.ts';
import { createSessionActors } from '../../collector/intake/session-actors.ts';
import { hash128, hashParts, sha256 } from '../../platform/hash.ts';
import type { CapturedRequest } from '../support/telemetry/captures.ts';

export const TENANT = 'endure';

/** The identities of all events that a request comes to, those derived from command lines among them. */
export function eventIdsOf(request: CapturedRequest): readonly string[] {
  const { messages } = acceptRequest(
    {
      read: request.contentType === 'application/json' ? readJson : readProtobuf,
      mappingFor,
      hash128: hashParts,
      sha256,
      actors: createSessionActors(TENANT, hash128),
      isKnown: () => false,
    },
    { tenant: TENANT, sender: 'endure', signal: request.signal, body: request.body, receivedAt: 1_800_000_000_000 },
  );
  return messages.flatMap(({ eventIds }) => eventIds);
}

export interface Differences {
  /** Events of acknowledged requests. */
  readonly acknowledged: number;
  /** Acknowledged and not stored. */
  readonly missing: readonly string[];
  /** Stored more than once. */
  readonly twice: readonly string[];
  /** Stored, and neither acknowledged nor of a request whose answer was lost. */
  readonly unknown: readonly string[];
  /** Stored although no acknowledgement arrived: its answer was lost with the collector. */
  readonly unheard: number;
}

/** @param stored one entry for each row of the store */
export function differences(
  acknowledged: Iterable<string>,
  unanswered: Iterable<string>,
  stored: readonly string[],
): Differences {
  const wanted = new Set(acknowledged);
  const possible = new Set(unanswered);
  const found = new Set<string>();
  const twice = new Set<string>();
  for (const id of stored) (found.has(id) ? twice : found).add(id);
  return {
    acknowledged: wanted.size,
    missing: [...wanted].filter((id) => !found.has(id)),
    twice: [...twice],
    unknown: [...found].filter((id) => !wanted.has(id) && !possible.has(id)),
    unheard: [...found].filter((id) => !wanted.has(id) && possible.has(id)).length,
  };
}
