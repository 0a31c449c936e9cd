/** What was turned away is kept as it was sent: sealed, bounded, expiring, through kills, torn ends and full disks. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataKey } from '../../platform/encryption/data-key.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import type { RejectedRequest } from './entry.ts';
import { DAY_MS, filesIn, findRequest, requestsIn } from './folder.ts';
import { type Quarantine, type QuarantineOptions, openQuarantine } from './quarantine.ts';

const key = createDataKey(randomBytes(32));
const folders: string[] = [];
const open: Quarantine[] = [];
afterEach(async () => {
  for (const quarantine of open.splice(0)) await quarantine.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-quarantine-'));
  folders.push(folder);
  return folder;
}

function start(folder: string, options: Partial<QuarantineOptions> = {}) {
  const metrics = createMetrics();
  const all = { folder, key, maxBytes: 1e9, days: 30, reserveBytes: 0, now: Date.now, log: silentLog, metrics };
  const quarantine = openQuarantine({ ...all, ...options });
  open.push(quarantine);
  const count = async (name: string): Promise<number> => {
    const text = await metrics.exposition();
    return Number(new RegExp(`^collector_quarantine_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  return { quarantine, count };
}

const rejected = (text: string, fields: Partial<RejectedRequest> = {}): RejectedRequest => ({
  origin: { tenant: 'acme', sender: 'laptop', actor: 'ada', agents: ['codex'] },
  signal: 'logs',
  encoding: 'json',
  receivedAt: Date.now(),
  body: Buffer.from(text),
  reasons: new Map([['malformed_record', 2]]),
  rejectedRanges: { ranges: [[3, 4, 'malformed_record']], more: 0 },
  ...fields,
});

async function kept(quarantine: Quarantine, each: RejectedRequest): Promise<string> {
  const { id, done } = quarantine.keep(each);
  await done;
  if (id === undefined) throw new Error('not kept');
  return id;
}

const bytesOf = (folder: string): Buffer => Buffer.concat(filesIn(folder).map(({ path }) => readFileSync(path)));
const bodyOf = (folder: string, id: string): string => findRequest(folder, key, id, 0).content.body.toString();

describe('the quarantine', () => {
  it('gives back what was sent, whose it was and what was turned away of it; the file shows nothing of it', async () => {
    const folder = newFolder();
    const { quarantine } = start(folder);
    const ids = await Promise.all(
      ['planted one', 'planted two', ''].map((text) =>
        kept(quarantine, rejected(text, { receivedAt: 5 + text.length })),
      ),
    );
    expect(requestsIn(folder, 0).map(({ id }) => id)).toEqual(ids);
    expect(requestsIn(folder, 0)[0]).toMatchObject({
      tenant: 'acme',
      sender: 'laptop',
      actor: 'ada',
      agents: ['codex'],
      receivedAt: 16,
      sizeBytes: 11,
      reasons: { malformed_record: 2 },
    });
    const found = findRequest(folder, key, ids[1] ?? '', 0);
    expect(found.content).toEqual({ body: Buffer.from('planted two'), ranges: [[3, 4, 'malformed_record']], more: 0 });
    expect(bytesOf(folder).includes('planted')).toBe(false);
    await quarantine.noteReplay(ids[1] ?? '', ['a', 'b']);
    expect(findRequest(folder, key, ids[1] ?? '', 0).replayed).toEqual(new Set(['a', 'b']));
  });

  it('is readable by its owner alone', async () => {
    const folder = newFolder();
    await kept(start(folder).quarantine, rejected('x'));
    const { mode } = await import('node:fs').then(({ statSync }) => statSync(filesIn(folder)[0]?.path ?? ''));
    expect(mode & 0o777).toBe(0o600);
  });

  it('keeps a request that is sent again once, and again when other records of it are turned away', async () => {
    const folder = newFolder();
    const { quarantine, count } = start(folder);
    const first = await kept(quarantine, rejected('x'));
    expect(await kept(quarantine, rejected('x'))).toBe(first);
    expect(await count('kept_total')).toBe(1);
    await kept(quarantine, rejected('x', { rejectedRanges: { ranges: [[0, 9, 'malformed_record']], more: 0 } }));
    expect(findRequest(folder, key, first, 0).content.ranges).toEqual([[0, 9, 'malformed_record']]);
    expect(await kept(quarantine, rejected('x', { signal: 'traces' }))).not.toBe(first);
  });

  it('is cut where a write was cut off, at any byte, and goes on', async () => {
    const folder = newFolder();
    const first = start(folder).quarantine;
    const one = await kept(first, rejected('one'));
    const path = filesIn(folder)[0]?.path ?? '';
    const before = readFileSync(path).length;
    await kept(first, rejected('two'));
    await first.close();
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length += length < before ? 13 : 1) {
      writeFileSync(path, whole.subarray(0, length));
      const again = start(folder).quarantine;
      const three = await kept(again, rejected('three'));
      expect(bodyOf(folder, three)).toBe('three');
      expect(requestsIn(folder, 0).map(({ id }) => id)).toEqual(length < before ? [three] : [one, three]);
      await again.close();
      for (const file of filesIn(folder).slice(1)) rmSync(file.path);
    }
  });

  it('does not open what stands at another place, under another head or was changed', async () => {
    const folder = newFolder();
    const { quarantine } = start(folder);
    const ids = [await kept(quarantine, rejected('aaaa')), await kept(quarantine, rejected('bbbb'))];
    await quarantine.close();
    const path = filesIn(folder)[0]?.path ?? '';
    const whole = readFileSync(path);
    const frame = (whole.length - 40) / 2;
    const [first, second] = [whole.subarray(40, 40 + frame), whole.subarray(40 + frame)];
    writeFileSync(path, Buffer.concat([whole.subarray(0, 40), second, first]));
    for (const id of ids)
      expect(() => findRequest(folder, key, id, 0)).toThrow(expect.objectContaining({ code: 'QUARANTINE_BROKEN' }));
    writeFileSync(path, Buffer.from(whole.toString('latin1').replace('laptop', 'deskto'), 'latin1'));
    expect(() => findRequest(folder, key, ids[0] ?? '', 0)).toThrow(
      expect.objectContaining({ code: 'QUARANTINE_BROKEN' }),
    );
    expect(bodyOf(folder, ids[1] ?? '')).toBe('bbbb');
  });

  it('says that it was written with another key, and touches nothing', async () => {
    const folder = newFolder();
    const { quarantine } = start(folder);
    const id = await kept(quarantine, rejected('x'));
    await quarantine.close();
    const before = bytesOf(folder);
    const wrong = createDataKey(randomBytes(32));
    expect(() => start(folder, { key: wrong })).toThrow(/was written with another key/);
    expect(() => findRequest(folder, wrong, id, 0)).toThrow(/was written with another key/);
    expect(bytesOf(folder)).toEqual(before);
  });

  it('stays within its bytes: the oldest go first, counted', async () => {
    const folder = newFolder();
    const { quarantine, count } = start(folder, { maxBytes: 400_000 });
    const ids: string[] = [];
    for (let n = 0; n < 60; n += 1) {
      ids.push(await kept(quarantine, rejected(`${n} ${'x'.repeat(20_000)}`)));
      expect(bytesOf(folder).length).toBeLessThanOrEqual(400_000);
    }
    const left = requestsIn(folder, 0).map(({ id }) => id);
    expect(left.length).toBeGreaterThan(10);
    expect(ids.slice(-left.length)).toEqual(left);
    expect(await count('dropped_total{reason="bytes"}')).toBe(60 - left.length);
    // Of what went, the same may come again.
    expect(bodyOf(folder, await kept(quarantine, rejected(`0 ${'x'.repeat(20_000)}`)))).toMatch(/^0 x/);
    // One that is alone too large is counted, and drops nobody.
    const had = requestsIn(folder, 0).length;
    expect(quarantine.keep(rejected('x'.repeat(500_000))).id).toBeUndefined();
    expect([await count('failed_total{reason="too_large"}'), requestsIn(folder, 0).length]).toEqual([1, had]);
  });

  it('forgets what is too old: at once for who asks, on the disk with its file', async () => {
    const folder = newFolder();
    let now = Date.now();
    const first = start(folder, { now: () => now }).quarantine;
    const id = await kept(first, rejected('old', { receivedAt: now }));
    expect(first.find(id).content.body.toString()).toBe('old');
    now += 31 * DAY_MS;
    expect(() => first.find(id)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    const young = await kept(first, rejected('young', { receivedAt: now }));
    expect(filesIn(folder)).toHaveLength(2);
    await first.close();
    utimesSync(filesIn(folder)[1]?.path ?? '', now / 1000, now / 1000);
    const { count } = start(folder, { now: () => now });
    expect(requestsIn(folder, 0).map((each) => each.id)).toEqual([young]);
    expect(await count('dropped_total{reason="age"}')).toBe(1);
  });

  it('counts what it cannot keep, and keeps again when it can', async () => {
    const folder = newFolder();
    const full = start(folder, { reserveBytes: Number.MAX_SAFE_INTEGER });
    expect(full.quarantine.keep(rejected('x')).id).toBeUndefined();
    expect([await full.count('failed_total{reason="disk"}'), bytesOf(folder).length]).toEqual([1, 0]);
    await full.quarantine.close();
    const { quarantine, count } = start(folder);
    rmSync(folder, { recursive: true });
    await quarantine.keep(rejected('x')).done;
    expect((await count('failed_total{reason="disk"}')) + (await count('failed_total{reason="write"}'))).toBe(1);
    const { mkdirSync } = await import('node:fs');
    mkdirSync(folder);
    expect(bodyOf(folder, await kept(quarantine, rejected('y')))).toBe('y');
  });

  it('leaves files alone that are not its own', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, '00000007.quarantine'), 'something else, and longer than the head of a file of ours is');
    const { quarantine } = start(folder);
    const id = await kept(quarantine, rejected('x'));
    expect(readdirSync(folder).sort()).toEqual(['00000007.quarantine', '00000008.quarantine']);
    expect(requestsIn(folder, 0).map((each) => each.id)).toEqual([id]);
    truncateSync(join(folder, '00000008.quarantine'), 3);
    expect(requestsIn(folder, 0)).toEqual([]);
  });
});
