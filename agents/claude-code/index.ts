/** Anthropic Claude Code. */
import type { Agent } from '../agent.ts';
import { facets } from './facets.ts';
import { mapping } from './mapping.ts';
import { setup } from './setup.ts';

export const claudeCode: Agent = {
  name: 'claude-code',
  mapping,
  setup,
  facets,
  writtenFrom: 'captures',
  namesActor: true,
  numbersRecords: true,
};
