import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hash128 } from '../platform/hash.ts';
import { SHIPPED_DETECTIONS, loadDetections } from './load.ts';
import { AGENT_SOURCES, feedersOf } from './agent-fields.ts';

const CAPTURES = fileURLToPath(new URL('../test/fixtures/agents', import.meta.url));
/** Filled by the collector, from the request, the credential or the command line. */
const STAMPED = ['eventId', 'tenant', 'actor', 'sender', 'receivedAt', 'program', 'arguments'];
/** Filled only where somebody is signed in or says so; the captures are of nobody in particular. */
const IDENTITY = ['userId', 'userEmail', 'host', 'repository'];

type Golden = readonly { readonly events: readonly object[] }[];

function fieldsIn(agent: string, only: (scenario: string) => boolean = () => true): ReadonlySet<string> {
  const golden = (scenario: string) => join(CAPTURES, agent, scenario, 'events.golden.json');
  const scenarios = readdirSync(join(CAPTURES, agent)).filter((name) => only(name) && existsSync(golden(name)));
  const files = scenarios.map((name) => JSON.parse(readFileSync(golden(name), 'utf8')) as Golden);
  return new Set(files.flat().flatMap(({ events }) => events.flatMap((event) => Object.keys(event))));
}

describe('which agents can feed a detection', () => {
  it.each(AGENT_SOURCES.map(({ agent }) => agent))('%s: what its captures have, no more and no less', (agent) => {
    const seen = new Set([...fieldsIn(agent), ...STAMPED, ...IDENTITY]);
    const known = AGENT_SOURCES.find((source) => source.agent === agent)?.fields ?? new Set<string>();
    expect([...known].sort()).toEqual([...seen].sort());
  });

  it('names the settings without which Claude Code leaves fields out', () => {
    const without = fieldsIn('claude-code', (scenario) => scenario === 'no-details');
    expect(without.size).toBeGreaterThan(10);
    const settings = AGENT_SOURCES.find(({ agent }) => agent === 'claude-code')?.settings ?? {};
    expect(Object.keys(settings).filter((field) => without.has(field))).toEqual([]);
    const settingsFor = (...fields: Parameters<typeof feedersOf>[0]) =>
      Object.fromEntries(feedersOf(fields).map((feeder) => [feeder.agent, feeder.settings]));
    expect(settingsFor('commandLine', 'filePath')).toMatchObject({
      'claude-code': ['OTEL_LOG_TOOL_DETAILS=1'],
      codex: [],
    });
    expect(settingsFor(['commandLine', 'toolName'])).toMatchObject({ 'claude-code': [] });
    expect(settingsFor(['commandLine', 'bytesOut'])).toMatchObject({ 'claude-code': ['OTEL_LOG_TOOL_DETAILS=1'] });
  });

  it('is at least one, for each detection that is shipped', async () => {
    const { detections } = await loadDetections([SHIPPED_DETECTIONS], { hash128 });
    expect(detections.length).toBeGreaterThan(12);
    expect(detections.filter(({ detection }) => feedersOf(detection.requires).length === 0)).toEqual([]);
  });

  it('asks for all required fields', () => {
    const agentsFor = (...fields: Parameters<typeof feedersOf>[0]) => feedersOf(fields).map(({ agent }) => agent);
    expect(agentsFor('commandLine')).toEqual(['codex', 'claude-code', 'genai']);
    expect(agentsFor('commandLine', 'decision')).toEqual(['codex', 'claude-code']);
    expect(agentsFor(['costUsd', 'bytesOut'])).toEqual(['claude-code']);
    expect(agentsFor('bytesOut')).toEqual([]);
  });
});
