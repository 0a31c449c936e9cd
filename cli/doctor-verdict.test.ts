import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Rule } from '../detector/model/detection.ts';
import { SHIPPED_DETECTIONS, loadDetections } from '../detector/catalogue/load.ts';
import { hash128 } from '../platform/hash.ts';
import type { SeenAgent } from '../schemas/api/pipeline.ts';
import { judgeAgent, textOf } from './doctor-verdict.ts';

let rules: readonly Rule[];
beforeAll(async () => {
  rules = (await loadDetections([SHIPPED_DETECTIONS], { hash128 })).detections.map(({ detection }) => detection);
});

type Field = SeenAgent['fields'][number]['field'];
type Counts = Readonly<Partial<Record<Field, readonly [expected: number, present: number]>>>;
const seen = (agent: string, counts: Counts): SeenAgent => ({
  agentName: agent,
  agent,
  versions: ['1.0'],
  sessions: 2,
  events: 40,
  firstSeen: 1_790_000_000_000,
  lastSeen: 1_790_000_100_000,
  fields: Object.entries(counts).map(([field, [expected, present]]) => ({ field: field as Field, expected, present })),
});

describe('an agent that omits commands', () => {
  const counts: Counts = {
    commandLine: [12, 0],
    filePath: [3, 0],
    networkHost: [0, 0],
    exitCode: [12, 12],
    host: [40, 0],
    userId: [40, 40],
    sandboxMode: [40, 0],
  };

  it('is reported with the setting, and with the detections that are blind without it', () => {
    const verdict = judgeAgent(seen('claude-code', counts), rules);
    expect(verdict.gaps).toEqual([
      { field: 'commandLine', expected: 12, present: 0, setting: 'OTEL_LOG_TOOL_DETAILS=1' },
      { field: 'filePath', expected: 3, present: 0, setting: 'OTEL_LOG_TOOL_DETAILS=1' },
      { field: 'host', expected: 40, present: 0, setting: 'OTEL_RESOURCE_INCLUDE_HOST=1' },
    ]);
    expect(verdict.cannot).toEqual(['sandboxMode']);
    // Hosts of fetches depend on the same switch as the commands, though no fetch was seen.
    for (const id of ['reverse-shell', 'credential-file-read', 'drop-site-contacted', 'new-program'])
      expect(verdict.blind).toContain(id);
    expect(verdict.blind).not.toContain('permission-bypass');
    expect(verdict.never).toEqual(['full-access-session', 'network-denials']);
  });

  it('is not blind when some events have the field, because the switch is off on some machines only', () => {
    const some = judgeAgent(seen('claude-code', { commandLine: [12, 4] }), rules);
    expect([some.gaps.map(({ field, present }) => [field, present]), some.blind]).toEqual([[['commandLine', 4]], []]);
    // No switch controls the user: sessions of several people differ.
    expect(judgeAgent(seen('claude-code', { commandLine: [12, 12], userId: [12, 4] }), rules).gaps).toEqual([]);
  });

  it('is also reported with a setting that is on by default', () => {
    const { gaps, blind } = judgeAgent(seen('gemini-cli', { commandLine: [5, 0] }), rules);
    expect(gaps).toEqual([{ field: 'commandLine', expected: 5, present: 0, setting: 'telemetry.logPrompts = true' }]);
    expect(blind).toContain('many-files-read');
  });

  it('is an agent about which nothing is known when its mapping has no captures', () => {
    expect(judgeAgent(seen('other', counts), rules)).toMatchObject({ gaps: [], blind: [], never: [] });
  });
});

describe('the text', () => {
  it('has a line for each part, gap and consequence', () => {
    const agent = {
      ...judgeAgent(seen('codex', { exitCode: [2, 0], host: [9, 0], costUsd: [3, 0] }), rules),
      agentName: 'co\u001b[2Jdex',
    };
    const text = textOf({ parts: [{ part: 'collector', state: 'broken', detail: 'away' }], agents: [agent] }, 7);
    expect(text).toContain('broken  collector          away\n');
    expect(text).toContain('"co\\u001b[2Jdex" (1.0): 2 sessions, 40 events, last seen 2026-09-21T');
    expect(text).toContain('  exitCode is missing in 2 of 2: no setting is known to add it\n');
    expect(text).toContain('  host is missing in 9 of 9: set OTEL_RESOURCE_ATTRIBUTES=host.name=HOST\n');
    expect(text).toContain('  it never reports: costUsd\n');
    expect(text.endsWith('1 of 1 parts are broken.')).toBe(true);
    expect(textOf({ parts: [], agents: [] }, 3)).toMatch(
      /No agent was seen in the last 3 days.*\nNothing is broken\.$/,
    );
  });
});
