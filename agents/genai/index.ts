/** Any program that follows OpenTelemetry's GenAI conventions; `vigil/instrument` writes them, and numbers its records. */
import type { Agent } from '../agent.ts';
import { facets } from './facets.ts';
import { mapping } from './mapping.ts';
import { setup } from './setup.ts';

export const genai: Agent = {
  name: 'genai',
  mapping,
  setup,
  facets,
  writtenFrom: 'documentation',
  namesActor: false,
  numbersRecords: true,
};
