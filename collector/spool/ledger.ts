/** What became of every input record, per signal: received = accepted + skipped + rejected + duplicate, at any instant. Pure. */
import type { OtlpSignal } from '../intake.ts';

export interface SignalLedger {
  readonly received: number;
  /** Became events and are on disk: waiting for the bus or published to it. */
  readonly accepted: number;
  readonly duplicate: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly rejected: Readonly<Record<string, number>>;
  /** Events made of the accepted records. */
  readonly events: number;
  /** Those of them that a command line implies; absent where a spool of an earlier version was taken over. */
  readonly derived?: number;
}

export type Ledger = Readonly<Record<OtlpSignal, SignalLedger>>;

const EMPTY: SignalLedger = { received: 0, accepted: 0, duplicate: 0, skipped: {}, rejected: {}, events: 0 };
export const EMPTY_LEDGER: Ledger = { logs: EMPTY, traces: EMPTY, metrics: EMPTY };

export interface LedgerEntry {
  readonly signal: OtlpSignal;
  readonly received: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly skipped: ReadonlyMap<string, number>;
  readonly rejected: ReadonlyMap<string, number>;
  readonly events: number;
  readonly derived?: number;
}

export function addToLedger(ledger: Ledger, entry: LedgerEntry): Ledger {
  const before = ledger[entry.signal];
  const derived = (before.derived ?? 0) + (entry.derived ?? 0);
  return {
    ...ledger,
    [entry.signal]: {
      received: before.received + entry.received,
      accepted: before.accepted + entry.accepted,
      duplicate: before.duplicate + entry.duplicate,
      skipped: addCounts(before.skipped, entry.skipped),
      rejected: addCounts(before.rejected, entry.rejected),
      events: before.events + entry.events,
      ...(derived === 0 ? {} : { derived }),
    },
  };
}

/** Accepted records that were rejected after all: the broker took an event of theirs at no size. */
export function refuseAccepted(ledger: Ledger, signal: OtlpSignal, reason: string, records: number): Ledger {
  const before = ledger[signal];
  return {
    ...ledger,
    [signal]: {
      ...before,
      accepted: before.accepted - records,
      rejected: addCounts(before.rejected, new Map([[reason, records]])),
    },
  };
}

function addCounts(
  before: Readonly<Record<string, number>>,
  added: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  if (added.size === 0) return before;
  const after = { ...before };
  for (const [reason, n] of added) after[reason] = (after[reason] ?? 0) + n;
  return after;
}

/** Records that the equation does not account for; anything but 0 is a broken invariant. */
export function imbalance({ received, accepted, duplicate, skipped, rejected }: SignalLedger): number {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((total, n) => total + n, 0);
  return received - accepted - duplicate - sum(skipped) - sum(rejected);
}
