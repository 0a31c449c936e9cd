/** Checks whether a ledger is complete. Pure. */
import type { PipelineLedger } from '../schemas/api/pipeline.ts';
import { type PipelineAccount, total, unaccounted } from '../schemas/records/pipeline-account.ts';

export interface Verdict {
  /** What does not add up, one sentence each. */
  readonly faults: readonly string[];
  /** What the user should know although it adds up. */
  readonly notes: readonly string[];
  /** Nothing is in progress, so waiting longer changes nothing. */
  readonly settled: boolean;
}

/** A spool with waiting records reports every few seconds. */
const SILENT_MS = 60_000;

/** @param now ms since epoch */
export function judgeLedger({ accounts, stored }: PipelineLedger, now: number): Verdict {
  const faults: string[] = [];
  const notes: string[] = [];
  if (accounts.length === 0 && stored?.removedAt === undefined) faults.push('no collector has reported any record');
  for (const account of accounts) {
    const open = unaccounted(account);
    if (open !== 0) faults.push(`${nameOf(account)}: ${open} records are not accounted for`);
    const lost = total(account.lost);
    if (lost > 0) notes.push(`${nameOf(account)}: ${lost} records are lost (${listOf(account.lost)})`);
    if (account.waiting > 0 && now - account.time > SILENT_MS)
      notes.push(
        `${nameOf(account)}: ${account.waiting} records wait in a spool that has not reported since ${new Date(account.time).toISOString()}`,
      );
  }
  const isOld = accounts.every(({ time }) => now - time > SILENT_MS);
  const missing =
    stored === undefined ? 0 : publishedEvents(accounts) - storedEvents(stored) - repeatsIn(stored) - stored.refused;
  const comparable = stored?.removedAt === undefined && stored?.retentionDays === undefined;
  if (stored?.removedAt !== undefined)
    notes.push(
      `data of this tenant was removed at ${new Date(stored.removedAt).toISOString()}: what is stored cannot be compared with what was published`,
    );
  else if (stored?.retentionDays !== undefined)
    notes.push(
      `events are deleted after ${stored.retentionDays} days: what is stored cannot be compared with what was published`,
    );
  else if (missing > 0) faults.push(`${missing} published events are not in the warehouse`);
  // Collectors report changes within seconds, so old events that none of them reported were not published by one.
  else if (missing < 0 && isOld) faults.push(`the warehouse holds ${-missing} events that no collector has reported`);
  // The warehouse may have refused some of them.
  const missingDerived =
    stored === undefined
      ? 0
      : publishedDerived(accounts) - storedDerived(stored) - (stored.repeats?.derived ?? 0) - stored.refused;
  if (comparable && missing <= 0 && missingDerived > 0)
    faults.push(`${missingDerived} published events that are derived from command lines are not in the warehouse`);
  const isOnItsWay =
    (comparable && missing < 0) || accounts.some(({ waiting, time }) => waiting > 0 && now - time <= SILENT_MS);
  return { faults, notes, settled: faults.length === 0 && !isOnItsWay };
}

/** Formats a line for each account, then the verdict. */
export function textOf({ accounts, stored }: PipelineLedger, { faults, notes }: Verdict): string {
  const lines = accounts.map((account) => {
    const { received, published, waiting, duplicate, skipped, rejected, refused, lost } = account;
    const parts = [
      `${published} published`,
      `${waiting} waiting`,
      `${total(skipped)} skipped`,
      `${total(rejected) + total(refused)} rejected`,
      `${duplicate} duplicate`,
      `${total(lost)} lost`,
    ];
    return `${nameOf(account)}: ${received} received = ${parts.join(' + ')}`;
  });
  if (stored !== undefined)
    lines.push(
      `${publishedEvents(accounts)} events published, ${storedEvents(stored)} stored, ${stored.refused} refused by the warehouse`,
    );
  if (stored !== undefined && repeatsIn(stored) > 0)
    lines.push(
      `${repeatsIn(stored)} of the published events had arrived before, in another request or from another sender: they are stored once`,
    );
  const derived = publishedDerived(accounts);
  if (stored !== undefined && derived > 0)
    lines.push(`of them derived from command lines: ${derived} published, ${storedDerived(stored)} stored`);
  lines.push(...notes.map((note) => `note: ${note}`), ...faults.map((fault) => `FAULT: ${fault}`));
  lines.push(faults.length === 0 ? 'The ledger adds up.' : 'The ledger does not add up.');
  return lines.join('\n');
}

const nameOf = ({ collector, spool, sender, signal }: PipelineAccount): string =>
  `${collector} (spool ${spool}) ${sender} ${signal}`;
const listOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([reason, n]) => `${n} ${reason}`)
    .join(', ');
const publishedEvents = (accounts: readonly PipelineAccount[]): number =>
  accounts.reduce((all, account) => all + account.publishedEvents, 0);
const storedEvents = ({ bySender }: NonNullable<PipelineLedger['stored']>): number =>
  bySender.reduce((all, { events }) => all + events, 0);
const repeatsIn = ({ repeats }: NonNullable<PipelineLedger['stored']>): number => repeats?.events ?? 0;
const publishedDerived = (accounts: readonly PipelineAccount[]): number =>
  accounts.reduce((all, { publishedDerivedEvents = 0 }) => all + publishedDerivedEvents, 0);
/** Counts all of them if the audit API does not report them separately. */
const storedDerived = ({ bySender }: NonNullable<PipelineLedger['stored']>): number =>
  bySender.reduce((all, { events, derived = events }) => all + derived, 0);
