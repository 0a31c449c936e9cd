/** `vigil/instrument`: the published API. docs/how-to/instrument.md tells how to use it. */
export { createInstrument } from './instrument.ts';
export type * from './options.ts';
