import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AgentEvent, blankEvent, isAgentEvent } from './agent-event.ts';
import { runs } from '../../test/support/runs.ts';

const EVENT = {
  ...blankEvent(),
  eventId: '0123456789abcdef0123456789abcdef',
  tenant: 't',
  actor: 's/user:u',
  sender: 's',
  agentName: 'codex',
  sessionId: 'one',
  time: 1_800_000_000_000,
  receivedAt: 1_800_000_000_000,
  category: 'command',
  action: 'run',
  outcome: 'success',
  commandLine: 'ls',
  arguments: ['-l'],
  exitCode: -1,
  costUsd: 0.5,
  signal: 'log',
  mapping: 'codex@1',
  attributes: { a: 'b', c: '' },
};

const anything = fc.oneof(
  fc.anything(),
  fc.string({ unit: 'binary', maxLength: 700 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(
    '',
    'command',
    'success',
    '\ud800',
    'x'.repeat(64),
    'x'.repeat(65),
    'x'.repeat(1_048_577),
    2 ** 53,
    -1,
    65_536,
  ),
  fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(fc.string({ unit: 'binary' }), fc.integer())),
  fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.integer())),
);

describe('the check of an event', () => {
  it('agrees with the schema on any value of a field', () => {
    const field = fc.constantFrom(...Object.keys(AgentEvent.shape), 'another');
    fc.assert(
      fc.property(field, anything, (name, value) => {
        const event = { ...EVENT, [name]: value };
        expect(isAgentEvent(event)).toBe(AgentEvent.safeParse(event).success);
      }),
      runs(300),
    );
  });

  it('says what the schema says where a field is missing, and of what is no object', () => {
    expect(isAgentEvent(EVENT)).toBe(true);
    for (const name of Object.keys(AgentEvent.shape)) {
      const event = Object.fromEntries(Object.entries(EVENT).filter(([field]) => field !== name));
      expect(isAgentEvent(event)).toBe(AgentEvent.safeParse(event).success);
    }
    for (const value of [undefined, null, 'x', 1, [], [EVENT], new Map()]) expect(isAgentEvent(value)).toBe(false);
  });
});

describe('an event in the making', () => {
  it('has every field, and writes none of those that are not set', () => {
    expect(Object.keys(blankEvent())).toEqual(Object.keys(AgentEvent.shape));
    expect(JSON.stringify({ ...blankEvent(), action: 'run' })).toBe('{"action":"run"}');
    expect(blankEvent()).not.toBe(blankEvent());
  });
});
