import { expect, it } from '@jest/globals';
import { ActorMessages } from './actor-messages.ts';

it('puts each record into the messages of its actors, and counts it in that of its last event', () => {
  const event = (actor: string, line: string) => ({
    actor,
    sessionId: 's',
    eventId: line,
    line,
    lineBytes: line.length,
    isDerived: false,
  });
  const messages = new ActorMessages('acme');
  messages.add([]);
  messages.add([event('ann', '1')]);
  messages.add([event('ann', '2'), event('bob', '3')]);
  expect(messages.finish()).toEqual([
    {
      tenant: 'acme',
      actor: 'ann',
      lines: '1\n2',
      events: 2,
      derived: 0,
      records: 1,
      recordEnds: [0],
      eventIds: ['1', '2'],
    },
    { tenant: 'acme', actor: 'bob', lines: '3', events: 1, derived: 0, records: 1, eventIds: ['3'] },
  ]);
});
