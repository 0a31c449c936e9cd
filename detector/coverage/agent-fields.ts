/** Which agents can feed a detection: those with a kind of events that the rule can match, and the settings some of them need. Pure. */
import { FileOperation } from '../../schemas/records/agent-event.ts';
import {
  AGENTS,
  ANY_EVENT,
  type Agent,
  type AgentFacets,
  FACET_FIELDS,
  type Facet,
  agentNamed,
  switchesOf,
} from '../../agents/index.ts';
import type { Requirement, Rule } from '../model/detection.ts';
import { selectionOf } from '../kinds/selection.ts';
import { AgentEventField } from '../model/literals.ts';
import { type PartialView, partialView } from '../sigma/view.ts';

/** What has to be set for a field, for fields that an agent exports only with a setting of its own. */
type Settings = Readonly<Partial<Record<AgentEventField, string>>>;

function settingsOf({ setup }: Agent): Settings {
  const off = setup.switches.filter(({ isDefault }) => !isDefault);
  return Object.fromEntries(off.flatMap(({ setting, fields }) => fields.map((field) => [field, setting])));
}

/** Fields of a command that its derived events repeat. */
const DERIVED_SHARE: ReadonlySet<AgentEventField> = new Set(['callId', 'toolName', 'model', 'cwd']);

/** One kind of an agent's events, in the form that rules are matched with. */
interface EventKind {
  readonly fields: ReadonlySet<string>;
  readonly view: PartialView;
}

const NOTHING: ReadonlySet<string> = new Set();
const AGENT_SOURCES = AGENTS.map((agent) => ({
  agent: agent.name,
  settings: settingsOf(agent),
  kinds: kindsOf(agent.facets, NOTHING),
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

/** The events that the collector derives from command lines. They have the command's outcome, or an unknown one. */
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

/** Known are the facet's values, and the fields that never occur; other values differ from event to event. */
function eventKind({ is, has }: Facet, { context }: AgentFacets, missing: ReadonlySet<string>): EventKind {
  const anyEvent = ANY_EVENT.filter((field) => !missing.has(field));
  const fields = new Set<string>([...anyEvent, ...context, ...has, ...Object.keys(is)]);
  const known = new Map<string, readonly [string] | undefined>();
  for (const field of AgentEventField.options) if (!fields.has(field)) known.set(field, undefined);
  for (const field of FACET_FIELDS) if (is[field] !== undefined) known.set(field, [is[field]]);
  // All derived events have the field; a rule can only ask whether it is there.
  if (fields.has('derivedFrom')) known.set('derivedFrom', ['']);
  return { fields, view: partialView(known) };
}

export interface Feeder {
  readonly agent: string;
  /** What has to be set in that agent before it exports all the fields; often nothing. */
  readonly settings: readonly string[];
}

/**
 * Agents with events that may match the rule.
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

/** The ways to feed the rule, the one that needs the fewest settings first. */
function waysOf(rule: Rule, kinds: readonly EventKind[], settings: Settings): readonly Pick<Feeder, 'settings'>[] {
  const selection = selectionOf(rule);
  return kinds
    .filter(({ view }) => selection?.verdict(view) !== false)
    .flatMap(({ fields }) => settingsFor(rule.requires, fields, settings) ?? [])
    .sort((a, b) => a.settings.length - b.settings.length);
}

/** Whether any events of the agent have the field. */
export function exportsField(agent: string, field: AgentEventField): boolean {
  return (AGENT_SOURCES.find((source) => source.agent === agent)?.kinds ?? []).some(({ fields }) => fields.has(field));
}

/**
 * Rules that an agent cannot feed when fields are missing in all of its events: `never` not even with all its fields, `blind`
 * because of the missing ones.
 *
 * @throws SigmaError when a Sigma section of a rule cannot be compiled
 */
export function sightOf<R extends Rule>(
  agent: string,
  missing: ReadonlySet<AgentEventField>,
  rules: readonly R[],
): { readonly never: readonly R[]; readonly blind: readonly R[] } {
  const facets = agentNamed(agent)?.facets;
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

/** What has to be set for events to have all these fields; undefined if they never have them. */
function settingsFor(
  requires: readonly Requirement[],
  fields: EventKind['fields'],
  settings: Settings,
): Pick<Feeder, 'settings'> | undefined {
  const needed = requires.map((requirement) => {
    const present = [requirement].flat().filter((field) => fields.has(field));
    // If there are several fields, one that needs no setting is enough.
    return present.find((field) => settings[field] === undefined) ?? present[0];
  });
  if (needed.includes(undefined)) return undefined;
  return { settings: [...new Set(needed.flatMap((field) => settings[field ?? 'eventId'] ?? []))] };
}

/** All fields that are missing when these are: others that depend on the same setting, and those parsed from the command line. */
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
