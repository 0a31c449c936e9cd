import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { mappingFor } from '../../agents/index.ts';
import { hash128 } from '../../platform/hash.ts';
import { AGENTS, type Agent, hash, readGolden, scenariosOf } from '../../test/support/telemetry/read-captures.ts';
import { UNCAPTURED_RECORDS } from '../../test/support/telemetry/uncaptured-records.ts';
import { AGENT_FACETS } from './agent-facets.ts';
import { ANY_EVENT, SETTINGS, feedersOf } from './agent-fields.ts';
import { type Requirement, Rule } from '../model/detection.ts';
import { CONTEXT_FIELDS, FACET_FIELDS } from './facet.ts';
import { AgentEventField } from '../model/literals.ts';
import { SHIPPED_DETECTIONS, loadDetections } from '../catalogue/load.ts';
import { parseDetection } from '../catalogue/parse-detection.ts';

const FACETS_FILE = new URL('agent-facets.ts', import.meta.url);
const HEADER = `/**
 * What each agent's events look like, from the captures under \`agents/<agent>/captures\` and the records of \`uncaptured-records.ts\`
 * there. Generated: \`UPDATE_REFERENCE=1 npm run jest -- detector/agent-fields\` rewrites it.
 */
import type { AgentFacets } from './facet.ts';

export const AGENT_FACETS: Readonly<Record<string, AgentFacets>> = {
`;

type Event = Readonly<Record<string, unknown>>;
type Golden = readonly { readonly events: readonly Event[] }[];

function capturedEvents(agent: Agent, only: (scenario: string) => boolean = () => true): readonly Event[] {
  return scenariosOf(agent)
    .filter(only)
    .flatMap((scenario) => JSON.parse(readGolden(agent, scenario) ?? '[]') as Golden)
    .flatMap(({ events }) => events);
}

/** Of each record. */
function mappedEvents(agent: Agent): readonly (readonly Event[])[] {
  return UNCAPTURED_RECORDS[agent].map((record) => {
    const mapped = mappingFor(record.resource, record.scope)?.map(record, hash);
    if (mapped?.kind !== 'events') throw new Error(`no event of ${JSON.stringify(record.attributes)}`);
    return mapped.events.map((event) => JSON.parse(JSON.stringify(event)) as Event);
  });
}

/** `{ category: 'file', … }` of each kind of events, with all the other fields that they have. */
function facetsIn(events: readonly Event[]): ReadonlyMap<string, string> {
  const fields = new Map<string, Set<string>>();
  for (const event of events) {
    const words = FACET_FIELDS.flatMap((field) =>
      typeof event[field] === 'string' ? [`${field}: '${event[field]}'`] : [],
    );
    const is = `{ ${words.join(', ')} }`;
    fields.set(is, new Set([...(fields.get(is) ?? []), ...Object.keys(event)]));
  }
  const elsewhere: readonly string[] = [...ANY_EVENT, ...CONTEXT_FIELDS, ...FACET_FIELDS];
  const named = [...fields].map(([is, seen]) => {
    // The collector fills these from the line.
    if (seen.has('commandLine')) for (const field of ['program', 'arguments']) seen.add(field);
    return [is, namesOf((field) => seen.has(field) && !elsewhere.includes(field))] as const;
  });
  return new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function namesOf(wanted: (field: AgentEventField) => boolean): string {
  return `[${AgentEventField.options
    .filter(wanted)
    .map((field) => `'${field}'`)
    .join(', ')}]`;
}

function facetsFile(): string {
  const lines = (facets: ReadonlyMap<string, string>) =>
    [...facets].map(([is, has]) => `\n      { is: ${is}, has: ${has} },`).join('');
  const blocks = AGENTS.map((agent) => {
    const events = capturedEvents(agent);
    const captured = facetsIn(events);
    const mapped = new Map([...facetsIn(mappedEvents(agent).flat())].filter(([is]) => !captured.has(is)));
    const context = namesOf(
      (field) => CONTEXT_FIELDS.some((name) => name === field) && events.some((event) => field in event),
    );
    return `  '${agent}': {\n    context: ${context},\n    captured: [${lines(captured)}\n    ],\n    mapped: [${lines(mapped)}\n    ],\n  },\n`;
  });
  return `${HEADER}${blocks.join('')}};\n`;
}

const rule = (requires: readonly Requirement[], where?: object): Rule =>
  Rule.parse({
    id: 'made',
    title: 'Made',
    status: 'test',
    severity: 'low',
    description: 'x',
    falsePositives: ['x'],
    blindSpots: ['x'],
    triage: ['x'],
    requires,
    where,
    kind: 'first-seen',
    value: 'category',
    per: 'actor',
    warmUp: { events: 1, days: 0 },
    forget: '1d',
  });
const agentsFor = (requires: readonly Requirement[], where?: object) =>
  feedersOf(rule(requires, where)).map(({ agent }) => agent);
/** Every agent that exports commands and files. */
const ALL = ['codex', 'claude-code', 'gemini-cli', 'qwen-code', 'opencode', 'copilot-cli', 'genai'];
const READERS = ALL.slice(1);
const settingsFor = (requires: readonly Requirement[], where?: object) =>
  Object.fromEntries(feedersOf(rule(requires, where)).map(({ agent, settings }) => [agent, settings]));

describe('what an agent’s events look like', () => {
  it('is what its captures have, no more and no less', () => {
    if (process.env['UPDATE_REFERENCE'] === '1') writeFileSync(FACETS_FILE, facetsFile());
    expect(readFileSync(FACETS_FILE, 'utf8')).toBe(facetsFile());
  });

  it.each(AGENTS)('needs each record that is not captured: %s', (agent) => {
    const captured = facetsIn(capturedEvents(agent));
    const needless = mappedEvents(agent).filter((events) =>
      [...facetsIn(events).keys()].every((is) => captured.has(is)),
    );
    expect(needless).toEqual([]);
  });
});

describe('which agents can feed a detection', () => {
  it('names the settings without which Claude Code leaves fields out', () => {
    const without = new Set(
      capturedEvents('claude-code', (scenario) => scenario === 'no-details').flatMap(Object.keys),
    );
    expect(without.size).toBeGreaterThan(10);
    expect(Object.keys(SETTINGS['claude-code'] ?? {}).filter((field) => without.has(field))).toEqual([]);
    expect(settingsFor(['commandLine'])).toEqual({
      'claude-code': ['OTEL_LOG_TOOL_DETAILS=1'],
      codex: [],
      'gemini-cli': [],
      'qwen-code': [],
      opencode: [],
      'copilot-cli': ['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true'],
      genai: [],
    });
    expect(settingsFor([['commandLine', 'toolName']])).toMatchObject({ 'claude-code': [] });
    expect(settingsFor([['commandLine', 'bytesOut']])).toMatchObject({ 'claude-code': ['OTEL_LOG_TOOL_DETAILS=1'] });
  });

  it('asks for all required fields, in one event', () => {
    expect(agentsFor(['commandLine'])).toEqual(ALL);
    expect(agentsFor(['decision', 'decisionSource'])).toEqual(ALL.filter((agent) => agent !== 'opencode'));
    expect(agentsFor([['costUsd', 'bytesOut']])).toEqual(['claude-code', 'genai']);
    expect(agentsFor(['bytesOut'])).toEqual(['genai']);
    expect(agentsFor(['costUsd', 'filePath'])).toEqual([]);
    expect(agentsFor(['userEmail', 'redactions', 'filePath'])).toEqual(ALL);
  });

  it('asks for the words that a rule demands', () => {
    expect(agentsFor(['filePath'], { fileOperation: 'read', derivedFrom: null })).toEqual(READERS);
    // By a command every agent reads files.
    expect(agentsFor(['filePath'], { fileOperation: 'read' })).toEqual(ALL);
    expect(agentsFor(['filePath'], { fileOperation: 'read', outcome: 'denied', 'derivedFrom|exists': true })).toEqual(
      [],
    );
    expect(agentsFor(['filePath'], { fileOperation: ['read', 'delete'] })).toEqual(ALL);
    expect(agentsFor(['category'], { approvalMode: 'dontAsk' })).toEqual(['claude-code']);
    expect(agentsFor(['category'], { approvalMode: 'dontAsk', category: 'command' })).toEqual([]);
    // What cannot be known beforehand rules out nobody; a field that such events do not have does.
    expect(agentsFor(['category'], { category: 'command', 'command.program': 'nc', 'attributes.x': 'y' })).toEqual(ALL);
    expect(agentsFor(['category'], { category: 'command', costUsd: 1 })).toEqual([]);
  });

  it('is at least one, for each detection that is shipped, and no other than those that export what it asks for', async () => {
    const { detections } = await loadDetections([SHIPPED_DETECTIONS], { hash128 });
    expect(detections.length).toBeGreaterThan(12);
    const feeders = new Map(
      detections.map(({ detection }) => [detection.id, feedersOf(detection).map(({ agent }) => agent)]),
    );
    expect([...feeders].filter(([, agents]) => agents.length === 0)).toEqual([]);
    for (const id of ['agent-secret-read', 'credential-file-read'])
      expect([id, feeders.get(id)]).toEqual([id, READERS]);
    for (const id of ['environment-file-read', 'many-files-read']) expect([id, feeders.get(id)]).toEqual([id, ALL]);
    expect(feeders.get('model-refusal')).toEqual(['claude-code']);
    expect(feeders.get('permission-bypass')).toEqual(['claude-code', 'gemini-cli', 'qwen-code']);
    expect(feeders.get('network-denials')).toEqual(['codex', 'gemini-cli']);
    expect(feeders.get('full-access-session')).toEqual(['codex', 'gemini-cli', 'qwen-code', 'genai']);
    // Known from the mappings only.
    for (const id of ['sandbox-denials', 'permanent-grant'])
      expect([id, feeders.get(id)]).toEqual([
        id,
        id === 'permanent-grant' ? ['codex', 'claude-code', 'genai'] : ['codex', 'claude-code'],
      ]);
  });

  it.each([
    { category: 'process_creation', selection: '{ CommandLine|contains: x }', agents: ALL },
    {
      category: 'network_connection',
      selection: '{ networkMethod: CONNECT, derivedFrom: null }',
      agents: ['codex', 'genai'],
    },
    { category: 'network_connection', selection: '{ networkMethod: PUT }', agents: ALL },
    {
      category: 'network_connection',
      selection: '{ outcome: denied, category: network }',
      agents: ['codex', 'gemini-cli'],
    },
    { category: 'file_access', selection: '{ fileOperation: read, derivedFrom: null }', agents: READERS },
    { category: 'file_event', selection: '{ bytesIn|gt: 5 }', agents: [] },
  ])('follows from a Sigma file: $category, $selection', ({ category, selection, agents }) => {
    const written = `title: Made\nlogsource: { category: ${category} }\ndetection: { s: ${selection}, condition: s }\n`;
    const parsed = parseDetection(written, 'x.yml', { hash128 });
    if ('reason' in parsed) throw new Error(parsed.reason);
    expect(feedersOf(parsed.detection).map(({ agent }) => agent)).toEqual(agents);
  });

  it('knows every agent that has captures', () => {
    expect(Object.keys(AGENT_FACETS)).toEqual([...AGENTS]);
  });
});
