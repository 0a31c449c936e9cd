import { afterEach, describe, expect, it } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash128 } from '../../platform/hash.ts';
import { silentLog } from '../../platform/log.ts';
import { TOPICS } from '../../schemas/topics.ts';
import type { Identity } from '../../agents/mapping/mapping.ts';
import type { ActorAssignment } from './actors/actors.ts';
import type { Append } from './group-commit.ts';
import { type Account, complete, imbalance, newAccount, waiting } from './ledger/ledger.ts';
import { SEQUENCE_STEP, type SpooledEntry } from './segments/segment-list.ts';
import { type Spool, type SpoolOptions, openSpool } from './spool.ts';

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
const append = (n: number, padding = 0, sender = 'laptop'): Append => ({
  entries: [
    {
      header: { topic: TOPICS.events, key: 'tenant/actor', count: 1, sender, signal: 'logs', records: 1 },
      value: lineOf(n, padding),
    },
  ],
  ledger: {
    tenant: 'tenant',
    sender,
    signal: 'logs',
    received: 3,
    accepted: 1,
    duplicate: 0,
    skipped: new Map([['internal', 1]]),
    rejected: new Map([['missing_session', 1]]),
    events: 1,
    derived: 0,
  },
});
const laptop = { tenant: 'tenant', sender: 'laptop' };
const textsOf = (entries: readonly SpooledEntry[]): string[] => entries.map(({ value }) => value.toString('utf8'));
/** Returns the waiting entries without publishing them. */
const textOf = (spool: Spool): string[] => textsOf(spool.next(1e9));
const accountOf = (spool: Spool, signal = 'logs', sender = 'laptop'): Account =>
  spool.ledger().find((account) => account.signal === signal && account.sender === sender) ??
  newAccount({ tenant: 'tenant', sender, signal: 'logs' });

describe('the spool', () => {
  it('keeps concurrent appends in order, in ascending sequence', async () => {
    const spool = start(folder());
    await Promise.all(Array.from({ length: 50 }, (_, n) => spool.append(append(n))));
    const entries = spool.next(1e9);
    expect(entries.map(({ value }) => value.toString('utf8'))).toEqual(Array.from({ length: 50 }, (_, n) => lineOf(n)));
    expect(entries.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 50 }, (_, n) => (n + 1) * SEQUENCE_STEP),
    );
  });

  it('continues after a restart with the same id, the next sequence, the same ledger and the same published entries', async () => {
    const path = folder();
    const before = start(path);
    for (let n = 0; n < 5; n += 1) await before.append(append(n));
    before.markPublished(before.next(1e9).slice(0, 2));
    const { id } = before;
    await before.close();
    open.pop();
    const after = start(path);
    expect(after.id).toBe(id);
    expect(textOf(after)).toEqual([2, 3, 4].map((n) => lineOf(n)));
    await after.append(append(5));
    expect(after.next(1e9).at(-1)?.sequence).toBe(6 * SEQUENCE_STEP);
    expect(accountOf(after)).toEqual({
      tenant: 'tenant',
      sender: 'laptop',
      signal: 'logs',
      received: 18,
      accepted: 6,
      duplicate: 0,
      skipped: { internal: 6 },
      rejected: { missing_session: 6 },
      published: 2,
      refused: {},
      lost: {},
      events: 6,
      publishedEvents: 2,
      droppedEvents: 0,
      derivedEvents: 0,
      publishedDerivedEvents: 0,
      droppedDerivedEvents: 0,
    });
    expect([imbalance(accountOf(after)), waiting(accountOf(after))]).toEqual([0, 4]);
  });

  it('recognises events of before a restart', async () => {
    const path = folder();
    const before = start(path);
    await before.append(append(1));
    await before.close();
    open.pop();
    const after = start(path);
    const { has } = after.recentIds.of(laptop);
    expect([has(idOf(1)), has(idOf(2))]).toEqual([true, false]);
  });

  it('deletes whole segments once they are published, and none before', async () => {
    const path = folder();
    const spool = start(path, { segmentBytes: 200_000 });
    for (let n = 0; n < 30; n += 1) await spool.append(append(n, 40_000));
    const segments = (): number => readdirSync(join(path, 'segments')).filter((name) => name.endsWith('.seg')).length;
    const full = segments();
    expect(full).toBeGreaterThan(4);
    expect(textOf(spool)).toHaveLength(30);
    spool.markPublished(spool.next(1e9));
    expect(segments()).toBe(2);
    await spool.append(append(31));
    expect(textOf(spool)).toEqual([lineOf(31)]);
  });

  it('refuses with a retryable error when it is full, forgets the refused ids, and keeps its entries', async () => {
    const spool = start(folder(), { maxBytes: 500_000 });
    let taken = 0;
    let refused: unknown;
    while (refused === undefined && taken < 100) {
      spool.recentIds.of(laptop).add(idOf(taken));
      await spool.append(append(taken, 30_000)).then(
        () => (taken += 1),
        (error: unknown) => (refused = error),
      );
    }
    expect(refused).toMatchObject({ code: 'SPOOL_FULL', retryable: true });
    expect(spool.refusal()).toMatch(/limit is 500000/);
    expect(textOf(spool)).toHaveLength(taken);
    expect(spool.recentIds.of(laptop).has(idOf(taken))).toBe(false);
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
        tenant: 'tenant',
        sender: 'laptop',
        signal: 'traces',
        received: 560,
        accepted: 0,
        duplicate: 0,
        skipped: new Map([['internal', 560]]),
        rejected: new Map(),
        events: 0,
        derived: 0,
      },
    });
    expect(accountOf(spool, 'traces').skipped).toEqual({ internal: 560 });
    await spool.close();
    open.pop();
    expect(accountOf(start(path), 'traces')).toMatchObject({ received: 560, skipped: { internal: 560 } });
  });

  it('deletes published entries even if that could not be written, and still accounts for them after a kill', async () => {
    const path = folder();
    const spool = start(path, { segmentBytes: 200_000 });
    for (let n = 0; n < 30; n += 1) await spool.append(append(n, 40_000));
    spool.markPublished(spool.next(1e9));
    const killed = folder();
    cpSync(path, killed, { recursive: true });
    const after = start(killed);
    const waiting = textOf(after).length;
    expect(waiting).toBeGreaterThan(0);
    expect(accountOf(after).published + waiting).toBe(30);
  });

  it('counts a published record whose event the broker did not accept as rejected', async () => {
    const path = folder();
    const spool = start(path);
    for (let n = 0; n < 3; n += 1) await spool.append(append(n));
    spool.markPublished(spool.next(1e9), { records: 1, events: 1, derived: 0 });
    const expected = { published: 2, accepted: 3, refused: { event_too_large: 1 }, rejected: { missing_session: 3 } };
    const facts = (of: Spool) => [imbalance(accountOf(of)), waiting(accountOf(of))];
    expect([accountOf(spool), facts(spool)]).toMatchObject([expected, [0, 0]]);
    await spool.close();
    open.pop();
    const again = start(path);
    expect([accountOf(again), facts(again)]).toMatchObject([expected, [0, 0]]);
  });

  it('counts events that are derived beside all events, in accounts of before too, published, refused or lost', async () => {
    const path = folder();
    let now = Date.now();
    const options = { now: () => now, maxAgeMs: 86_400_000 };
    const spool = start(path, options);
    const withDerived = (n: number): Append => {
      const { entries, ledger } = append(n);
      return {
        entries: entries.map(({ header, value }) => ({ header: { ...header, count: 3, derived: 2 }, value })),
        ledger: { ...ledger, events: 3, derived: 2 },
      };
    };
    for (let n = 0; n < 2; n += 1) await spool.append(withDerived(n));
    spool.markPublished(spool.next(1));
    spool.markPublished(spool.next(1), { records: 1, events: 1, derived: 1 });
    expect(accountOf(spool)).toMatchObject({
      events: 6,
      derivedEvents: 4,
      publishedEvents: 5,
      publishedDerivedEvents: 3,
      droppedDerivedEvents: 1,
    });
    await spool.append(withDerived(2));
    now += 43_200_000;
    await spool.append(withDerived(3));
    now += 64_800_000;
    expect(spool.next(1e6)).toHaveLength(1);
    expect(accountOf(spool)).toMatchObject({
      lost: { spool_too_old: 1 },
      events: 12,
      derivedEvents: 8,
      droppedEvents: 4,
      droppedDerivedEvents: 3,
    });
    const before = accountOf(spool);
    await spool.close();
    open.pop();
    expect(accountOf(start(path, options))).toEqual(before);

    const { derivedEvents: _, publishedDerivedEvents: __, droppedDerivedEvents: ___, ...old } = before;
    expect(complete(old)).toEqual({ ...before, derivedEvents: 0, publishedDerivedEvents: 0, droppedDerivedEvents: 0 });
  });

  it('sets aside files of another version', async () => {
    const path = folder();
    const spool = start(path);
    await spool.append(append(1));
    await spool.close();
    open.pop();
    const file = join(path, 'segments', '00000001.seg');
    writeFileSync(file, Buffer.concat([Buffer.from('VGLSPOL1'), readFileSync(file).subarray(8)]));
    const again = start(path);
    expect([textOf(again), readdirSync(join(path, 'segments'))]).toEqual([[], ['00000001.seg.broken', '00000002.seg']]);
  });

  it('keeps an account for each sender and signal', async () => {
    const path = folder();
    const spool = start(path);
    await Promise.all([
      spool.append(append(1)),
      spool.append(append(2, 0, 'runner')),
      spool.append(append(3, 0, 'runner')),
    ]);
    spool.markPublished(spool.next(1e9).slice(0, 2));
    const facts = (of: Spool) =>
      ['laptop', 'runner'].map((sender) => {
        const { received, published } = accountOf(of, 'logs', sender);
        return [received, published];
      });
    expect(facts(spool)).toEqual([
      [3, 1],
      [6, 1],
    ]);
    await spool.close();
    open.pop();
    expect(facts(start(path))).toEqual([
      [3, 1],
      [6, 1],
    ]);
  });
});

describe('a spool whose disk loses data', () => {
  /** Six segments, the last two kept as they are, in which 30 messages wait of two senders. */
  const filled = async (): Promise<string> => {
    const path = folder();
    const spool = start(path, { segmentBytes: 200_000 });
    for (let n = 0; n < 30; n += 1) await spool.append(append(n, 40_000, n % 2 === 0 ? 'laptop' : 'runner'));
    await spool.close();
    open.pop();
    return path;
  };
  const segmentsOf = (path: string): string[] =>
    readdirSync(join(path, 'segments'))
      .filter((name) => name.endsWith('.seg'))
      .sort()
      .map((name) => join(path, 'segments', name));
  /** Publishes all there is, in small batches. */
  const drain = (spool: Spool): string[] => {
    const texts: string[] = [];
    for (let batch = spool.next(100_000); batch.length > 0; batch = spool.next(100_000)) {
      texts.push(...textsOf(batch));
      spool.markPublished(batch);
    }
    return texts;
  };
  const sums = (spool: Spool) => {
    const accounts = spool.ledger();
    const sum = (of: (account: Account) => number): number => accounts.reduce((all, account) => all + of(account), 0);
    return {
      accepted: sum(({ accepted }) => accepted),
      published: sum(({ published }) => published),
      lost: sum(({ lost }) => lost['spool_broken'] ?? 0),
      waiting: sum(waiting),
      imbalance: sum(imbalance),
    };
  };

  const flip = (bytes: Buffer, at: number): Buffer => {
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    return bytes;
  };

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['a bit in the middle', (bytes) => flip(bytes, bytes.length >> 1)],
    ['a bit at the very beginning', (bytes) => flip(bytes, 0)],
    ['a bit in the state it begins with', (bytes) => flip(bytes, 20)],
    ['a page of zeros', (bytes) => bytes.fill(0, 70_000, 74_096)],
    ['the second half', (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ['all of it', (bytes) => Buffer.alloc(bytes.length)],
  ])('publishes the rest in order and counts what is lost: %s', async (_, spoil) => {
    for (const index of [0, 2, -1]) {
      const path = await filled();
      const file = segmentsOf(path).at(index) ?? '';
      writeFileSync(file, spoil(readFileSync(file)));
      const spool = start(path, { segmentBytes: 200_000 });
      const known = sums(spool).accepted;
      const texts = drain(spool);
      const all = Array.from({ length: 30 }, (_, n) => lineOf(n, 40_000));
      expect(texts).toEqual(all.filter((text) => texts.includes(text)));
      // A segment has five of them.
      expect(texts.length).toBeGreaterThanOrEqual(25);
      expect(sums(spool)).toEqual({
        accepted: known,
        published: texts.length,
        lost: known - texts.length,
        waiting: 0,
        imbalance: 0,
      });
      // The next segment records what was accepted in this one; no segment does for the last one.
      if (index !== -1) expect(known).toBe(30);
      // The spool continues, also after a restart, and counts nothing twice.
      await spool.append(append(31));
      expect(drain(spool)).toEqual([lineOf(31)]);
      const before = sums(spool);
      await spool.close();
      open.pop();
      const again = start(path, { segmentBytes: 200_000 });
      expect([drain(again), sums(again)]).toEqual([[], before]);
    }
  });
});

describe('a spool whose log is away for longer than records wait', () => {
  const DAY_MS = 86_400_000;
  const textsIn = (spool: Spool): string[] => textsOf(spool.next(1e6));

  it('expires older entries, counts them as lost by reason, logs each segment once, and publishes the rest', async () => {
    const path = folder();
    let now = Date.now();
    const said: object[] = [];
    const log = {
      ...silentLog,
      error: (message: string, fields: object = {}) => void said.push({ message, ...fields }),
    };
    const options = { now: () => now, log, maxAgeMs: 7 * DAY_MS };
    const spool = start(path, options);
    await Promise.all([spool.append(append(1)), spool.append(append(2, 0, 'runner')), spool.append(append(3))]);
    now += DAY_MS;
    // The log is away: what is asked for is not published, and by now the first three are in a segment of their own.
    expect(textsIn(spool)).toHaveLength(3);
    await spool.append(append(4));
    now += 6 * DAY_MS - 1;
    expect(textsIn(spool)).toHaveLength(4);
    now += 2;
    expect(textsIn(spool)).toEqual([lineOf(4)]);
    expect(textsIn(spool)).toEqual([lineOf(4)]);
    const lost = { tenant: 'tenant', signal: 'logs' };
    expect(said).toEqual([
      {
        message: 'records waited in the spool for too long and have expired',
        messages: 3,
        lost: [
          { ...lost, sender: 'laptop', records: 2, events: 2, derived: 0 },
          { ...lost, sender: 'runner', records: 1, events: 1, derived: 0 },
        ],
        upToSequence: 3 * SEQUENCE_STEP,
      },
    ]);
    const facts = (of: Spool) =>
      of.ledger().map((account) => [account.sender, account.lost, waiting(account), imbalance(account)]);
    const expected = [
      ['laptop', { spool_too_old: 2 }, 1, 0],
      ['runner', { spool_too_old: 1 }, 0, 0],
    ];
    expect(facts(spool)).toEqual(expected);
    await spool.close();
    open.pop();
    const again = start(path, options);
    expect([facts(again), textsIn(again)]).toEqual([expected, [lineOf(4)]]);
    again.markPublished(again.next(1e6));
    expect([said.length, facts(again)[0]]).toEqual([1, ['laptop', { spool_too_old: 2 }, 0, 0]]);
  });

  it('also expires old entries after a long downtime, and keeps all without a limit', async () => {
    const path = folder();
    let now = Date.now();
    const spool = start(path, { now: () => now });
    await spool.append(append(1));
    now += 1_000 * DAY_MS;
    await spool.append(append(2));
    expect(textsIn(spool)).toEqual([lineOf(1), lineOf(2)]);
    await spool.close();
    open.pop();
    now += 8 * DAY_MS;
    const again = start(path, { now: () => now, maxAgeMs: 7 * DAY_MS });
    await again.append(append(3));
    expect(textsIn(again)).toEqual([lineOf(3)]);
    expect(again.ledger().map(({ lost }) => lost)).toEqual([{ spool_too_old: 2 }]);
  });

  it('gives nothing up that is published in time', async () => {
    let now = Date.now();
    const spool = start(folder(), { now: () => now, maxAgeMs: 7 * DAY_MS });
    for (let n = 0; n < 30; n += 1) {
      await spool.append(append(n));
      now += 5 * DAY_MS;
      spool.markPublished(spool.next(1e6));
    }
    expect(spool.ledger()).toMatchObject([{ published: 30, lost: {} }]);
  });
});

describe('the actors of sessions', () => {
  const origin = { tenant: 't', sender: 's' };
  /** A request with an accepted event for each of these sessions; not kept before the next append is. */
  const assign = (spool: Spool, sessions: Readonly<Record<string, Identity>>): readonly ActorAssignment[] => {
    const request = spool.actors.request(origin);
    for (const [sessionId, identity] of Object.entries(sessions))
      request.assign(sessionId, request.actorOf(sessionId, identity));
    return request.assignments();
  };
  const actorIn = (spool: Spool, sessionId: string, identity: Identity, of = origin): string =>
    spool.actors.request(of).actorOf(sessionId, identity);

  it('keep the first identity of a session, also across a restart and for records that name nobody', async () => {
    const path = folder();
    const spool = start(path);
    const assignments = assign(spool, {
      one: { host: 'h' },
      two: { account: 'a', user: 'u', install: 'i', host: 'h' },
    });
    expect(assignments.map(({ actor }) => actor)).toEqual(['s/host:h', 's/account:a']);
    await spool.append({ ...append(1), assignments });
    expect(actorIn(spool, 'one', { account: 'a' })).toBe('s/host:h');
    await spool.close();
    open.pop();
    const again = start(path);
    expect(actorIn(again, 'one', {})).toBe('s/host:h');
    expect(actorIn(again, 'one', {}, { tenant: 'other', sender: 's' })).toBe('s/sender');
  });

  it.each([
    { name: 'in one segment', segmentBytes: 1e6 },
    { name: 'in many segments', segmentBytes: 1_000 },
  ])('are known after a kill, their entries $name', async ({ segmentBytes }) => {
    const path = folder();
    const spool = start(path, { segmentBytes });
    for (let n = 0; n < 20; n += 1) {
      const assignments = assign(spool, { [`session-${n}`]: { user: `user-${n}` } });
      const value = JSON.stringify({ eventId: idOf(n), sessionId: `session-${n}`, text: 'x'.repeat(300) });
      const header = {
        topic: TOPICS.events,
        key: `t/s/user:user-${n}`,
        count: 1,
        sender: 's',
        signal: 'logs',
        records: 1,
      } as const;
      await spool.append({ ...append(n), entries: [{ header, value }], assignments });
      if (n === 15) spool.markPublished(spool.next(1e9));
    }
    const left = folder();
    cpSync(path, left, { recursive: true });
    const again = start(left, { segmentBytes });
    for (let n = 0; n < 20; n += 1) expect(actorIn(again, `session-${n}`, {})).toBe(`s/user:user-${n}`);
  });

  it('are not read back from entries that are there already, also when no session of theirs was new', async () => {
    const path = folder();
    const spool = start(path, { segmentBytes: 1_000 });
    for (let n = 0; n < 20; n += 1) await spool.append(append(n, 300));
    expect(spool.actors.keptTo()).toBeGreaterThan(15 * SEQUENCE_STEP);
    await spool.close();
    open.pop();
    expect(start(path).actors.keptTo()).toBe(20 * SEQUENCE_STEP);
  });

  it('are not decided by a request that is not kept', () => {
    const spool = start(folder());
    assign(spool, { one: { host: 'h' } });
    expect(actorIn(spool, 'one', { account: 'a' })).toBe('s/account:a');
  });

  it('are the same for requests that are accepted before the first one is on disk', async () => {
    const spool = start(folder());
    const first = spool.append({ ...append(1), assignments: assign(spool, { one: { host: 'h' } }) });
    expect(actorIn(spool, 'one', { account: 'a' })).toBe('s/host:h');
    await first;
  });

  it('come from the credential, not from a record, except in sessions that already have one', async () => {
    const spool = start(folder());
    const byCredential = { ...origin, actor: 'ada' };
    await spool.append({ ...append(1), assignments: assign(spool, { before: { user: 'eve' } }) });
    expect(actorIn(spool, 'one', { account: 'eve' }, byCredential)).toBe('ada');
    expect(actorIn(spool, 'two', {}, byCredential)).toBe('ada');
    expect(actorIn(spool, 'before', {}, byCredential)).toBe('s/user:eve');
  });

  it('stand by a hash where a name is longer than names are', () => {
    const long = actorIn(start(folder()), 'one', { account: 'x'.repeat(100_000) });
    expect(long).toMatch(/^s\/account:x{32}…[0-9a-f]{32}$/);
  });

  it('are capped for each sender, also across requests and restarts, until they are forgotten', async () => {
    const path = folder();
    let now = Date.now();
    const spool = start(path, { now: () => now });
    const people = (from: number, to: number): Record<string, Identity> =>
      Object.fromEntries(
        Array.from({ length: to - from }, (_, n) => [`session-${from + n}`, { user: `user-${from + n}` }]),
      );
    const first = assign(spool, people(0, 6_000));
    const one = spool.append({ ...append(1), assignments: first });
    const second = assign(spool, people(6_000, 10_500));
    await Promise.all([one, spool.append({ ...append(2), assignments: second })]);
    const actors = new Set([...first, ...second].map(({ actor }) => actor));
    expect(actors.size).toBe(10_001);
    expect(actors.has('s/overflow')).toBe(true);
    await spool.close();
    open.pop();
    const again = start(path, { now: () => now });
    expect(actorIn(again, 'other', { user: 'late' })).toBe('s/overflow');
    expect(actorIn(again, 'other', { user: 'user-1' })).toBe('s/user:user-1');
    await again.close();
    open.pop();
    now += 100 * 86_400_000;
    const muchLater = start(path, { now: () => now });
    expect(actorIn(muchLater, 'other', { user: 'late' })).toBe('s/user:late');
    expect(actorIn(muchLater, 'session-1', { user: 'renamed' })).toBe('s/user:renamed');
  });
});
