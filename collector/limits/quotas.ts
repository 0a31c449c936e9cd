/**
 * Quotas of senders and of the actors behind one: requests, bytes and records per minute. What a request costs is known
 * when it has been read and mapped, so each limit is an account that fills evenly and may be overdrawn by one request:
 * who is in debt waits until it is paid off. So the rate holds, a request larger than a minute's worth is taken too, and
 * none is taken in part. Pure: the clock is handed in.
 */
import type { Client, Quota } from '../../access/client.ts';
import { Refusal } from '../refusal.ts';

/** What one actor's events in a request are. */
export interface ActorShare {
  readonly actor: string;
  readonly records: number;
  /** Events as they will be published. */
  readonly lines: string;
}

/** One request on its way. */
export interface Charge {
  /** What it has come to, decompressed. */
  bytes(count: number): void;
  /**
   * What became of it, to be called before any of it is kept.
   *
   * @throws Refusal `quota` when one of the actors is in debt; then the request counts for no actor
   */
  records(count: number, shares: readonly ActorShare[]): void;
  /** It was not taken after all: bytes and records are given back, the attempt is not. */
  undo(): void;
}

export interface Quotas {
  /** @throws Refusal `quota` naming the limit, with the time to come again */
  admit(client: Client): Charge;
}

interface Account {
  /** In units of its limit; from 1 on it may be drawn on. */
  level: number;
  /** ms */
  at: number;
}

const MINUTE_MS = 60_000;
/** From so many accounts on, and then from twice as many as were left, those that are full again are let go. */
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
  /** A minute is enough to fill an account that is not in debt. */
  const sweep = (): void => {
    for (const [key, { level, at }] of accounts) if (level >= 0 && now() - at >= MINUTE_MS) accounts.delete(key);
    sweepAt = Math.max(ACCOUNTS, 2 * accounts.size);
  };
  /** Filled up to now; a limit that was changed counts from now on. */
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
