/** How many inputs a property or a loop over random input tries: `VIGIL_TEST_RUNS` times the count that a test asks for. */
const factor = Number(process.env['VIGIL_TEST_RUNS'] ?? 1);
if (!(factor >= 1)) throw new Error(`VIGIL_TEST_RUNS is ${factor}; it must be a number from 1 on`);

export const times = (count: number): number => Math.round(count * factor);

/** Parameters of `fc.assert`. */
export const runs = (count: number): { readonly numRuns: number } => ({ numRuns: times(count) });

/** The number of runs of a property that does not set one. */
export const DEFAULT_RUNS = times(30);
