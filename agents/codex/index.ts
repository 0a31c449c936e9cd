/** OpenAI Codex CLI. It numbers tool results only, and over all sessions of a process: a gap there may be another session's. */
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
