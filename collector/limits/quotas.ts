/**
 * Quotas of senders and of the actors behind a sender: requests, bytes and records per minute. The cost of a request is known
 * only after it was read and mapped, so each limit is an account that fills evenly and may be overdrawn by one request.
 * A sender or actor in debt waits until it is repaid. This keeps the rate, accepts a request larger than a minute's quota,
 * and accepts none in part. Pure: the clock is a parameter.
 */
import type { Client, Quota } from '../../access/client.ts';
import { Refusal } from '../refusal.ts';

/** The share of one actor in a request. */
export interface ActorShare {
  readonly actor: string;
  readonly records: number;
  /** Size of the events as published. */
  readonly lines: string;
}

/** One request in progress. */
export interface Charge {
  /** Size of the body, decompressed. */
  bytes(count: number): void;
  /**
   * Charges the records of a decoded request; called before any of it is kept.
   *
   * @throws Refusal `quota` when one of the actors is in debt; then the request counts for no actor
   */
  records(count: number, shares: readonly ActorShare[]): void;
  /** Called if the request was not accepted after all. Bytes and records are refunded, the attempt is not. */
  undo(): void;
}

export interface Quotas {
  /** @throws Refusal `quota` naming the limit, with the time to retry */
  admit(client: Client): Charge;
}

interface Account {
  /** Balance in units of the limit; requests are accepted from 1 on. */
  level: number;
  /** ms */
  at: number;
}

const MINUTE_MS = 60_000;
/** Full accounts are deleted at this number of accounts, and then at twice the number that remained. */
const ACCOUNTS = 10_000;
const LIMITS = { requests: 'requestsPerMinute', bytes: 'bytesPerMinute', records: 'recordsPerMinute' } as const;
type Limit = keyof typeof LIMITS;
const NAMES = Object.keys(LIMITS) as Limit[];

/** @param now ms, of a clock that only goes forward */
export function createQuotas(now: () => number): Quotas {
  const accounts = createAccounts(now);
  return {
    admit: (client) => {
      const { tenant, sender, quota = NONE, actorQuota } = client;
      const key = `${tenant}/${sender}`;
      accounts.assertSolvent(key, quota, 'sender');
      accounts.charge(key, quota, { requests: 1 });
      const charged: (() => void)[] = [];
      const charge = (of: string, by: Quota, cost: Cost): void => {
        accounts.charge(of, by, cost);
        charged.push(() => accounts.charge(of, by, negated(cost)));
      };
      return {
        bytes: (bytes) => charge(key, quota, { bytes }),
        records: (records, shares) => {
          if (actorQuota !== undefined) {
            const costs = costsOf(shares);
            const keyOf = (actor: string): string => `${key}\0${actor}`;
            for (const actor of costs.keys()) accounts.assertSolvent(keyOf(actor), actorQuota, 'actor');
            for (const [actor, cost] of costs) charge(keyOf(actor), actorQuota, cost);
          }
          charge(key, quota, { records });
        },
        undo: () => {
          for (const giveBack of charged.splice(0)) giveBack();
        },
      };
    },
  };
}

const NONE: Quota = {};
type Cost = Partial<Record<Limit, number>>;

function costsOf(shares: readonly ActorShare[]): ReadonlyMap<string, Cost> {
  const costs = new Map<string, Record<Limit, number>>();
  for (const { actor, records, lines } of shares) {
    const cost = costs.get(actor) ?? { requests: 1, bytes: 0, records: 0 };
    cost.bytes += Buffer.byteLength(lines);
    cost.records += records;
    costs.set(actor, cost);
  }
  return costs;
}

function createAccounts(now: () => number) {
  const accounts = new Map<string, Account>();
  let sweepAt = ACCOUNTS;
  /** An account that is not in debt fills within a minute. */
  const sweep = (): void => {
    for (const [key, { level, at }] of accounts) if (level >= 0 && now() - at >= MINUTE_MS) accounts.delete(key);
    sweepAt = Math.max(ACCOUNTS, 2 * accounts.size);
  };
  /** Fills the account up to now; a changed limit applies from now on. */
  const account = (key: string, perMinute: number): Account => {
    let found = accounts.get(key);
    if (found === undefined) {
      if (accounts.size >= sweepAt) sweep();
      accounts.set(key, (found = { level: perMinute, at: now() }));
    }
    const elapsedMs = Math.max(0, now() - found.at);
    found.level = Math.min(perMinute, found.level + (elapsedMs * perMinute) / MINUTE_MS);
    found.at = now();
    return found;
  };
  return {
    /** @throws Refusal `quota` */
    assertSolvent: (key: string, quota: Quota, whose: 'sender' | 'actor'): void => {
      for (const limit of NAMES) {
        const perMinute = quota[LIMITS[limit]];
        if (perMinute === undefined) continue;
        const { level } = account(`${key}\0${limit}`, perMinute);
        if (level >= 1) continue;
        const waitMs = ((1 - level) * MINUTE_MS) / perMinute;
        throw new Refusal('quota', `the ${whose} has used up its ${perMinute} ${limit} per minute`, {
          limit: whose === 'sender' ? limit : `actor_${limit}`,
          retryAfterSeconds: Math.ceil(waitMs / 1000),
        });
      }
    },
    charge: (key: string, quota: Quota, cost: Cost): void => {
      for (const limit of NAMES) {
        const [perMinute, amount] = [quota[LIMITS[limit]], cost[limit]];
        if (perMinute !== undefined && amount !== undefined) account(`${key}\0${limit}`, perMinute).level -= amount;
      }
    },
  };
}

function negated(cost: Cost): Cost {
  return Object.fromEntries(Object.entries(cost).map(([limit, amount]) => [limit, -amount]));
}
