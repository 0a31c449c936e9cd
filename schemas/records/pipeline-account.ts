/**
 * What a collector's spool says became of every input record of one sender and signal (topic `agent.ledger.v1`, table `ledger`):
 * received = accepted + skipped + rejected + duplicate, and accepted = published + waiting + refused + lost. All counts are since
 * the spool began, and only grow.
 */
import { z } from 'zod';
import { col } from './column.ts';
import { Count, Hex16, NAME, TIME, UnixMs, text } from './scalars.ts';

const COUNTS = 'Map(LowCardinality(String), UInt64)';
const counts = z.record(z.string().min(1).max(64), Count);

export const PipelineAccount = z.strictObject({
  spool: col(Hex16, 'FixedString(16)', 'own', 'Spool that counts; a new disk is a new spool'),
  collector: col(text(256), NAME, 'own', 'Host name of the collector'),
  tenant: col(text(256), NAME, 'own', 'Owner of the data'),
  sender: col(text(256), NAME, 'own', 'Credential that the records came with'),
  signal: col(z.enum(['logs', 'traces', 'metrics']), NAME, 'own', 'OTLP signal'),
  time: col(UnixMs, TIME, 'own', 'When this was so', 'ms since epoch'),
  received: col(Count, 'UInt64', 'own', 'Input records'),
  accepted: col(Count, 'UInt64', 'own', 'Of them: became events that were on disk before the answer'),
  duplicate: col(Count, 'UInt64', 'own', 'Of them: taken before'),
  skipped: col(counts, COUNTS, 'own', 'Of them: wanted by no mapping, by reason'),
  rejected: col(counts, COUNTS, 'own', 'Of them: could not become events, by reason'),
  published: col(Count, 'UInt64', 'own', 'Of the accepted: their events are in the log'),
  waiting: col(Count, 'UInt64', 'own', 'Of the accepted: in the spool'),
  refused: col(counts, COUNTS, 'own', 'Of the accepted: the broker took an event of theirs at no size, by reason'),
  lost: col(counts, COUNTS, 'own', 'Of the accepted: the disk did not give them back, by reason'),
  events: col(Count, 'UInt64', 'own', 'Events made of the accepted records'),
  publishedEvents: col(Count, 'UInt64', 'own', 'Of these events: in the log'),
  derivedEvents: col(
    Count.optional(),
    'Nullable(UInt64)',
    'own',
    'Of the events: derived from command lines; the others are of records. Counted since a version that does',
  ),
  publishedDerivedEvents: col(Count.optional(), 'Nullable(UInt64)', 'own', 'Of the derived events: in the log'),
});
export type PipelineAccount = z.infer<typeof PipelineAccount>;

/** What the equations do not account for (input records); anything but 0 is a fault. */
export function unaccounted(account: PipelineAccount): number {
  const { received, accepted, duplicate, skipped, rejected, published, waiting, refused, lost } = account;
  const before = received - accepted - duplicate - total(skipped) - total(rejected);
  return before === 0 ? accepted - published - waiting - total(refused) - total(lost) : before;
}

/** Of all reasons together. */
export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}
