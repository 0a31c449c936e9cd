import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AgentEvent } from '../../../../schemas/records/agent-event.ts';
import { aStory, anEvent, firstSeenAlert, idOf, NOW, ruleAlert } from '../../testing/fixtures.ts';
import { tellStory, turnsOf, type StoryRow } from './story.ts';

const sketch = (rows: readonly StoryRow[]) =>
  rows.map((row) => {
    if (row.kind === 'turn') return `turn ${row.number}`;
    if (row.kind === 'pause') return 'pause';
    return `${'  '.repeat(row.depth)}${row.event.category}`;
  });
const command = (name: string, fields: Partial<AgentEvent> = {}) =>
  anEvent(name, { category: 'command', commandLine: name, ...fields });

describe('the story', () => {
  it('is ordered by turn, with derived events under their command, and shows pauses', () => {
    const { rows } = tellStory(aStory(), []);
    expect(sketch(rows)).toEqual([
      'turn 0',
      'session',
      'turn 1',
      'prompt',
      'model',
      'approval',
      'command',
      'file',
      'file',
      'command',
      'command',
      'file',
      'mcp',
      'pause',
      'turn 2',
      'prompt',
      'approval',
      'command',
      '  network',
      'network',
      'network',
      'sandbox',
      'approval',
      'command',
      'file',
    ]);
    expect(rows.find((row) => row.kind === 'turn' && row.number === 2)).toMatchObject({
      events: 10,
      calls: 3,
      stops: 3,
      failures: 0,
    });
  });

  it('numbers sub-agents, and joins approvals to their command and alerts to their evidence', () => {
    const { rows, alerted } = tellStory(aStory(), [ruleAlert(), firstSeenAlert()]);
    const piped = rows.find((row) => row.key === idOf('piped'));
    expect(piped).toMatchObject({ approval: { decision: 'approved', decisionSource: 'user' } });
    expect(piped?.kind === 'event' && piped.alerts.map(({ detectionId }) => detectionId)).toEqual([
      'pipe-to-interpreter',
    ]);
    expect(rows.find((row) => row.key === idOf('sub-search'))).toMatchObject({ subAgent: 1 });
    expect(alerted).toBe(2);
  });

  it('shows only notable events on request, without empty turns or stray pauses', () => {
    expect(sketch(tellStory(aStory(), [], { only: 'stops' }).rows)).toEqual([
      'turn 2',
      'network',
      'sandbox',
      'approval',
    ]);
    expect(sketch(tellStory(aStory(), [], { show: ['prompt'] }).rows)).toEqual([
      'turn 1',
      'prompt',
      'pause',
      'turn 2',
      'prompt',
    ]);
    expect(tellStory(aStory(), [], { show: ['auth'] }).rows).toEqual([]);
  });

  it('counts everything, regardless of what is shown', () => {
    const { counts, stops, failures, shown } = tellStory(aStory(), [], { show: ['prompt'] });
    expect([counts.get('command'), stops, failures, shown]).toEqual([5, 3, 1, 2]);
  });

  it('starts a turn at a prompt if the agent does not number turns', () => {
    const events = [
      command('a'),
      anEvent('p', { category: 'prompt' }),
      command('b'),
      anEvent('q', { category: 'prompt' }),
    ];
    expect(turnsOf(events).map(({ number, events: { length } }) => [number, length])).toEqual([
      [0, 1],
      [1, 2],
      [2, 1],
    ]);
  });

  it('counts a call once, however many events report it', () => {
    const known = anEvent('known', { category: 'tool', action: 'describe', callId: 'call' });
    const { rows } = tellStory([command('a', { callId: 'call' }), known], []);
    expect(rows[0]).toMatchObject({ kind: 'turn', events: 2, calls: 1 });
  });

  it('keeps an interrupted turn together', () => {
    const events = [
      command('a', { turnId: 'x' }),
      command('b', { turnId: 'y' }),
      command('c', { turnId: 'x' }),
      command('d'),
    ];
    expect(turnsOf(events).map((turn) => turn.events.map(({ commandLine }) => commandLine))).toEqual([
      ['a', 'c', 'd'],
      ['b'],
    ]);
  });

  it('counts a failure once, and not again for derived events', () => {
    const failed = command('failed', { outcome: 'failure', exitCode: 1, turnId: 'x' });
    const implied = anEvent('implied', {
      category: 'file',
      turnId: 'x',
      outcome: 'failure',
      derivedFrom: idOf('failed'),
    });
    const story = tellStory([failed, implied], []);
    expect(story.failures).toBe(1);
    expect(story.rows).toMatchObject([{ kind: 'turn', failures: 1, calls: 1 }, { depth: 0 }, { depth: 1 }]);
    expect(tellStory([failed, implied], [], { only: 'failures' }).shown).toBe(1);
  });

  it('handles events that are derived from each other', () => {
    const a = command('a', { derivedFrom: idOf('b') });
    const b = command('b', { derivedFrom: idOf('a') });
    const self = command('self', { derivedFrom: idOf('self') });
    expect(tellStory([a, b, self], []).shown).toBe(3);
  });

  it('shows each event once, at the index that it reports', () => {
    const anyEvent = fc
      .record({
        name: fc.integer({ min: 0, max: 30 }),
        turn: fc.option(fc.integer({ min: 0, max: 3 })),
        from: fc.option(fc.integer({ min: 0, max: 30 })),
        at: fc.integer({ min: 0, max: 3_600_000 }),
        category: fc.constantFrom('prompt' as const, 'command' as const, 'approval' as const, 'network' as const),
      })
      .map(({ name, turn, from, at, category }) =>
        anEvent(`e${name}`, {
          category,
          time: NOW + at,
          ...(turn !== null && { turnId: `t${turn}` }),
          ...(from !== null && { derivedFrom: idOf(`e${from}`) }),
        }),
      );
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 40 }),
        fc.constantFrom(undefined, ['command' as const]),
        (events, show) => {
          const { rows, indexOf, shown } = tellStory(events, [], { show });
          const wanted = new Set(
            [...new Map(events.map((event) => [event.eventId, event])).values()]
              .filter(({ category }) => show?.includes(category as 'command') ?? true)
              .map(({ eventId }) => eventId),
          );
          const seen = rows.flatMap((row) => (row.kind === 'event' ? [row.key] : []));
          expect(seen).toHaveLength(shown);
          expect(new Set(seen)).toEqual(wanted);
          for (const [eventId, at] of indexOf) expect(rows[at]?.key).toBe(eventId);
          expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
        },
      ),
    );
  });
});
