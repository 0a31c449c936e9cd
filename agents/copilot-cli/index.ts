/** GitHub Copilot CLI. */
import type { Agent } from '../agent.ts';
import { facets } from './facets.ts';
import { mapping } from './mapping.ts';
import { setup } from './setup.ts';

export const copilotCli: Agent = {
  name: 'copilot-cli',
  mapping,
  setup,
  facets,
  writtenFrom: 'documentation',
  namesActor: false,
  numbersRecords: false,
};
