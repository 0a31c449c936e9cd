/** How long a batch that failed waits before it comes again; the same on both buses. */
import { doublingPauses } from '../retry.ts';

export const batchPauses = doublingPauses(100, 5_000);
