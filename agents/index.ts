/**
 * The agents that Vigil knows, most specific first: the first mapping that matches a resource and scope gets all of its
 * records. To add an agent, add its folder and a line here.
 */
import type { Recipe } from '../schemas/api/setup.ts';
import type { AgentEvent } from '../schemas/records/agent-event.ts';
import type { Resource, Scope } from '../schemas/otlp/record.ts';
import type { Agent } from './agent.ts';
import { claudeCode } from './claude-code/index.ts';
import { codex } from './codex/index.ts';
import { copilotCli } from './copilot-cli/index.ts';
import { geminiCli } from './gemini-cli/index.ts';
import { genai } from './genai/index.ts';
import type { Mapping } from './mapping/mapping.ts';
import { opencode } from './opencode/index.ts';
import { qwenCode } from './qwen-code/index.ts';
import type { Collector, SettingByField, Switch } from './setup/setup.ts';

export { ANY_EVENT, type AgentFacets, FACET_FIELDS, type Facet } from './facet.ts';
export type { Agent };
export type { ManagedFile } from './setup/setup.ts';

export const AGENTS: readonly Agent[] = [codex, claudeCode, geminiCli, qwenCode, opencode, copilotCli, genai];

/** Folder of the documentation with a page `<agent>.md` for each agent. */
export const AGENT_PAGES = 'docs/how-to/connect-an-agent';

export function agentNamed(name: string): Agent | undefined {
  return AGENTS.find((agent) => agent.name === name);
}

const MAPPINGS = AGENTS.map(({ mapping }) => mapping);

export function mappingFor(resource: Resource, scope: Scope): Mapping | undefined {
  return MAPPINGS.find((mapping) => mapping.matches(resource, scope));
}

const NUMBERED = AGENTS.filter(({ numbersRecords }) => numbersRecords).map(({ name }) => `${name}@`);

/**
 * Whether the agent of an event numbers all records of a session.
 *
 * @param mapping the event's `mapping`: `codex@1`
 */
export function numbersRecords(mapping: string): boolean {
  return NUMBERED.some((prefix) => mapping.startsWith(prefix));
}

export function recipeFor({ name, setup }: Agent, collector: Collector): Recipe {
  return { agent: name, title: setup.title, ...setup.recipe(collector) };
}

export function recipesFor(collector: Collector): readonly Recipe[] {
  return AGENTS.map((agent) => recipeFor(agent, collector));
}

/** Notes for the user in addition to the recipe, as Markdown sentences. */
export function setupNotes({ setup, writtenFrom, namesActor }: Agent): readonly string[] {
  return [
    ...setup.notes,
    ...(namesActor ? [] : ['It names neither user nor host; only `OTEL_RESOURCE_ATTRIBUTES` does.']),
    ...(writtenFrom === 'captures' ? [] : ['Written from documentation, not from captures.']),
  ];
}

/** Settings of an agent that fields depend on. */
export function switchesOf(agent: string): readonly Switch[] {
  return agentNamed(agent)?.setup.switches ?? [];
}

/** Actor and place fields, which every agent reads from its environment. */
const RESOURCE_SETTINGS: SettingByField = {
  userId: 'OTEL_RESOURCE_ATTRIBUTES=user.email=NAME@DOMAIN',
  host: 'OTEL_RESOURCE_ATTRIBUTES=host.name=HOST',
  repository: 'OTEL_RESOURCE_ATTRIBUTES=vcs.repository.url.full=URL',
};

/** The setting that makes an agent export the field; undefined if none is known. */
export function settingFor(agent: string, field: keyof AgentEvent): string | undefined {
  const found = switchesOf(agent).find(({ fields }) => fields.includes(field));
  return found?.setting ?? agentNamed(agent)?.setup.resourceSettings[field] ?? RESOURCE_SETTINGS[field];
}
