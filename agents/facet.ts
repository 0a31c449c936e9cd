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

/** Enumerations that distinguish kinds of events. */
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

/** Actor, place and source record. Whether an event has these fields does not depend on its kind. */
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
  /** The only values of these fields in such an event. It has no other FACET_FIELDS. */
  readonly is: Readonly<Partial<Pick<AgentEvent, FacetField>>>;
  /** Other fields that some or all of these events have. */
  readonly has: readonly AgentEventField[];
}

export interface AgentFacets {
  /** The CONTEXT_FIELDS that the agent fills. */
  readonly context: readonly AgentEventField[];
  /** Seen in captures of the agent itself. */
  readonly captured: readonly Facet[];
  /** Mapped from records that the agent is known to export but no capture contains. */
  readonly mapped: readonly Facet[];
}
