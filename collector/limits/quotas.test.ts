import { beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Client } from '../../access/client.ts';
import { type Quotas, createQuotas } from './quotas.ts';

let now = 0;
let quotas: Quotas;
beforeEach(() => {
  now = 0;
  quotas = createQuotas(() => now);
});
const sender = (terms: Partial<Client>): Client => ({
  tenant: 'acme',
  sender: 'laptop',
  rights: ['telemetry.write'],
  reads: [],
  isAnonymous: false,
  ...terms,
});
/** The limit that refuses it, or undefined when it is accepted. */
function attempt(work: () => void): { readonly limit?: string; readonly retryAfterSeconds?: number } | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    const { reason, limit, retryAfterSeconds } = error as Record<string, unknown>;
    expect(reason).toBe('quota');
    return { limit: String(limit), retryAfterSeconds: Number(retryAfterSeconds) };
  }
}
const share = (actor: string, records: number, lines = '') => ({ actor, records, lines });

it('bounds requests, and says when to retry', () => {
  const laptop = sender({ quota: { requestsPerMinute: 2 } });
  for (let n = 0; n < 2; n += 1) quotas.admit(laptop);
  expect(attempt(() => quotas.admit(laptop))).toEqual({ limit: 'requests', retryAfterSeconds: 30 });
  now += 29_000;
  expect(attempt(() => quotas.admit(laptop))).toEqual({ limit: 'requests', retryAfterSeconds: 1 });
  now += 1_000;
  expect(attempt(() => quotas.admit(laptop))).toBeUndefined();
  expect(attempt(() => quotas.admit(sender({ sender: 'other', quota: { requestsPerMinute: 2 } })))).toBeUndefined();
});

it('accepts a request that is larger than a minute’s worth, and lets its sender pay it off', () => {
  const laptop = sender({ quota: { bytesPerMinute: 1_000, recordsPerMinute: 100 } });
  const charge = quotas.admit(laptop);
  charge.bytes(3_000);
  charge.records(10, []);
  expect(attempt(() => quotas.admit(laptop))).toEqual({ limit: 'bytes', retryAfterSeconds: 121 });
  now += 121_000;
  quotas.admit(laptop).records(101, []);
  expect(attempt(() => quotas.admit(laptop))).toEqual({ limit: 'records', retryAfterSeconds: 2 });
});

it('returns bytes and records of a request that was not accepted', () => {
  const laptop = sender({ quota: { bytesPerMinute: 10, requestsPerMinute: 10 }, actorQuota: { recordsPerMinute: 5 } });
  for (let n = 0; n < 10; n += 1) {
    const charge = quotas.admit(laptop);
    charge.bytes(100);
    charge.records(50, [share('ada', 50)]);
    charge.undo();
    charge.undo();
  }
  expect(attempt(() => quotas.admit(laptop))).toMatchObject({ limit: 'requests' });
  now += 60_000;
  expect(attempt(() => quotas.admit(laptop).records(1, [share('ada', 1)]))).toBeUndefined();
});

it('refuses the whole request when one of its actors is over its quota, and charges no actor', () => {
  const shared = sender({ actorQuota: { recordsPerMinute: 10, bytesPerMinute: 1_000, requestsPerMinute: 5 } });
  quotas.admit(shared).records(12, [share('noisy', 11), share('noisy', 1)]);
  const mixed = [share('quiet', 10), share('noisy', 1)];
  for (let n = 0; n < 3; n += 1)
    expect(attempt(() => quotas.admit(shared).records(11, mixed))).toEqual({
      limit: 'actor_records',
      retryAfterSeconds: 18,
    });
  expect(attempt(() => quotas.admit(shared).records(1, [share('quiet', 1, 'é'.repeat(600))]))).toBeUndefined();
  expect(attempt(() => quotas.admit(shared).records(1, [share('quiet', 1)]))).toMatchObject({ limit: 'actor_bytes' });
});

it('takes another quota from now on', () => {
  quotas.admit(sender({ quota: { requestsPerMinute: 1 } }));
  expect(attempt(() => quotas.admit(sender({ quota: { requestsPerMinute: 1 } })))).toBeDefined();
  expect(attempt(() => quotas.admit(sender({})))).toBeUndefined();
  now += 60;
  expect(attempt(() => quotas.admit(sender({ quota: { requestsPerMinute: 1_000 } })))).toBeUndefined();
});

it('forgets accounts that are full, and no debt', () => {
  const shared = sender({ actorQuota: { recordsPerMinute: 1 } });
  const send = (actor: string, records: number): unknown =>
    attempt(() => quotas.admit(shared).records(records, [share(actor, records)]));
  send('debtor', 1_000);
  for (let n = 0; n < 9_999; n += 1) send(`actor-${n}`, 1);
  now += 61_000;
  send('one more', 1);
  expect(send('debtor', 1)).toMatchObject({ limit: 'actor_records' });
});

it('holds the rate for any sequence of requests', () => {
  const step = fc.record({ waitMs: fc.nat(20_000), records: fc.integer({ min: 1, max: 400 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 500 }), (steps, perMinute) => {
      let [at, taken, largest] = [0, 0, 0];
      const own = createQuotas(() => at);
      for (const { waitMs, records } of steps) {
        at += waitMs;
        try {
          own.admit(sender({ quota: { recordsPerMinute: perMinute } })).records(records, []);
          taken += records;
          largest = Math.max(largest, records);
        } catch {
          // Refused: not taken.
        }
      }
      expect(taken).toBeLessThanOrEqual(perMinute + (at * perMinute) / 60_000 + largest + 1e-6);
    }),
  );
});
