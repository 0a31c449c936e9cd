/** What one kind of an agent's events looks like: the words of its enumerations, and which fields come with them. */
import type { AgentEvent } from '../schemas/records/agent-event.ts';

type AgentEventField = keyof AgentEvent;

/** Fields that any agent's event can have: stamped by the collector, known for every session, or taken from the account or `OTEL_RESOURCE_ATTRIBUTES`. */
export const ANY_EVENT = [
  'eventId',
  'tenant',
  'actor',
  'sender',
  'receivedAt',
  'redactions',
  'agentName',
  'sessionId',
  'time',
  'category',
  'action',
  'outcome',
  'signal',
  'mapping',
  'attributes',
  'userId',
  'userEmail',
  'host',
  'repository',
] as const satisfies readonly AgentEventField[];

/** Fields of few words, by which events differ in kind. */
export const FACET_FIELDS = [
  'category',
  'action',
  'outcome',
  'fileOperation',
  'decision',
  'decisionScope',
  'approvalMode',
  'sandboxMode',
  'sandboxOutcome',
] as const satisfies readonly AgentEventField[];
type FacetField = (typeof FACET_FIELDS)[number];

/** Who did it, where, and in which record. Whether an event has them does not depend on its kind. */
export const CONTEXT_FIELDS = [
  'agentVersion',
  'agentId',
  'turnId',
  'traceId',
  'spanId',
  'cwd',
  'sequence',
  'scope',
] as const satisfies readonly AgentEventField[];

export interface Facet {
  /** The only values that these fields have in such an event. It has no FACET_FIELDS besides. */
  readonly is: Readonly<Partial<Pick<AgentEvent, FacetField>>>;
  /** Other fields that some or all of these events have. */
  readonly has: readonly AgentEventField[];
}

export interface AgentFacets {
  /** Those of CONTEXT_FIELDS that the agent fills at all. */
  readonly context: readonly AgentEventField[];
  /** Seen in captures of the agent itself. */
  readonly captured: readonly Facet[];
  /** Mapped from records that the agent is known to export but that no capture holds. */
  readonly mapped: readonly Facet[];
}
