import { expect, it } from '@jest/globals';
import { createPosition } from './position.ts';
import { SEQUENCE_STEP } from './segments/segment-list.ts';

it('reports waiting entries and what the next commit has to write', () => {
  const position = createPosition({ nextSequence: 3 * SEQUENCE_STEP, publishedSequence: 2 * SEQUENCE_STEP });
  expect([position.hasUnpublished(), position.isUnsaved()]).toEqual([false, false]);
  position.written(5 * SEQUENCE_STEP, 2 * SEQUENCE_STEP);
  expect(position.hasUnpublished()).toBe(true);
  position.publishedTo(4 * SEQUENCE_STEP);
  expect([position.hasUnpublished(), position.isUnsaved()]).toEqual([false, true]);
  position.written(5 * SEQUENCE_STEP, 4 * SEQUENCE_STEP);
  expect([position.next(), position.isUnsaved()]).toEqual([5 * SEQUENCE_STEP, false]);
});
