/** The interface of an agent's mapping: one file per dialect, pure, chosen by instrumentation scope and resource. */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { FlatRecord, LogRecord, MetricRecord, Resource, Scope, SpanRecord } from '../../schemas/otlp/record.ts';

/** The actor that a record claims. The session's actor is the first present of account, user, CI, install and host. */
export interface Identity {
  readonly account?: string;
  readonly user?: string;
  /** `<repository>/<workflow>` of a continuous-integration run, whose runner is thrown away. */
  readonly ci?: string;
  readonly install?: string;
  readonly host?: string;
}

/** An event before the collector adds the fields that no payload may claim. `time` is absent if the record has none. */
export type EventDraft = Omit<
  AgentEvent,
  'eventId' | 'tenant' | 'actor' | 'sender' | 'receivedAt' | 'time' | 'derivedFrom'
> & {
  readonly time?: number;
  /** Text of its prompt or answer. The privacy step removes it and keeps as much of it as the tenant's policy allows. */
  readonly content?: string;
};

export type Mapped =
  | {
      readonly kind: 'events';
      readonly events: readonly EventDraft[];
      readonly identity: Identity;
    }
  | { readonly kind: 'skip'; readonly reason: SkipReason }
  | { readonly kind: 'reject'; readonly reason: 'missing_session' | 'invalid_event'; readonly detail: string };

/** Why a record makes no event. Every skip is counted under its reason. */
export type SkipReason =
  /** No mapping knows the resource or scope. */
  | 'unknown_source'
  /** The agent's own plumbing: tracing spans, HTTP clients, start-up phases. */
  | 'internal'
  /** A duplicate: another record of this agent is authoritative. */
  | 'repeated_elsewhere'
  /** A measurement that no event uses. */
  | 'unmapped_metric'
  /** A usage measurement that names no session, so it cannot be assigned to one. */
  | 'usage_without_session';

export interface Mapping {
  /** `codex@1`: name and version; a change of meaning is a new version. */
  readonly id: string;
  /** Called once per resource and scope. The first mapping that returns true gets all of its records. */
  matches(resource: Resource, scope: Scope): boolean;
  map(record: FlatRecord, hash: (text: string) => string): Mapped;
}

export function skip(reason: SkipReason): Mapped {
  return { kind: 'skip', reason };
}

type Hash = (text: string) => string;

/** A mapping's `map`, put together from one function for each signal. */
export function bySignal(mapOf: {
  readonly log: (record: LogRecord, hash: Hash) => Mapped;
  readonly span: (record: SpanRecord, hash: Hash) => Mapped;
  readonly metric: (record: MetricRecord) => Mapped;
}): Mapping['map'] {
  return (record, hash) => {
    switch (record.signal) {
      case 'log':
        return mapOf.log(record, hash);
      case 'span':
        return mapOf.span(record, hash);
      case 'metric':
        return mapOf.metric(record);
      default:
        return record satisfies never;
    }
  };
}
