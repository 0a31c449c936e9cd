import { expect, it } from '@jest/globals';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { HOLDS, fieldsHolding } from '../../schemas/records/column.ts';
import { NAMES, SEARCHED, TREATED } from './event-fields.ts';
import { PERSONAL } from './privacy.ts';

it('classifies the fields of an event by their content', () => {
  const all = HOLDS.flatMap((holds) => fieldsHolding(AgentEvent, holds));
  expect([...all].sort()).toEqual(Object.keys(AgentEvent.shape).sort());
});

it('lets a policy treat every field that names a person', () => {
  expect(PERSONAL.slice(0, NAMES.length)).toEqual(NAMES);
});

it('searches every field for secrets that a policy may treat', () => {
  expect([...TREATED].filter((field) => !SEARCHED.some((searched) => searched === field))).toEqual([]);
});
