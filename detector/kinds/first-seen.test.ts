import { describe, expect, it } from '@jest/globals';
import { backtest } from '../engine/backtest.ts';
import { eventsOf } from '../catalogue/fixture-events.ts';
import { Fixture } from '../model/fixture.ts';
import { RULE_FILES, TOOLS } from '../test-support/arbitrary.ts';
import { versioned } from '../test-support/versioned.ts';
import { judgeOf } from './index.ts';
import { FirstSeenRule } from '../model/detection.ts';
import { subjectOf } from '../model/subject.ts';
import type { FirstSeenState } from './first-seen.ts';

const run = (steps: unknown, change: object = {}) =>
  backtest([eventsOf(Fixture.parse(steps), TOOLS.hash128)], {
    ...TOOLS,
    rules: [versioned({ ...RULE_FILES.host, warmUp: { events: 5, days: 1 }, forget: '30d', ...change }, TOOLS)],
  });

const known = { repeat: { times: 12, every: '4h' }, event: { networkHost: 'api.example' } };
const fresh = { after: '1h', event: { networkHost: 'evil.example' } };
const of = (value: string, requires: string) => ({ value, requires: [requires], where: undefined });

describe('first seen', () => {
  it.each([
    { name: 'a new host after the warm-up', steps: [known, fresh], alerts: 1 },
    {
      name: 'a new host within the first day',
      steps: [{ ...known, repeat: { times: 12, every: '1h' } }, fresh],
      alerts: 0,
    },
    {
      name: 'a new host within the first events',
      steps: [{ ...known, repeat: { times: 3, every: '1d' } }, fresh],
      alerts: 0,
    },
    { name: 'a known host', steps: [known, { after: '1h', event: { networkHost: 'api.example' } }], alerts: 0 },
    { name: 'a new host, several times', steps: [known, { ...fresh, repeat: { times: 5, every: '1h' } }], alerts: 1 },
    {
      name: 'a host not seen for a long time',
      steps: [known, { after: '31d', event: { networkHost: 'api.example' } }],
      alerts: 0,
    },
    {
      name: 'a host not seen for a long time, of an actor who was active',
      steps: [
        known,
        { after: '1h', repeat: { times: 40, every: '1d' }, event: { networkHost: 'b.example' } },
        { after: '1h', event: { networkHost: 'api.example' } },
      ],
      alerts: 2,
    },
    {
      name: 'another actor’s first host',
      steps: [known, { ...fresh, event: { ...fresh.event, actor: 'fixture/user:bob' } }],
      alerts: 0,
    },
    {
      name: 'everything, without a warm-up',
      steps: [{ event: { networkHost: 'a.example' } }],
      alerts: 1,
      change: { warmUp: { events: 0, days: 0 } },
    },
    {
      name: 'two new hosts in one day',
      steps: [known, fresh, { after: '1h', event: { networkHost: 'c.example' } }],
      alerts: 2,
    },
    {
      name: 'two new hosts in one day, grouped by actor',
      steps: [known, fresh, { after: '1h', event: { networkHost: 'c.example' } }],
      alerts: 1,
      change: { group: { by: ['actor'], for: '1d' } },
    },
  ])('$name -> $alerts alerts', ({ steps, alerts, change }) => {
    expect(run(steps, change)).toHaveLength(alerts);
  });

  it('drops an entity that was idle for as long as values are kept', () => {
    const after = { after: '31d', repeat: { times: 3, every: '1m' }, event: { networkHost: '{n}.example' } };
    expect(run([known, after])).toHaveLength(0);
  });

  it('explains its finding', () => {
    const [alert] = run([known, fresh]);
    expect(alert).toMatchObject({
      summary: 'Something unusual: evil.example, not among the 1 seen since 2026-01-05',
      explanation: { feature: 'first networkHost', observed: 'evil.example', samples: 1, level: 'entity' },
    });
    expect(alert?.explanation.contributions).toContainEqual({ name: 'seen before, latest', value: 'api.example' });
  });

  it('checks every command of a line', () => {
    const commands = { repeat: { times: 12, every: '4h' }, event: { commandLine: 'cd src && npm test | tee log' } };
    const change = of('command.program', 'commandLine');
    expect(run([commands, { event: { commandLine: 'npm test; sudo tee x' } }], change)).toHaveLength(0);
    const [alert] = run([commands, { event: { commandLine: 'npm test; nmap -sS 10.0.0.0/8' } }], change);
    expect(alert?.explanation.observed).toBe('nmap');
  });

  it('fills in templates, and skips events where a part is missing', () => {
    const change = of('{mcpServer}/{toolName}', 'toolName');
    const calls = { repeat: { times: 12, every: '4h' }, event: { mcpServer: 'github', toolName: 'list' } };
    expect(run([calls, { event: { toolName: 'delete' } }], change)).toHaveLength(0);
    expect(run([calls, { event: { mcpServer: 'github', toolName: 'delete' } }], change)[0]?.explanation.observed).toBe(
      'github/delete',
    );
  });

  it('rejects a field that does not exist', () => {
    expect(() => run([known], { value: 'networkHots' })).toThrow(/networkHots/);
    expect(() => run([known], { value: '{mcpServer}/{tool}' })).toThrow(/tool/);
  });

  it('keeps a bounded number of values for any input', () => {
    const judge = judgeOf(FirstSeenRule.parse(RULE_FILES.host), TOOLS);
    let state = judge.state?.initial() as FirstSeenState;
    const events = eventsOf(
      Fixture.parse([{ repeat: { times: 3000, every: '60s' }, event: { networkHost: '{n}.example' } }]),
      TOOLS.hash128,
    );
    for (const event of events) {
      const subject = subjectOf(event);
      const entity = judge.entityOf(subject);
      if (entity === undefined) throw new Error('no entity');
      state = judge.step(state, subject, entity).state as FirstSeenState;
      expect(Object.keys(state.values).length).toBeLessThanOrEqual(1024);
    }
    expect(JSON.stringify(state).length).toBeLessThan(65_536);
    // The most recent values are kept.
    expect(Object.keys(state.values)).toContain(TOOLS.hash128('3000.example').slice(0, 20));
  });
});
