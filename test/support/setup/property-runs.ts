/** Sets how often fast-check tries a property that names no count, in those test files that load fast-check. */
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { DEFAULT_RUNS } from '../runs.ts';

if (readFileSync(expect.getState().testPath ?? '', 'utf8').includes("'fast-check'")) {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({ numRuns: DEFAULT_RUNS });
}
