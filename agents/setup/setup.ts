/** How to configure an agent for a collector, and which of its settings control event fields. */
import type { Recipe } from '../../schemas/api/setup.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';

export interface AgentSetup {
  /** The agent's display name: `Codex CLI`. */
  readonly title: string;
  /** The files and variables to set, without `agent` and `title`. */
  recipe(collector: Collector): Omit<Recipe, 'agent' | 'title'>;
  /** Notes for the recipe, as Markdown sentences. */
  readonly notes: readonly string[];
  /** Device-management files, for agents that read them. */
  readonly managedFiles?: (collector: Collector) => readonly ManagedFile[];
  /** Settings that control event fields. */
  readonly switches: readonly Switch[];
  /** The agent's own settings for fields that other agents read only from `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resourceSettings: SettingByField;
}

export interface Collector {
  /** Base address for OTLP/HTTP, without a path and without a slash at its end. */
  readonly endpoint: string;
  /** Bearer token (characters of RFC 6750), or a placeholder for it; undefined if the collector needs none. */
  readonly credential: string | undefined;
}

export interface ManagedFile {
  /** The file's name on the device. */
  readonly name: string;
  readonly text: string;
  /** Paths on the device, one line per operating system. */
  readonly locations: readonly string[];
}

export interface Switch {
  /** As the agent spells it, with the value that makes it export the fields. */
  readonly setting: string;
  /** Whether this value is the default. */
  readonly isDefault: boolean;
  readonly fields: readonly (keyof AgentEvent)[];
}

export type SettingByField = Readonly<Partial<Record<keyof AgentEvent, string>>>;
