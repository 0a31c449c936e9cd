/** What a folder of `agents/` exports: everything that Vigil knows about one agent. */
import type { AgentFacets } from './facet.ts';
import type { Mapping } from './mapping/mapping.ts';
import type { AgentSetup } from './setup/setup.ts';

export interface Agent {
  /** The folder's name, and the mapping's id without its version: `codex`. */
  readonly name: string;
  readonly mapping: Mapping;
  readonly setup: AgentSetup;
  readonly facets: AgentFacets;
  /** What the mapping was written from: captures of the agent itself, or its documentation alone. */
  readonly writtenFrom: 'captures' | 'documentation';
  /** Whether its records name a user, an installation or a host without `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly namesActor: boolean;
  /** Whether the agent numbers every record of a session without gaps, so that Vigil can detect lost records. */
  readonly numbersRecords: boolean;
}
