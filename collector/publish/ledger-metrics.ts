/** The ledger, readable by anyone at `/metrics`: received = published + waiting + skipped + rejected + duplicate + lost. */
import type { Metrics } from '../../platform/metrics.ts';
import { imbalance, waiting } from '../spool/ledger/ledger.ts';
import type { Spool } from '../spool/spool.ts';

export function watchLedger(metrics: Metrics, spool: Pick<Spool, 'ledger' | 'sizeBytes'>): void {
  const labels = ['signal', 'tenant', 'sender'];
  const records = metrics.gauge(
    'collector_ledger_records',
    'Input records by what became of them; for each signal and sender received equals the sum of all other states',
    ['signal', 'state', 'reason', 'tenant', 'sender'],
  );
  const events = metrics.gauge('collector_ledger_events', 'Events made of the accepted records', labels);
  const derived = metrics.gauge(
    'collector_ledger_derived_events',
    'Of the events: derived from command lines; the others are of records',
    labels,
  );
  const unaccounted = metrics.gauge(
    'collector_ledger_imbalance_records',
    'Records that the ledger does not account for; anything but 0 is a fault',
    labels,
  );
  const size = metrics.gauge('collector_spool_bytes', 'Size of the spool on disk');
  metrics.onCollect(() => {
    for (const account of spool.ledger()) {
      const { signal, tenant, sender } = account;
      const set = (state: string, value: number, reason = ''): void =>
        records.set({ signal, state, reason, tenant, sender }, value);
      set('received', account.received);
      set('published', account.published);
      set('waiting', waiting(account));
      set('duplicate', account.duplicate);
      for (const [reason, n] of Object.entries(account.skipped)) set('skipped', n, reason);
      for (const [reason, n] of [...Object.entries(account.rejected), ...Object.entries(account.refused)])
        set('rejected', n, reason);
      for (const [reason, n] of Object.entries(account.lost)) set('lost', n, reason);
      events.set({ signal, tenant, sender }, account.events);
      derived.set({ signal, tenant, sender }, account.derivedEvents);
      unaccounted.set({ signal, tenant, sender }, imbalance(account));
    }
    size.set({}, spool.sizeBytes());
  });
}
