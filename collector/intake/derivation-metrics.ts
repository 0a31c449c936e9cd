/** Metrics of events derived from command lines. The ledger has the counts per sender. */
import type { Metrics } from '../../platform/metrics.ts';
import type { DerivationCounts } from './derivation.ts';

/** Registers the counters. The returned function counts the derived events of a stored request. */
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
