/** What one kind of an agent's events looks like: the words of its enumerations, and which fields come with them. Pure. */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { AgentEventField } from '../model/literals.ts';

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

/** Who did it, where, and in which record: it comes or does not come with any event, whatever its kind. */
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
  /** Of these fields it has no other value, and those that are not here it does not have. */
  readonly is: Readonly<Partial<Pick<AgentEvent, FacetField>>>;
  /** What else its events have, each of them or some. */
  readonly has: readonly AgentEventField[];
}

export interface AgentFacets {
  /** Of CONTEXT_FIELDS those that the agent fills at all. */
  readonly context: readonly AgentEventField[];
  /** Seen in captures of the agent itself. */
  readonly captured: readonly Facet[];
  /** What its mapping makes of records that it is known to export, but that no capture holds. */
  readonly mapped: readonly Facet[];
}
