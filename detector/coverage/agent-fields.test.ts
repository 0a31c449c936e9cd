import { describe, expect, it } from '@jest/globals';
import { switchesOf } from '../../agents/index.ts';
import { hash128 } from '../../platform/hash.ts';
import { eventsIn, mapScenario } from '../../test/support/telemetry/read-captures.ts';
import { feedersOf } from './agent-fields.ts';
import { type Requirement, Rule } from '../model/detection.ts';
import { SHIPPED_DETECTIONS, loadDetections } from '../catalogue/load.ts';
import { parseDetection } from '../catalogue/parse-detection.ts';

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
/** The agents that these tests know: each exports commands and files. Others may come. */
const ALL = ['codex', 'claude-code', 'gemini-cli', 'qwen-code', 'opencode', 'copilot-cli', 'genai'];
const feeding = (made: Rule) => feedersOf(made).filter(({ agent }) => ALL.includes(agent));
const agentsFor = (requires: readonly Requirement[], where?: object) =>
  feeding(rule(requires, where)).map(({ agent }) => agent);
const READERS = ALL.filter((agent) => agent !== 'codex');
const settingsFor = (requires: readonly Requirement[], where?: object) =>
  Object.fromEntries(feeding(rule(requires, where)).map(({ agent, settings }) => [agent, settings]));

describe('which agents can feed a detection', () => {
  it('names the settings without which Claude Code leaves fields out', () => {
    const without = new Set(
      eventsIn(mapScenario('claude-code', 'no-details')).flatMap((event) =>
        Object.keys(JSON.parse(JSON.stringify(event)) as object),
      ),
    );
    expect(without.size).toBeGreaterThan(10);
    const switched = switchesOf('claude-code').flatMap(({ fields }) => fields);
    expect(switched.filter((field) => without.has(field))).toEqual([]);
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
      detections.map(({ detection }) => [detection.id, feeding(detection).map(({ agent }) => agent)]),
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
    expect(feeding(parsed.detection).map(({ agent }) => agent)).toEqual(agents);
  });
});
