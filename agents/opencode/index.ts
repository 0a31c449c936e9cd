/** OpenCode. */
import type { Agent } from '../agent.ts';
import { facets } from './facets.ts';
import { mapping } from './mapping.ts';
import { setup } from './setup.ts';

export const opencode: Agent = {
  name: 'opencode',
  mapping,
  setup,
  facets,
  writtenFrom: 'captures',
  namesActor: false,
  numbersRecords: false,
};
