/** Settings of agents that fields depend on, whether they are on or off by default, and how a field that is missing is brought. Pure. */
import { SETTINGS } from './agent-fields.ts';
import type { AgentEventField } from '../model/literals.ts';

export interface Switch {
  /** As the agent spells it, with the value that brings the fields. */
  readonly setting: string;
  /** Whether the agent tells the fields as long as nobody switches it off. */
  readonly isDefault: boolean;
  readonly fields: readonly AgentEventField[];
}

/** Source: what Gemini CLI exports with `telemetry.logPrompts` off names neither arguments nor metadata of a call. */
const ON_BY_DEFAULT: Readonly<Record<string, readonly Switch[]>> = {
  'gemini-cli': [
    {
      setting: 'telemetry.logPrompts = true',
      isDefault: true,
      fields: [
        'commandLine',
        'program',
        'arguments',
        'exitCode',
        'filePath',
        'fileBytes',
        'networkHost',
        'networkPort',
        'networkProtocol',
        'contentHash',
      ],
    },
  ],
};

/** Who and where, which every agent takes from its environment. */
const FROM_ENVIRONMENT: Readonly<Partial<Record<AgentEventField, string>>> = {
  userId: 'OTEL_RESOURCE_ATTRIBUTES=user.email=NAME@DOMAIN',
  host: 'OTEL_RESOURCE_ATTRIBUTES=host.name=HOST',
  repository: 'OTEL_RESOURCE_ATTRIBUTES=vcs.repository.url.full=URL',
};
const BY_AGENT: Readonly<Record<string, Readonly<Partial<Record<AgentEventField, string>>>>> = {
  'claude-code': { host: 'OTEL_RESOURCE_INCLUDE_HOST=1' },
};

export function switchesOf(agent: string): readonly Switch[] {
  const bySetting = new Map<string, AgentEventField[]>();
  for (const [field, setting] of Object.entries(SETTINGS[agent] ?? {})) {
    const fields = bySetting.get(setting) ?? [];
    fields.push(field as AgentEventField);
    bySetting.set(setting, fields);
  }
  const off = [...bySetting].map(([setting, fields]): Switch => ({ setting, isDefault: false, fields }));
  return [...off, ...(ON_BY_DEFAULT[agent] ?? [])];
}

/** What has to be set for the agent to tell the field; undefined where nothing is known to bring it. */
export function settingFor(agent: string, field: AgentEventField): string | undefined {
  const found = switchesOf(agent).find(({ fields }) => fields.includes(field));
  return found?.setting ?? BY_AGENT[agent]?.[field] ?? FROM_ENVIRONMENT[field];
}

/** What else is missing where these are: what depends on the same setting, and what is read out of a command line. */
export function missingWith(
  agent: string,
  missing: ReadonlySet<AgentEventField>,
  present: ReadonlySet<AgentEventField>,
): ReadonlySet<AgentEventField> {
  const all = new Set(missing);
  for (const { fields } of switchesOf(agent))
    if (fields.some((field) => missing.has(field))) for (const field of fields) if (!present.has(field)) all.add(field);
  if (all.has('commandLine')) all.add('program').add('arguments');
  return all;
}
