/** Google Gemini CLI. */
import type { Agent } from '../agent.ts';
import { facets } from './facets.ts';
import { mapping } from './mapping.ts';
import { setup } from './setup.ts';

export const geminiCli: Agent = {
  name: 'gemini-cli',
  mapping,
  setup,
  facets,
  writtenFrom: 'captures',
  namesActor: true,
  numbersRecords: false,
};
