/**
 * Every captured scenario against its golden file (`UPDATE_GOLDEN=1` rewrites it; the difference is reviewed as code), and
 * the properties that hold for all of them.
 */
import { describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import type { FlatRecord } from '../schemas/otlp/record.ts';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import {
  eventsIn,
  fateOf,
  goldenPath,
  hash,
  indexOf,
  mapScenario,
  readGolden,
  scenariosOf,
} from '../test/support/telemetry/read-captures.ts';
import type { MappedRequest } from '../test/support/telemetry/read-captures.ts';
import { AGENTS } from './index.ts';
import type { EventDraft, Identity } from './mapping/mapping.ts';
import { ACTIONS } from './mapping/vocabulary.ts';

/** One event per line: a changed field is one changed line. */
function goldenOf(requests: readonly MappedRequest[]): string {
  const blocks = requests.map((request) => {
    const fates: Record<string, number> = {};
    for (const { mapped } of request.records) fates[fateOf(mapped)] = (fates[fateOf(mapped)] ?? 0) + 1;
    const events = eventsIn([request]).map((event) => `\n    ${JSON.stringify(event)}`);
    const sorted = Object.fromEntries(Object.entries(fates).sort(([a], [b]) => (a < b ? -1 : 1)));
    return `  {"file": "${request.file}", "records": ${JSON.stringify(sorted)}, "events": [${events.join(',')}${events.length > 0 ? '\n  ' : ''}]}`;
  });
  return `[\n${blocks.join(',\n')}\n]\n`;
}

/** Adds what the collector stamps, so that whole events can be validated against the schema. */
function stamped(draft: EventDraft): unknown {
  return {
    ...draft,
    eventId: hash(JSON.stringify(draft)),
    tenant: 'lab',
    actor: 'sender/user:somebody',
    sender: 'sender',
    receivedAt: 1_800_000_000_000,
    time: draft.time ?? 1_800_000_000_000,
  };
}

/** Whether `OTEL_RESOURCE_ATTRIBUTES` named a user or a host. */
function resourceNames({ resource }: FlatRecord): boolean {
  return resource.attributes.some(([key]) => ['user.email', 'enduser.id', 'host.name'].includes(key));
}

const scenarios = AGENTS.flatMap(({ name: agent, namesActor }) =>
  scenariosOf(agent).map((scenario) => ({ agent, namesActor, scenario })),
);

describe.each(scenarios)('$agent/$scenario', ({ agent, namesActor, scenario }) => {
  const requests = mapScenario(agent, scenario);
  const events = eventsIn(requests);

  it('produces the events of its golden file', () => {
    const golden = goldenOf(requests);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(goldenPath(agent, scenario), golden);
    expect(JSON.parse(golden)).toEqual(JSON.parse(readGolden(agent, scenario) ?? 'null'));
  });

  it('maps or skips every record exactly once and rejects none', () => {
    for (const { recordCount, records } of requests) expect(records).toHaveLength(recordCount);
    const fates = requests.flatMap(({ records }) => records.map(({ mapped }) => mapped));
    expect(fates.filter((mapped) => mapped.kind === 'reject')).toEqual([]);
    expect(fates.filter((mapped) => mapped.kind === 'events' && mapped.events.length === 0)).toEqual([]);
  });

  it('conforms to the schema and the vocabulary, and cuts nothing', () => {
    for (const event of events) {
      expect(AgentEvent.safeParse(stamped(event)).error).toBeUndefined();
      expect(Object.keys(ACTIONS[event.category])).toContain(event.action);
      expect(event.time).toBeDefined();
      expect(Object.keys(event.attributes).filter((key) => /^(?:vigil\.cut\.|telemetry\.sdk\.)/.test(key))).toEqual([]);
    }
  });

  it('keeps no prompt, answer or file text', () => {
    for (const event of events) {
      const { commandLine: _, ...rest } = event;
      const text = JSON.stringify(rest);
      for (const prompt of indexOf(agent, scenario).prompts ?? []) {
        // Shorter ones are words that occur anyway.
        if (prompt.length > 12) expect(text).not.toContain(JSON.stringify(prompt).slice(1, -1));
      }
      expect(text).not.toMatch(/\*\*\* Begin Patch|export const greet|not-a-real-token/);
    }
  });

  it('has one actor per session, regardless of which signal arrives first', () => {
    const widest = ({ account, user, install, host }: Identity): string =>
      account ?? user ?? install ?? host ?? 'the sender';
    const actors = new Map<string, Set<string>>();
    for (const { records } of requests) {
      for (const { mapped } of records) {
        if (mapped.kind !== 'events') continue;
        for (const { sessionId } of mapped.events) {
          actors.set(sessionId, (actors.get(sessionId) ?? new Set()).add(widest(mapped.identity)));
        }
      }
    }
    expect([...actors.values()].filter((names) => names.size > 1)).toEqual([]);
    if (namesActor || requests.every(({ records }) => records.every(({ record }) => resourceNames(record))))
      expect([...actors.values()].flatMap((names) => [...names])).not.toContain('the sender');
  });

  it('counts every call once', () => {
    const ids = (wanted: (event: EventDraft) => boolean): (string | undefined)[] =>
      events.filter((event) => wanted(event) && event.callId !== undefined).map(({ callId }) => callId);
    const commands = ids(({ category, action }) => category === 'command' && action === 'run');
    expect(new Set(commands).size).toBe(commands.length);
    const decisions = ids(({ category, action }) => category === 'approval' && action === 'decide');
    expect(new Set(decisions).size).toBe(decisions.length);
    const results = ids(({ category, action }) => ['tool', 'mcp'].includes(category) && action === 'call');
    expect(new Set(results).size).toBe(results.length);
  });
});
