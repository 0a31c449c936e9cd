/** The ledger, readable by anyone at `/metrics`: received = published + waiting + skipped + rejected + duplicate. */
import type { Metrics } from '../../platform/metrics.ts';
import type { OtlpSignal } from '../intake.ts';
import { imbalance } from './ledger.ts';
import type { Spool } from './spool.ts';

const SIGNALS: readonly OtlpSignal[] = ['logs', 'traces', 'metrics'];

export function watchLedger(metrics: Metrics, spool: Pick<Spool, 'ledger' | 'published' | 'sizeBytes'>): void {
  const records = metrics.gauge(
    'collector_ledger_records',
    'Input records by what became of them; for each signal received equals the sum of all other states',
    ['signal', 'state', 'reason'],
  );
  const events = metrics.gauge('collector_ledger_events', 'Events made of the accepted records', ['signal']);
  const derived = metrics.gauge(
    'collector_ledger_derived_events',
    'Those of these events that a command line implies',
    ['signal'],
  );
  const unaccounted = metrics.gauge(
    'collector_ledger_imbalance_records',
    'Records that the ledger does not account for; anything but 0 is a fault',
    ['signal'],
  );
  const size = metrics.gauge('collector_spool_bytes', 'Size of the spool on disk');
  metrics.onCollect(() => {
    const ledger = spool.ledger();
    const published = spool.published();
    for (const signal of SIGNALS) {
      const entry = ledger[signal];
      const set = (state: string, value: number, reason = ''): void => records.set({ signal, state, reason }, value);
      set('received', entry.received);
      set('published', published.records[signal]);
      set('waiting', entry.accepted - published.records[signal]);
      set('duplicate', entry.duplicate);
      for (const [reason, n] of Object.entries(entry.skipped)) set('skipped', n, reason);
      for (const [reason, n] of Object.entries(entry.rejected)) set('rejected', n, reason);
      events.set({ signal }, entry.events);
      derived.set({ signal }, entry.derived ?? 0);
      unaccounted.set({ signal }, imbalance(entry));
    }
    size.set({}, spool.sizeBytes());
  });
}
