/** The contract on the embedded log. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from '@jest/globals';
import { busContract } from '../test-support/contract.ts';
import { createEmbeddedBus } from './embedded-bus.ts';

const path = mkdtempSync(join(tmpdir(), 'vigil-bus-'));
afterAll(() => rmSync(path, { recursive: true, force: true }));

describe('the embedded log', () => {
  busContract({
    open: () => createEmbeddedBus({ path, segmentBytes: 100_000, leaseMs: 2_000 }),
    place: () => ({ kind: 'embedded', path, segmentBytes: 100_000, leaseMs: 2_000 }),
  });
});
