/** Qwen Code, a descendant of Gemini CLI. */
import type { Agent } from '../agent.ts';
import { facets } from './facets.ts';
import { mapping } from './mapping.ts';
import { setup } from './setup.ts';

export const qwenCode: Agent = {
  name: 'qwen-code',
  mapping,
  setup,
  facets,
  writtenFrom: 'captures',
  namesActor: false,
  numbersRecords: false,
};
