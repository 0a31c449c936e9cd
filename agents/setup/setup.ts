/** How an agent is pointed at a collector, and which of its settings fields depend on. */
import type { Recipe } from '../../schemas/api/setup.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';

export interface AgentSetup {
  /** What people call the agent: `Codex CLI`. */
  readonly title: string;
  /** What a user writes where, without `agent` and `title`. */
  recipe(collector: Collector): Omit<Recipe, 'agent' | 'title'>;
  /** Sentences in Markdown that belong beside the recipe. */
  readonly notes: readonly string[];
  /** The files of device management, for agents that read any. */
  readonly managedFiles?: (collector: Collector) => readonly ManagedFile[];
  /** Settings that fields depend on. */
  readonly switches: readonly Switch[];
  /** Settings of its own for fields that other agents get from `OTEL_RESOURCE_ATTRIBUTES` only. */
  readonly resourceSettings: SettingByField;
}

export interface Collector {
  /** Base address for OTLP/HTTP, without a path and without a slash at its end. */
  readonly endpoint: string;
  /** Bearer token (characters of RFC 6750), or a placeholder for it; undefined where the collector needs none. */
  readonly credential: string | undefined;
}

export interface ManagedFile {
  /** The file's name on the device. */
  readonly name: string;
  readonly text: string;
  /** Where the device keeps it, one line for each operating system. */
  readonly locations: readonly string[];
}

export interface Switch {
  /** As the agent spells it, with the value that makes it export the fields. */
  readonly setting: string;
  /** Whether the setting has this value as long as nobody changes it. */
  readonly isDefault: boolean;
  readonly fields: readonly (keyof AgentEvent)[];
}

export type SettingByField = Readonly<Partial<Record<keyof AgentEvent, string>>>;
