/** Which agents can feed a detection: those with a kind of events that the rule can match, and the settings some of them need. Pure. */
import { FileOperation } from '../../schemas/records/agent-event.ts';
import { AGENT_FACETS } from './agent-facets.ts';
import type { Requirement, Rule } from '../model/detection.ts';
import { type AgentFacets, FACET_FIELDS, type Facet } from './facet.ts';
import { selectionOf } from '../kinds/selection.ts';
import { AgentEventField } from '../model/literals.ts';
import { type PartialView, partialView } from '../sigma/view.ts';

/** What any agent's event can have: stamped by the collector, told of every session, or from the account that is signed in or `OTEL_RESOURCE_ATTRIBUTES`. */
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

type Settings = Readonly<Partial<Record<AgentEventField, string>>>;

const DETAILS = 'OTEL_LOG_TOOL_DETAILS=1';
const CONTENT = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true';

/** Fields that an agent only exports with a setting of its own. */
export const SETTINGS: Readonly<Record<string, Settings>> = {
  codex: { contentHash: 'log_user_prompt = true' },
  'copilot-cli': {
    commandLine: CONTENT,
    program: CONTENT,
    arguments: CONTENT,
    filePath: CONTENT,
    fileBytes: CONTENT,
    networkHost: CONTENT,
    networkPort: CONTENT,
    networkProtocol: CONTENT,
    contentLength: CONTENT,
    contentHash: CONTENT,
  },
  'claude-code': {
    commandLine: DETAILS,
    program: DETAILS,
    arguments: DETAILS,
    filePath: DETAILS,
    fileBytes: DETAILS,
    networkHost: DETAILS,
    networkPort: DETAILS,
    networkProtocol: DETAILS,
    contentHash: 'OTEL_LOG_USER_PROMPTS=1',
  },
};

/** Of what a command tells, the derived events repeat this. */
const DERIVED_SHARE: ReadonlySet<AgentEventField> = new Set(['callId', 'toolName', 'model', 'cwd']);

/** One kind of an agent's events, ready to be held against rules. */
interface EventKind {
  readonly fields: ReadonlySet<string>;
  readonly view: PartialView;
}

const NOTHING: ReadonlySet<string> = new Set();
const AGENT_SOURCES = Object.entries(AGENT_FACETS).map(([agent, facets]) => ({
  agent,
  settings: SETTINGS[agent] ?? {},
  kinds: kindsOf(facets, NOTHING),
}));

/** The kinds of events that are left where these fields are missing in all of them. */
function kindsOf({ context, captured, mapped }: AgentFacets, missing: ReadonlySet<string>): readonly EventKind[] {
  const left = (facets: readonly Facet[]): readonly Facet[] =>
    facets
      .filter(({ is }) => !Object.keys(is).some((field) => missing.has(field)))
      .map(({ is, has }) => ({ is, has: has.filter((field) => !missing.has(field)) }));
  const facets: AgentFacets = {
    context: context.filter((field) => !missing.has(field)),
    captured: left(captured),
    mapped: left(mapped),
  };
  return [...facets.captured, ...facets.mapped, ...derivedFacets(facets)].map((facet) =>
    eventKind(facet, facets, missing),
  );
}

/** The events that the collector derives from the lines of commands, whose outcome is theirs or not known. */
function derivedFacets({ captured, mapped }: AgentFacets): readonly Facet[] {
  const command = [...captured, ...mapped].find(
    ({ is, has }) => is.category === 'command' && is.action === 'run' && has.includes('commandLine'),
  );
  if (command === undefined) return [];
  const shared = [...command.has.filter((field) => DERIVED_SHARE.has(field)), 'program', 'derivedFrom'] as const;
  return (['success', 'failure', 'unknown'] as const).flatMap((outcome) => [
    ...FileOperation.options.map((operation): Facet => ({
      is: { category: 'file', action: operation, outcome, fileOperation: operation },
      has: [...shared, 'filePath'],
    })),
    {
      is: { category: 'network', action: 'contact', outcome },
      has: [...shared, 'networkHost', 'networkPort', 'networkProtocol', 'networkMethod'],
    },
  ]);
}

/** Known are the facet's words and that a field never comes; what is derived from fields, or differs by event, is not. */
function eventKind({ is, has }: Facet, { context }: AgentFacets, missing: ReadonlySet<string>): EventKind {
  const anyEvent = ANY_EVENT.filter((field) => !missing.has(field));
  const fields = new Set<string>([...anyEvent, ...context, ...has, ...Object.keys(is)]);
  const known = new Map<string, readonly [string] | undefined>();
  for (const field of AgentEventField.options) if (!fields.has(field)) known.set(field, undefined);
  for (const field of FACET_FIELDS) if (is[field] !== undefined) known.set(field, [is[field]]);
  // Those that are derived all are; by which command is nothing a rule could ask.
  if (fields.has('derivedFrom')) known.set('derivedFrom', ['']);
  return { fields, view: partialView(known) };
}

export interface Feeder {
  readonly agent: string;
  /** What has to be set in that agent before it exports all the fields; empty where nothing has to be. */
  readonly settings: readonly string[];
}

/**
 * Agents of whose events some may match the rule.
 *
 * @throws SigmaError when a Sigma section of the rule cannot be compiled
 */
export function feedersOf(rule: Rule): readonly Feeder[] {
  return AGENT_SOURCES.flatMap(({ agent, settings, kinds }) =>
    waysOf(rule, kinds, settings)
      .slice(0, 1)
      .map((way) => ({ agent, ...way })),
  );
}

/** How the rule can be fed, the way that needs the fewest settings first. */
function waysOf(rule: Rule, kinds: readonly EventKind[], settings: Settings): readonly Pick<Feeder, 'settings'>[] {
  const selection = selectionOf(rule);
  return kinds
    .filter(({ view }) => selection?.verdict(view) !== false)
    .flatMap(({ fields }) => settingsFor(rule.requires, fields, settings) ?? [])
    .sort((a, b) => a.settings.length - b.settings.length);
}

/** Whether an agent that is known by this name tells the field of any of its events. */
export function tells(agent: string, field: AgentEventField): boolean {
  return (AGENT_SOURCES.find((source) => source.agent === agent)?.kinds ?? []).some(({ fields }) => fields.has(field));
}

/**
 * What can be said of rules and an agent in whose events fields are missing: `never` are those that it could not feed with
 * all fields either, `blind` those that it cannot feed without these.
 *
 * @throws SigmaError when a Sigma section of a rule cannot be compiled
 */
export function sightOf<R extends Rule>(
  agent: string,
  missing: ReadonlySet<AgentEventField>,
  rules: readonly R[],
): { readonly never: readonly R[]; readonly blind: readonly R[] } {
  const facets = AGENT_FACETS[agent];
  if (facets === undefined) return { never: [], blind: [] };
  const feeds = (kinds: readonly EventKind[]) => (rule: R) => waysOf(rule, kinds, {}).length > 0;
  const whole = kindsOf(facets, NOTHING);
  const feedsWhole = feeds(whole);
  const feedsLeft = feeds(missing.size === 0 ? whole : kindsOf(facets, missing));
  return {
    never: rules.filter((rule) => !feedsWhole(rule)),
    blind: rules.filter((rule) => feedsWhole(rule) && !feedsLeft(rule)),
  };
}

/** What has to be set for events to have all these fields; undefined where they never have. */
function settingsFor(
  requires: readonly Requirement[],
  fields: EventKind['fields'],
  settings: Settings,
): Pick<Feeder, 'settings'> | undefined {
  const needed = requires.map((requirement) => {
    const present = [requirement].flat().filter((field) => fields.has(field));
    // What the agent exports unasked is enough where it is one of several.
    return present.find((field) => settings[field] === undefined) ?? present[0];
  });
  if (needed.includes(undefined)) return undefined;
  return { settings: [...new Set(needed.flatMap((field) => settings[field ?? 'eventId'] ?? []))] };
}
