/** OpenAI Codex CLI. It numbers only tool results, across all sessions of a process: a gap may belong to another session. */
import type { Agent } from '../agent.ts';
import { facets } from './facets.ts';
import { mapping } from './mapping.ts';
import { setup } from './setup.ts';

export const codex: Agent = {
  name: 'codex',
  mapping,
  setup,
  facets,
  writtenFrom: 'captures',
  namesActor: true,
  numbersRecords: false,
};
