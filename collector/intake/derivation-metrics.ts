/** What was derived from command lines, at `/metrics`: beside the ledger, which knows how many there are of each sender. */
import type { Metrics } from '../../platform/metrics.ts';
import type { DerivationCounts } from './derivation.ts';

/** Registers the counters; the function counts what a request that is on disk was found to imply. */
export function watchDerivation(metrics: Metrics): (counts: DerivationCounts) => void {
  const lines = metrics.counter(
    'collector_command_lines_total',
    'Lines of commands that ran, by how they were taken apart: complete, partial, too_long (not at all)',
    ['parse'],
  );
  const events = metrics.counter('collector_derived_events_total', 'Events derived from command lines', ['category']);
  const leftOut = metrics.counter(
    'collector_derived_left_out_total',
    'Effects of command lines beyond the bound of one line, of which no event was made',
  );
  return (counts) => {
    for (const [parse, n] of counts.lines) lines.inc({ parse }, n);
    for (const [category, n] of counts.events) events.inc({ category }, n);
    if (counts.leftOut > 0) leftOut.inc({}, counts.leftOut);
  };
}
