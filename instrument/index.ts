/** `vigil/instrument`: the published API. docs/instrument.md tells how to use it. */
export { createInstrument } from './instrument.ts';
export type * from './options.ts';
