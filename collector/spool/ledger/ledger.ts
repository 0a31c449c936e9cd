/**
 * Accounts for every input record, per tenant, sender and signal. Pure. At any instant and after any crash:
 *
 *     received = accepted + skipped + rejected + duplicate
 *     accepted = published + waiting + refused + lost
 *
 * Every count only grows, so that of two states of an account the one with more is the later.
 */
import { total } from '../../../schemas/records/pipeline-account.ts';
import type { OtlpSignal } from '../../../schemas/otlp/request.ts';

export interface AccountId {
  readonly tenant: string;
  /** Name of the credential that sent the records. */
  readonly sender: string;
  readonly signal: OtlpSignal;
}

export type Counts = Readonly<Record<string, number>>;

/** In input records, `events` apart; reasons to counts where there are reasons. */
export interface Account extends AccountId {
  readonly received: number;
  /** Became events that were on disk before the answer. */
  readonly accepted: number;
  readonly duplicate: number;
  readonly skipped: Counts;
  readonly rejected: Counts;
  /** Accepted records whose events are on the bus. */
  readonly published: number;
  /** Accepted records with an event that the broker accepts at no size; it is among the rejects. */
  readonly refused: Counts;
  /** Accepted records that cannot be read from the disk, or that expired. */
  readonly lost: Counts;
  /** Events from the accepted records. */
  readonly events: number;
  /** Events on the bus. */
  readonly publishedEvents: number;
  /** Events refused or lost. */
  readonly droppedEvents: number;
  /** Events derived from command lines; earlier versions did not count them. */
  readonly derivedEvents: number;
  readonly publishedDerivedEvents: number;
  readonly droppedDerivedEvents: number;
}

export interface LedgerEntry extends AccountId {
  readonly received: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly skipped: ReadonlyMap<string, number>;
  readonly rejected: ReadonlyMap<string, number>;
  readonly events: number;
  /** Events derived from command lines. */
  readonly derived: number;
}

/** A part of the accepted: input records, their events, and how many of these are derived from command lines. */
export interface Part {
  readonly records: number;
  readonly events: number;
  readonly derived: number;
}

export interface Ledger {
  add(entry: LedgerEntry): void;
  published(id: AccountId, part: Part): void;
  refused(id: AccountId, reason: string, part: Part): void;
  lost(id: AccountId, reason: string, part: Part): void;
  /** All accounts, as they would be with these entries too. */
  accounts(and?: readonly LedgerEntry[]): readonly Account[];
  accountOf(id: AccountId): Account;
}

export function createLedger(known: readonly Account[]): Ledger {
  const accounts = new Map(known.map((account) => [keyOf(account), complete(account)]));
  const accountOf = (id: AccountId): Account => accounts.get(keyOf(id)) ?? newAccount(id);
  const put = (account: Account): void => void accounts.set(keyOf(account), account);
  return {
    add: (entry) => put(added(accountOf(entry), entry)),
    published: (id, { records, events, derived }) => {
      const account = accountOf(id);
      put({
        ...account,
        published: account.published + records,
        publishedEvents: account.publishedEvents + events,
        publishedDerivedEvents: account.publishedDerivedEvents + derived,
      });
    },
    refused: (id, reason, part) => {
      const account = dropped(accountOf(id), part);
      put({ ...account, refused: plus(account.refused, [[reason, part.records]]) });
    },
    lost: (id, reason, part) => {
      const account = dropped(accountOf(id), part);
      put({ ...account, lost: plus(account.lost, [[reason, part.records]]) });
    },
    accounts: (and = []) => {
      if (and.length === 0) return [...accounts.values()];
      const later = createLedger([...accounts.values()]);
      for (const entry of and) later.add(entry);
      return later.accounts();
    },
    accountOf,
  };
}

export function keyOf({ tenant, sender, signal }: AccountId): string {
  return `${signal}\0${tenant}\0${sender}`;
}

export function newAccount({ tenant, sender, signal }: AccountId): Account {
  const none = { received: 0, accepted: 0, duplicate: 0, skipped: {}, rejected: {} };
  return {
    tenant,
    sender,
    signal,
    ...none,
    published: 0,
    refused: {},
    lost: {},
    events: 0,
    publishedEvents: 0,
    droppedEvents: 0,
    derivedEvents: 0,
    publishedDerivedEvents: 0,
    droppedDerivedEvents: 0,
  };
}

/** An account as it was written down, also by a version that counted less. */
export function complete(account: AccountId & Partial<Account>): Account {
  return { ...newAccount(account), ...account };
}

/** The part of what was accepted then that is neither published nor dropped now. */
export function stillOpen(then: Account, now: Account): Part {
  return {
    records: then.accepted - now.published - total(now.refused) - total(now.lost),
    events: then.events - now.publishedEvents - now.droppedEvents,
    derived: then.derivedEvents - now.publishedDerivedEvents - now.droppedDerivedEvents,
  };
}

/** Accepted records that are neither published nor dropped. */
export function waiting({ accepted, published, refused, lost }: Account): number {
  return accepted - published - total(refused) - total(lost);
}

/** Records that the equations do not account for; anything but 0 is a broken invariant. */
export function imbalance(account: Account): number {
  const { received, accepted, duplicate, skipped, rejected } = account;
  const open = received - accepted - duplicate - total(skipped) - total(rejected);
  return open === 0 ? Math.min(0, waiting(account)) : open;
}

/** Later states of some accounts over earlier ones of all. */
export function mergeAccounts(earlier: readonly Account[], later: readonly Account[]): readonly Account[] {
  return [...new Map([...earlier, ...later].map((account) => [keyOf(account), complete(account)])).values()];
}

function added(account: Account, entry: LedgerEntry): Account {
  return {
    ...account,
    received: account.received + entry.received,
    accepted: account.accepted + entry.accepted,
    duplicate: account.duplicate + entry.duplicate,
    skipped: plus(account.skipped, entry.skipped),
    rejected: plus(account.rejected, entry.rejected),
    events: account.events + entry.events,
    derivedEvents: account.derivedEvents + entry.derived,
  };
}

function dropped(account: Account, { events, derived }: Part): Account {
  return {
    ...account,
    droppedEvents: account.droppedEvents + events,
    droppedDerivedEvents: account.droppedDerivedEvents + derived,
  };
}

function plus(before: Counts, more: Iterable<readonly [string, number]>): Counts {
  let after = before;
  for (const [reason, n] of more) if (n !== 0) after = { ...after, [reason]: (after[reason] ?? 0) + n };
  return after;
}
