import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { TopicSpec } from '../bus.ts';
import { gather, until } from '../test-support/gathering.ts';
import { type EmbeddedBus, createEmbeddedBus } from './embedded-bus.ts';
import { MetaStore } from './meta-store.ts';
import { encodeRecord } from './message-encoding.ts';

const HOUR = 3_600_000;
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

interface Opened {
  readonly bus: EmbeddedBus;
  readonly path: string;
  /** Advances the clock. */
  readonly pass: (ms: number) => void;
  readonly publish: (count: number, valueBytes?: number) => Promise<void>;
  readonly segments: () => readonly string[];
}

async function open(spec: Partial<TopicSpec>, segmentBytes = 50_000): Promise<Opened> {
  const path = mkdtempSync(join(tmpdir(), 'vigil-bus-'));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  let now = Date.UTC(2026, 0, 1);
  const bus = await createEmbeddedBus({ path, segmentBytes, now: () => now, leaseMs: 1e15, pollMs: 20 });
  undo.push(() => bus.close());
  await bus.ensureTopics([{ name: 't', partitions: 1, cleanup: 'delete', ...spec }]);
  const segments = (): readonly string[] =>
    readdirSync(join(path, 'topics', 't'))
      .filter((name) => name.endsWith('.mdb'))
      .sort();
  return {
    bus,
    path,
    pass: (ms) => (now += ms),
    publish: (count, valueBytes = 1_000) =>
      bus.publish(
        Array.from({ length: count }, (_, index) => ({
          topic: 't',
          key: `k${index}`,
          value: Buffer.alloc(valueBytes, 1),
        })),
      ),
    segments,
  };
}

const range = async (bus: EmbeddedBus): Promise<readonly [number, number]> => {
  const [found] = await bus.offsets('t');
  return [found?.earliest ?? -1, found?.next ?? -1];
};

describe('retention', () => {
  it('of an existing topic follows the setting', async () => {
    const { bus, path, publish } = await open({ retentionMs: 168 * HOUR });
    await publish(10);
    await bus.close();
    const again = await createEmbeddedBus({ path, now: () => Date.UTC(2026, 0, 3), pollMs: 20 });
    undo.push(() => again.close());
    again.sweep();
    expect(await range(again)).toEqual([0, 10]);
    await again.close();
    const shorter = await createEmbeddedBus({ path, now: () => Date.UTC(2026, 0, 3), pollMs: 20 });
    undo.push(() => shorter.close());
    await shorter.ensureTopics([{ name: 't', partitions: 5, cleanup: 'delete', retentionMs: HOUR }]);
    shorter.sweep();
    expect(await range(shorter)).toEqual([10, 10]);
    expect(await shorter.partitionsOf('t')).toBe(1);
  });

  it('by time deletes old messages, keeps newer ones, and seals an old segment', async () => {
    const { bus, pass, publish, segments } = await open({ retentionMs: 10 * HOUR });
    await publish(10);
    pass(9 * HOUR);
    bus.sweep();
    expect(await range(bus)).toEqual([0, 10]);
    await publish(5);
    expect(segments()).toHaveLength(2);
    pass(1.5 * HOUR);
    bus.sweep();
    expect(await range(bus)).toEqual([10, 15]);
    expect(segments()).toEqual(['000000000002.mdb', '000000000003.mdb']);
    pass(20 * HOUR);
    bus.sweep();
    expect(await range(bus)).toEqual([15, 15]);
    expect(segments()).toHaveLength(1);
    await publish(1);
    expect(await range(bus)).toEqual([15, 16]);
  });

  it('by size deletes whole files, oldest first, as soon as the topic is too large', async () => {
    const { bus, path, publish, segments } = await open({ retentionBytes: 400_000 });
    for (let round = 0; round < 30; round += 1) await publish(50);
    bus.sweep();
    const bytes = segments().reduce((sum, name) => sum + statSync(join(path, 'topics', 't', name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(400_000);
    const [earliest, next] = await range(bus);
    expect(next).toBe(1_500);
    expect(earliest).toBeGreaterThan(1_000);
    expect(earliest).toBeLessThan(1_500);
    let first: number | undefined;
    let count = 0;
    await bus.readAll({ topic: 't', partition: 0 }, (messages) => {
      first ??= messages[0]?.offset;
      count += messages.length;
    });
    expect([first, count]).toEqual([earliest, next - earliest]);
  });

  it('without limits deletes nothing', async () => {
    const { bus, pass, publish } = await open({});
    for (let round = 0; round < 5; round += 1) await publish(60);
    pass(1_000 * HOUR);
    bus.sweep();
    expect(await range(bus)).toEqual([0, 300]);
  });

  it('reports to a group what it lost', async () => {
    const { bus, pass, publish } = await open({ retentionMs: HOUR });
    await publish(100);
    const gaps: unknown[] = [];
    const first = await gather(bus, { group: 'g', topics: ['t'], maxBytes: 10_000 });
    await until('the first hundred are read', () => first.messages.length === 100);
    await first.stop();
    await publish(100);
    pass(3 * HOUR);
    bus.sweep();
    await publish(10);
    const second = await gather(bus, { group: 'g', topics: ['t'], onGap: (gap) => gaps.push(gap) });
    await until('the last ten are read', () => second.messages.length === 10);
    expect(gaps).toEqual([{ topic: 't', partition: 0, from: 100, to: 200 }]);
    // A new group has lost nothing.
    const third = await gather(bus, { group: 'new', topics: ['t'], onGap: (gap) => gaps.push(gap) });
    await until('a new group reads the last ten', () => third.messages.length === 10);
    expect(gaps).toHaveLength(1);
  });

  it('reports a gap even if no message follows it', async () => {
    const { bus, pass, publish } = await open({ retentionMs: HOUR });
    await publish(10);
    const gaps: unknown[] = [];
    const held = await gather(bus, {
      group: 'g',
      topics: ['t'],
      onAssigned: () => {
        pass(3 * HOUR);
        bus.sweep();
        return Promise.resolve([{ topic: 't', partition: 0, offset: 4 }]);
      },
      onGap: (gap) => gaps.push(gap),
    });
    await until('the gap is reported', () => gaps.length > 0);
    expect(gaps).toEqual([{ topic: 't', partition: 0, from: 4, to: 10 }]);
    expect(held.messages).toEqual([]);
  });

  it('removes a deleted key of a compacted topic after a day, and never the last message of other keys', async () => {
    const { bus, pass } = await open({ cleanup: 'compact' });
    const put = (key: string, value: string) => bus.publish([{ topic: 't', key, value: Buffer.from(value) }]);
    await put('stays', '1');
    await put('goes', '2');
    await put('goes', '');
    await put('returns', '');
    await put('returns', '3');
    const keys = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      await bus.readAll({ topic: 't', partition: 0 }, (messages) => found.push(...messages.map(({ key }) => key)));
      return found;
    };
    bus.sweep();
    expect(await keys()).toEqual(['stays', 'goes', 'returns']);
    pass(25 * HOUR);
    bus.sweep();
    expect(await keys()).toEqual(['stays', 'returns']);
    await put('goes', 'again');
    expect(await keys()).toEqual(['stays', 'returns', 'goes']);
    expect(await range(bus)).toEqual([0, 6]);
  });

  it('removes the empty file that a reader creates by opening a segment while it is being deleted', async () => {
    const { bus, path, publish, segments } = await open({ retentionBytes: 200_000 });
    for (let round = 0; round < 10; round += 1) await publish(50);
    bus.sweep();
    expect(segments()[0]).not.toBe('000000000001.mdb');
    const before = await range(bus);
    writeFileSync(join(path, 'topics', 't', '000000000001.mdb'), '');
    expect(await range(bus)).toEqual(before);
    await publish(1);
    bus.sweep();
    expect(segments()).not.toContain('000000000001.mdb');
    expect((await range(bus))[1]).toBe(501);
  });
});

describe('the outbox', () => {
  it('of a process that died between its commit and the topic is moved to the topic once, in order', async () => {
    const { bus, path, publish } = await open({});
    await publish(2);
    const meta = MetaStore.open(path);
    const topic = meta.topic('t');
    if (topic === undefined) throw new Error('no topic');
    const entry = (value: string) => ({ partition: 0, record: encodeRecord({ key: 'k', value: Buffer.from(value) }) });
    meta.transact(() => meta.putOutbox(topic, [entry('first'), entry('second')]));
    meta.transact(() => meta.putOutbox(topic, [entry('third')]));
    const [{ sequence, entries } = { sequence: 0, entries: [] }] = meta.outbox(topic);
    expect([sequence, entries.length]).toEqual([1, 2]);
    meta.close();
    const gathered = await gather(bus, { group: 'g', topics: ['t'] });
    await until('all have come', () => gathered.messages.length >= 5);
    await publish(1);
    await until('the one after them has come', () => gathered.messages.length >= 6);
    expect(gathered.texts().slice(2, 5)).toEqual(['first', 'second', 'third']);
    expect(await range(bus)).toEqual([0, 6]);
  });
});
