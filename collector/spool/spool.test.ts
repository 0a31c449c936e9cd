import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash128 } from '../../platform/hash.ts';
import { silentLog } from '../../platform/log.ts';
import { imbalance } from './ledger.ts';
import { type Append, SEQUENCE_STEP, type Spool, type SpoolOptions, openSpool } from './spool.ts';

const folders: string[] = [];
const open: Spool[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'vigil-spool-'));
  folders.push(path);
  return path;
};
const start = (path: string, options: Partial<SpoolOptions> = {}): Spool => {
  const spool = openSpool({
    path,
    maxBytes: 1e9,
    reserveBytes: 0,
    segmentBytes: 64 * 1024 ** 2,
    hash128,
    now: Date.now,
    log: silentLog,
    ...options,
  });
  open.push(spool);
  return spool;
};
afterEach(async () => {
  for (const spool of open.splice(0)) await spool.close();
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

const idOf = (n: number): string => hash128(String(n));
const lineOf = (n: number, padding = 0): string => JSON.stringify({ eventId: idOf(n), text: 'x'.repeat(padding) });
const append = (n: number, padding = 0): Append => ({
  entries: [
    { header: { topic: 't', key: 'tenant/actor', count: 1, signal: 'logs', records: 1 }, value: lineOf(n, padding) },
  ],
  ledger: {
    signal: 'logs',
    received: 3,
    accepted: 1,
    duplicate: 0,
    skipped: new Map([['internal', 1]]),
    rejected: new Map([['missing_session', 1]]),
    events: 1,
  },
});
const textOf = (spool: Spool): string[] =>
  spool.read(spool.published().sequence, 1e9).map(({ value }) => value.toString('utf8'));

describe('the spool', () => {
  it('keeps what was appended at once in order, in ascending sequence', async () => {
    const spool = start(folder());
    await Promise.all(Array.from({ length: 50 }, (_, n) => spool.append(append(n))));
    const entries = spool.read(0, 1e9);
    expect(entries.map(({ value }) => value.toString('utf8'))).toEqual(Array.from({ length: 50 }, (_, n) => lineOf(n)));
    expect(entries.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 50 }, (_, n) => (n + 1) * SEQUENCE_STEP),
    );
  });

  it('goes on where it was after a restart: same id, next sequence, same ledger, what was published stays published', async () => {
    const path = folder();
    const before = start(path);
    for (let n = 0; n < 5; n += 1) await before.append(append(n));
    await before.markPublished(before.read(0, 1e9).slice(0, 2));
    const { id } = before;
    await before.close();
    open.pop();
    const after = start(path);
    expect(after.id).toBe(id);
    expect(textOf(after)).toEqual([2, 3, 4].map((n) => lineOf(n)));
    await after.append(append(5));
    expect(after.read(0, 1e9).at(-1)?.sequence).toBe(6 * SEQUENCE_STEP);
    expect(after.ledger().logs).toEqual({
      received: 18,
      accepted: 6,
      duplicate: 0,
      skipped: { internal: 6 },
      rejected: { missing_session: 6 },
      events: 6,
    });
    expect(after.published().records.logs).toBe(2);
    expect(imbalance(after.ledger().logs)).toBe(0);
  });

  it('recognises events of before a restart', async () => {
    const path = folder();
    const before = start(path);
    await before.append(append(1));
    await before.close();
    open.pop();
    const after = start(path);
    expect([after.recentIds.has(idOf(1)), after.recentIds.has(idOf(2))]).toEqual([true, false]);
  });

  it('deletes whole segments once they are published, and none before', async () => {
    const path = folder();
    const spool = start(path, { segmentBytes: 200_000 });
    for (let n = 0; n < 30; n += 1) await spool.append(append(n, 40_000));
    const segments = (): number => readdirSync(join(path, 'segments')).filter((name) => name.endsWith('.mdb')).length;
    const full = segments();
    expect(full).toBeGreaterThan(4);
    expect(textOf(spool)).toHaveLength(30);
    await spool.markPublished(spool.read(0, 1e9));
    expect(segments()).toBe(2);
    await spool.append(append(31));
    expect(textOf(spool)).toEqual([lineOf(31)]);
  });

  it('refuses with a retryable error when it is full, forgets the refused ids, and keeps what it had', async () => {
    const spool = start(folder(), { maxBytes: 500_000 });
    let taken = 0;
    let refused: unknown;
    while (refused === undefined && taken < 100) {
      spool.recentIds.add(idOf(taken));
      await spool.append(append(taken, 30_000)).then(
        () => (taken += 1),
        (error: unknown) => (refused = error),
      );
    }
    expect(refused).toMatchObject({ code: 'SPOOL_FULL', retryable: true });
    expect(spool.refusal()).toMatch(/limit is 500000/);
    expect(textOf(spool)).toHaveLength(taken);
    expect(spool.recentIds.has(idOf(taken))).toBe(false);
  });

  it('refuses when the disk has less left than the reserve', async () => {
    const spool = start(folder(), { reserveBytes: Number.MAX_SAFE_INTEGER });
    await expect(spool.append(append(1))).rejects.toMatchObject({ code: 'SPOOL_FULL' });
  });

  it('counts requests that bring nothing to keep, also across a restart', async () => {
    const path = folder();
    const spool = start(path);
    await spool.append({
      entries: [],
      ledger: {
        signal: 'traces',
        received: 560,
        accepted: 0,
        duplicate: 0,
        skipped: new Map([['internal', 560]]),
        rejected: new Map(),
        events: 0,
      },
    });
    expect(spool.ledger().traces.skipped).toEqual({ internal: 560 });
    await spool.close();
    open.pop();
    expect(start(path).ledger().traces).toMatchObject({ received: 560, skipped: { internal: 560 } });
  });

  it('keeps the first identity of a session, also across a restart and for records that name nobody', async () => {
    const path = folder();
    const origin = { tenant: 't', sender: 's' };
    const spool = start(path);
    expect(spool.actors.actorOf(origin, 'one', { host: 'h' })).toBe('s/host:h');
    expect(spool.actors.actorOf(origin, 'one', { account: 'a' })).toBe('s/host:h');
    expect(spool.actors.actorOf(origin, 'two', { account: 'a', user: 'u', install: 'i', host: 'h' })).toBe(
      's/account:a',
    );
    await spool.append(append(1));
    await spool.close();
    open.pop();
    const again = start(path);
    expect(again.actors.actorOf(origin, 'one', {})).toBe('s/host:h');
    expect(again.actors.actorOf({ tenant: 'other', sender: 's' }, 'one', {})).toBe('s/sender');
  });

  it('caps the actors a sender can make up', async () => {
    const spool = start(folder());
    const origin = { tenant: 't', sender: 's' };
    const actors = new Set<string>();
    for (let n = 0; n < 10_500; n += 1) actors.add(spool.actors.actorOf(origin, `session-${n}`, { user: `user-${n}` }));
    expect(actors.size).toBe(10_001);
    expect(actors.has('s/overflow')).toBe(true);
    await spool.actors.durable();
  });
});
