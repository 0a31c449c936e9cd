/** For tests that are not about who reads: as on loopback without settings. */
import { type Readers, createReaders } from '../../platform/readers/readers.ts';
import { createRegistry } from '../../platform/tokens/registry.ts';

export const everybody: Readers = createReaders({
  registry: () => createRegistry([]),
  statics: [],
  isOpenTo: () => true,
  onUse: () => undefined,
  now: Date.now,
});
