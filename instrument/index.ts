/** `vigil/instrument`: the published API, documented in docs/how-to/instrument.md. */
export { createInstrument } from './instrument.ts';
export type * from './options.ts';
