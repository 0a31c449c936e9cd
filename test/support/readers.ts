/** For tests that are not about who reads: as on loopback without settings. */
import { type Readers, createReaders } from '../../access/readers.ts';
import { createRegistry } from '../../access/registry.ts';

export const everybody: Readers = createReaders({
  registry: () => createRegistry([]),
  statics: [],
  isOpenTo: () => true,
  onUse: () => undefined,
  now: Date.now,
});
