/** Runs the bus contract on the embedded log. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from '@jest/globals';
import { createDataKey } from '../../encryption/data-key.ts';
import { busContract } from '../test-support/contract.ts';
import { createEmbeddedBus } from './embedded-bus.ts';

const SECRET = '5e'.repeat(32);
const folders: string[] = [];
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

describe.each([
  ['in plaintext', {}],
  ['encrypted', { secret: SECRET }],
] as const)('the embedded log %s', (_, { secret }: { readonly secret?: string }) => {
  const path = mkdtempSync(join(tmpdir(), 'vigil-bus-'));
  folders.push(path);
  const key = secret === undefined ? undefined : createDataKey(Buffer.from(secret, 'hex'));
  busContract({
    open: () => createEmbeddedBus({ path, segmentBytes: 100_000, leaseMs: 2_000, key }),
    place: () => ({
      kind: 'embedded',
      path,
      segmentBytes: 100_000,
      leaseMs: 2_000,
      ...(secret === undefined ? {} : { secret }),
    }),
  });
});
