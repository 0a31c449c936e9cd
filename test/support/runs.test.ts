import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_RUNS } from './runs.ts';

it('decides how often a property is tried that names no count', () => {
  let tried = 0;
  fc.assert(fc.property(fc.nat(), () => (tried += 1) > 0));
  expect(tried).toBe(DEFAULT_RUNS);
});
