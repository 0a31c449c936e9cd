/** What every bus must do, whichever implementation it is. Every test uses new names, because the log may be shared. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Bus, Message, OutgoingMessage, TopicPartition, TopicSpec } from '../bus.ts';
import { partitionFor } from '../partitioner.ts';
import { type BusProcess, type Place, startProcess } from './bus-process.ts';
import { failureOf, gather, until } from './gathering.ts';

export interface Side {
  /** Opens another bus on the same log, as another process would. */
  open(): Promise<Bus>;
  place(): Place;
}

/** The position that a consumer has reported. */
function committedTo({ reports }: BusProcess, partition: number): number {
  return Math.max(
    0,
    ...reports.map((each) => (each.event === 'committed' && each.partition === partition ? each.next : 0)),
  );
}

/** The positions possible for a consumer that was killed before it reported its last batch. */
function possibleCommits(consumer: BusProcess, partition: number): readonly number[] {
  const ends = consumer.reports.flatMap((each) =>
    each.event === 'batch' && each.partition === partition ? [each.last + 1] : [],
  );
  return [committedTo(consumer, partition), ends.at(-1) ?? 0];
}

export function busContract(side: Side): void {
  const buses: Bus[] = [];
  const processes: BusProcess[] = [];
  const folders: string[] = [];
  const open = async (): Promise<Bus> => {
    const bus = await side.open();
    buses.push(bus);
    return bus;
  };
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.kill('SIGKILL')));
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  const openWith = async (spec: Partial<TopicSpec> = {}): Promise<{ bus: Bus; topic: string; group: string }> => {
    const bus = await open();
    const topic = `t-${randomUUID()}`;
    await bus.ensureTopics([{ name: topic, partitions: 3, cleanup: 'delete', ...spec }]);
    return { bus, topic, group: `g-${randomUUID()}` };
  };
  const text = (topic: string, key: string, value: string, partition?: number): OutgoingMessage => ({
    topic,
    key,
    value: Buffer.from(value),
    ...(partition === undefined ? {} : { partition }),
  });
  const numbered = (topic: string, partition: number, count: number, from = 0): readonly OutgoingMessage[] =>
    Array.from({ length: count }, (_, index) => text(topic, '', String(from + index), partition));

  describe('messages', () => {
    it('come back as they were sent, in the order of their partition, which the key determines', async () => {
      const { bus, topic, group } = await openWith({ partitions: 5 });
      const aMessage = fc.record({
        key: fc.oneof(fc.constantFrom('', 'a', 'tenant/actor'), fc.string({ unit: 'grapheme', maxLength: 30 })),
        value: fc.uint8Array({ maxLength: 300 }),
        headers: fc.dictionary(
          fc.constantFrom('spool', 'sequence', 'count', 'x'),
          fc.string({ unit: 'grapheme', maxLength: 20 }),
        ),
      });
      const seed = Math.floor(Math.random() * 2 ** 31);
      const sent = fc.sample(fc.array(aMessage, { minLength: 200, maxLength: 300 }), { seed, numRuns: 1 })[0] ?? [];
      // Several calls at the same time, like several writers of one process.
      const calls = [0, 1, 2].map((call) => sent.filter((_, index) => index % 3 === call));
      await Promise.all(calls.map((call) => bus.publish(call.map((message) => ({ topic, ...message })))));
      const gathered = await gather(bus, { group, topics: [topic] });
      await until(
        `all ${sent.length} messages of seed ${seed} have arrived`,
        () => gathered.messages.length >= sent.length,
      );
      const plain = ({ key, value, headers }: Pick<Message, 'key' | 'headers'> & { value: Uint8Array }) =>
        JSON.stringify([key, Buffer.from(value).toString('hex'), Object.entries(headers).sort()]);
      expect(gathered.messages.map(plain).sort()).toEqual(sent.map(plain).sort());
      for (const message of gathered.messages) expect(message.partition).toBe(partitionFor(message.key, 5));
      for (let partition = 0; partition < 5; partition += 1) {
        const there = gathered.messages.filter((message) => message.partition === partition);
        expect(there.map(({ offset }) => offset)).toEqual(there.map((_, index) => index));
        for (const call of calls) {
          const expected = call.filter(({ key }) => partitionFor(key, 5) === partition).map(plain);
          const found = there.map(plain);
          // The messages of a call keep their order, even if others write in between.
          let at = -1;
          for (const one of expected) {
            at = found.indexOf(one, at + 1);
            expect({ seed, at, one }).toEqual({ seed, at: expect.any(Number), one });
          }
          expect({ seed, at }).not.toEqual({ seed, at: expected.length === 0 ? undefined : -1 });
        }
      }
      expect(Math.abs(Date.now() - (gathered.messages[0]?.timestamp ?? 0))).toBeLessThan(60_000);
    });

    it('go to the requested partition, and to no topic or partition that does not exist', async () => {
      const { bus, topic } = await openWith();
      await bus.publish(numbered(topic, 2, 4));
      expect((await bus.offsets(topic)).map(({ next }) => next)).toEqual([0, 0, 4]);
      expect(await bus.partitionsOf(topic)).toBe(3);
      expect(await failureOf(bus.publish(numbered(topic, 3, 1)))).toMatchObject({
        code: 'BUS_NO_PARTITION',
        retryable: false,
      });
      expect(await failureOf(bus.publish([text('no-such-topic', '', '')]))).toMatchObject({
        code: 'BUS_UNKNOWN_TOPIC',
      });
      await bus.publish([]);
    });

    it('of many megabytes together are split into smaller requests and batches', async () => {
      const { bus, topic, group } = await openWith({ partitions: 1 });
      const large = Array.from({ length: 24 }, (_, index) => ({
        topic,
        key: 'k',
        value: Buffer.alloc(250_000, index),
      }));
      await bus.publish(large);
      const gathered = await gather(bus, { group, topics: [topic], maxBytes: 600_000 });
      await until('all have arrived', () => gathered.messages.length >= large.length);
      expect(gathered.messages.map(({ value }) => value[0])).toEqual(large.map((_, index) => index));
      for (const { messages } of gathered.batches) expect(messages.length).toBeLessThanOrEqual(2);
    });

    it('that are too large are rejected by name, before anything of the call is written', async () => {
      const { bus, topic } = await openWith({ partitions: 1 });
      const call = [text(topic, 'small', 'x'), { topic, key: 'huge', value: Buffer.alloc(1024 ** 2 + 1) }];
      const failure = await failureOf(bus.publish(call));
      expect(failure).toMatchObject({ code: 'BUS_MESSAGE_TOO_LARGE', retryable: false });
      expect(String(failure)).toContain('"huge"');
      expect(await bus.offsets(topic)).toEqual([{ partition: 0, earliest: 0, next: 0 }]);
      await bus.publish([{ topic, key: 'fits', value: Buffer.alloc(921_600) }]);
      expect(await bus.offsets(topic)).toEqual([{ partition: 0, earliest: 0, next: 1 }]);
    });
  });

  describe('topics', () => {
    it('are created once and then left alone', async () => {
      const { bus, topic } = await openWith({ partitions: 2 });
      await bus.ensureTopics([{ name: topic, partitions: 7, cleanup: 'compact' }]);
      await (await open()).ensureTopics([{ name: topic, partitions: 9, cleanup: 'delete' }]);
      expect(await bus.partitionsOf(topic)).toBe(2);
      expect(await failureOf(bus.ensureTopics([{ name: '../x', partitions: 1, cleanup: 'delete' }]))).toMatchObject({
        code: 'BUS_BAD_NAME',
      });
      await bus.ping();
    });

    it('that do not exist can be neither read nor consumed', async () => {
      const bus = await open();
      const consuming = bus.consume({ group: 'g', topics: ['no-such-topic'], onBatch: () => Promise.resolve() });
      expect(await failureOf(consuming)).toMatchObject({ code: 'BUS_UNKNOWN_TOPIC' });
      expect(await failureOf(bus.readAll({ topic: 'no-such-topic', partition: 0 }, () => undefined))).toMatchObject({
        code: 'BUS_UNKNOWN_TOPIC',
      });
    });
  });

  describe('a group', () => {
    it('continues where it has committed, and nowhere else', async () => {
      const { bus, topic, group } = await openWith({ partitions: 1 });
      await bus.publish(numbered(topic, 0, 10));
      const first = await gather(bus, { group, topics: [topic], commit: false });
      await until('all have arrived', () => first.messages.length >= 10);
      await first.commit([{ topic, partition: 0, offset: 4 }]);
      await first.stop();
      const second = await gather(await open(), { group, topics: [topic] });
      await until('the rest has arrived', () => second.messages.length >= 6);
      await sleep(100);
      expect(second.texts()).toEqual(['4', '5', '6', '7', '8', '9']);
      await second.stop();
      const third = await gather(bus, { group, topics: [topic] });
      await bus.publish(numbered(topic, 0, 1, 10));
      await until('the new one has arrived', () => third.messages.length >= 1);
      expect(third.texts()).toEqual(['10']);
    });

    it('has positions that every client can read', async () => {
      const { bus, topic, group } = await openWith({ partitions: 2 });
      const nothing = [
        { partition: 0, offset: undefined },
        { partition: 1, offset: undefined },
      ];
      expect(await bus.positions(group, topic)).toEqual(nothing);
      await bus.publish([{ topic, key: 'a', partition: 1, value: Buffer.from('1') }]);
      const member = await gather(bus, { group, topics: [topic], commit: false });
      await until('it has arrived', () => member.messages.length >= 1);
      await member.commit([{ topic, partition: 1, offset: 1 }]);
      const other = await open();
      expect(await other.positions(group, topic)).toEqual([nothing[0], { partition: 1, offset: 1 }]);
      expect(await other.positions(`${group}-2`, topic)).toEqual(nothing);
      await member.stop();
    });

    it('gets a failed batch again, while other partitions continue', async () => {
      const { bus, topic, group } = await openWith({ partitions: 2 });
      await bus.publish([...numbered(topic, 0, 5), ...numbered(topic, 1, 5, 100)]);
      let failures = 0;
      const seen: string[] = [];
      const gathered = await gather(bus, {
        group,
        topics: [topic],
        onBatch: ({ partition, messages }) => {
          seen.push(...messages.map(({ value }) => value.toString()));
          if (partition === 0 && failures < 3) {
            failures += 1;
            return Promise.reject(new Error('not today'));
          }
          return Promise.resolve();
        },
      });
      await until('all have been handled', () => gathered.messages.length >= 10);
      expect([...gathered.texts()].sort((a, b) => Number(a) - Number(b))).toEqual([
        '0',
        '1',
        '2',
        '3',
        '4',
        '100',
        '101',
        '102',
        '103',
        '104',
      ]);
      expect(seen.filter((value) => value === '0')).toHaveLength(4);
      expect(seen.filter((value) => value === '100')).toHaveLength(1);
    });

    it('receives one batch at a time, however slow it is', async () => {
      const { bus, topic, group } = await openWith();
      await bus.publish([0, 1, 2].flatMap((partition) => numbered(topic, partition, 20)));
      let active = 0;
      let most = 0;
      const gathered = await gather(bus, {
        group,
        topics: [topic],
        maxBytes: 10,
        onBatch: async () => {
          active += 1;
          most = Math.max(most, active);
          await sleep(5);
          active -= 1;
        },
      });
      await until('all have arrived', () => gathered.messages.length >= 60);
      expect(most).toBe(1);
    });

    it('knows its lag', async () => {
      const { bus, topic, group } = await openWith({ partitions: 1 });
      await bus.publish(numbered(topic, 0, 30));
      const gathered = await gather(bus, { group, topics: [topic], maxBytes: 10 });
      await until('all have arrived', () => gathered.messages.length >= 30);
      expect(gathered.batches.length).toBeGreaterThan(2);
      for (const { endOffset } of gathered.batches) expect(endOffset).toBe(30);
    });

    it('starts where its state says, is asked before the first batch, and may write while it claims partitions', async () => {
      const { bus, topic, group } = await openWith({ partitions: 2 });
      await bus.publish([...numbered(topic, 0, 6), ...numbered(topic, 1, 6, 100)]);
      const events: string[] = [];
      const gathered = await gather(bus, {
        group,
        topics: [topic],
        onAssigned: async (partitions) => {
          expect([...partitions].sort((a, b) => a.partition - b.partition)).toEqual(
            [0, 1].map((partition) => ({ topic, partition })),
          );
          await bus.publishWithOffsets({
            transactionalId: `${group}-0`,
            group,
            messages: [],
            offsets: [{ topic, partition: 0, offset: 1 }],
          });
          await sleep(50);
          events.push('assigned');
          return [{ topic, partition: 1, offset: 4 }];
        },
        onBatch: ({ partition }) => {
          events.push(`batch ${partition}`);
          return Promise.resolve();
        },
      });
      await until('all expected messages have arrived', () => gathered.messages.length >= 2 + 5);
      expect(events[0]).toBe('assigned');
      expect(events.filter((event) => event === 'assigned')).toHaveLength(1);
      const of = (partition: number) =>
        gathered.messages.filter((message) => message.partition === partition).map(({ offset }) => offset);
      expect(of(1)).toEqual([4, 5]);
      // What was committed while claiming counts too, unless a position was returned.
      expect(of(0).at(-1)).toBe(5);
    });

    it('whose claim fails is asked again, and gets no batch before', async () => {
      const { bus, topic, group } = await openWith({ partitions: 1 });
      await bus.publish(numbered(topic, 0, 3));
      let asked = 0;
      const gathered = await gather(bus, {
        group,
        topics: [topic],
        onAssigned: () => {
          asked += 1;
          return asked < 3 ? Promise.reject(new Error('no state yet')) : Promise.resolve([]);
        },
      });
      await until('all have arrived', () => gathered.messages.length >= 3);
      expect(asked).toBe(3);
    });

    it('that stops finishes its batch, commits it, releases its partitions, and then gets nothing more', async () => {
      const { bus, topic, group } = await openWith({ partitions: 1 });
      await bus.publish(numbered(topic, 0, 10));
      const events: string[] = [];
      const gathered = await gather(bus, {
        group,
        topics: [topic],
        maxBytes: 1,
        onBatch: async ({ messages }) => {
          events.push(`begin ${messages[0]?.offset ?? -1}`);
          await sleep(150);
          events.push(`end ${messages[0]?.offset ?? -1}`);
        },
        onRevoked: async (partitions: readonly TopicPartition[]) => {
          events.push(`revoked ${partitions.length}`);
          // The final state of a partition may still be written here.
          await bus.publishWithOffsets({
            transactionalId: group,
            group,
            messages: [],
            offsets: [{ topic, partition: 0, offset: 1 }],
          });
        },
      });
      await until('the first batch has started', () => events.length === 1);
      await gathered.stop();
      expect(events).toEqual(['begin 0', 'end 0', 'revoked 1']);
      expect(await failureOf(gathered.commit([{ topic, partition: 0, offset: 9 }]))).toMatchObject({
        code: 'BUS_FENCED',
        retryable: false,
      });
      await gathered.stop();
      const next = await gather(bus, { group, topics: [topic] });
      await until('the rest has arrived', () => next.messages.length >= 9);
      expect(next.messages[0]?.offset).toBe(1);
    });

    it('shares its partitions among its members, and again when one joins or leaves', async () => {
      const { bus, topic, group } = await openWith({ partitions: 6 });
      const partitions = [0, 1, 2, 3, 4, 5];
      const held = new Map<string, Set<number>>();
      const member = async (name: string) => {
        const own = new Set<number>();
        held.set(name, own);
        return gather(await open(), {
          group,
          topics: [topic],
          onAssigned: (added) => {
            for (const { partition } of added) own.add(partition);
            return Promise.resolve([]);
          },
          onRevoked: (lost) => {
            for (const { partition } of lost) own.delete(partition);
            return Promise.resolve();
          },
        });
      };
      const all = () => [...held.values()].flatMap((own) => [...own]).sort();
      const first = await member('first');
      await until('the first has all', () => held.get('first')?.size === 6);
      const kept = new Set(held.get('first'));
      await bus.publish(partitions.flatMap((partition) => numbered(topic, partition, 10)));
      await until('the first has read all', () => first.messages.length >= 60);
      const second = await member('second');
      await until('each has three', () => [...held.values()].every((own) => own.size === 3));
      expect(all()).toEqual(partitions);
      for (const partition of held.get('first') ?? []) expect(kept).toContain(partition);
      await bus.publish(partitions.flatMap((partition) => numbered(topic, partition, 10, 10)));
      await until('both have read', () => first.messages.length + second.messages.length >= 120);
      expect(second.messages.length).toBe(30);
      await first.stop();
      await until('the second has all', () => held.get('second')?.size === 6);
      await bus.publish(partitions.flatMap((partition) => numbered(topic, partition, 10, 20)));
      await until('the second has read the rest', () => second.messages.length >= 90);
      await sleep(100);
      expect(first.messages.length + second.messages.length).toBe(180);
    });

    it('loses nothing when a member is killed while working', async () => {
      const { bus, topic, group } = await openWith({ partitions: 4 });
      const total = 400;
      await bus.publish(
        Array.from({ length: total }, (_, index) => text(topic, '', `${index} ${'.'.repeat(90)}`, index % 4)),
      );
      const victim = startProcess({ place: side.place(), topic, role: 'consume', name: group, pace: 20 });
      processes.push(victim);
      await victim.until('committed', ({ next }) => next >= 10);
      await victim.kill('SIGKILL');
      const survivor = await gather(bus, { group, topics: [topic] });
      const readOf = (partition: number): number[] =>
        survivor.messages.filter((each) => each.partition === partition).map(({ offset }) => offset);
      const each = total / 4;
      await until('the rest has been read', () =>
        [0, 1, 2, 3].every((partition) => {
          const last = readOf(partition).at(-1) ?? Math.max(...possibleCommits(victim, partition)) - 1;
          return last === each - 1;
        }),
      );
      for (let partition = 0; partition < 4; partition += 1) {
        const read = readOf(partition);
        const from = read[0] ?? each;
        // Nothing is missing, and what was committed is not delivered again; the last commit may have succeeded without
        // a report.
        expect(read).toEqual(Array.from({ length: each - from }, (_, index) => from + index));
        expect(possibleCommits(victim, partition)).toContain(from);
      }
    });
  });

  describe('a member that was suspended for too long', () => {
    it('can no longer commit its batch', async () => {
      const { bus, topic, group } = await openWith({ partitions: 2 });
      const total = 60;
      await bus.publish(
        Array.from({ length: total }, (_, index) => text(topic, '', `${index} ${'.'.repeat(490)}`, index % 2)),
      );
      const folder = mkdtempSync(join(tmpdir(), 'vigil-frozen-'));
      folders.push(folder);
      const frozenBy = join(folder, 'frozen');
      const sleeper = startProcess({ place: side.place(), topic, role: 'consume', name: group, pace: 400, frozenBy });
      processes.push(sleeper);
      await sleeper.until('committed');
      writeFileSync(frozenBy, '');
      await sleeper.until('frozen');
      const survivor = await gather(bus, { group, topics: [topic] });
      const readTo = (partition: number): number =>
        Math.max(-1, ...survivor.messages.filter((each) => each.partition === partition).map(({ offset }) => offset));
      await until('another has read the rest', () => readTo(0) === total / 2 - 1 && readTo(1) === total / 2 - 1);
      rmSync(frozenBy);
      const failure = await sleeper.until('failed');
      expect(failure).toMatchObject({ code: 'BUS_FENCED', retryable: false });
      const heardAt = sleeper.reports.indexOf(failure);
      await bus.publish([0, 1].flatMap((partition) => numbered(topic, partition, 1, total)));
      await sleep(1_500);
      // Once it knows, it does not read again what another has committed, and neither does the other.
      const again = sleeper.reports
        .slice(heardAt)
        .filter((report) => report.event === 'batch' && report.first < total / 2);
      expect(again).toEqual([]);
      const read = survivor.messages.map(({ partition, offset }) => `${partition}/${offset}`);
      expect(read).toHaveLength(new Set(read).size);
    });
  });

  describe('a step', () => {
    it('writes messages and positions together, or nothing', async () => {
      const { bus, topic, group } = await openWith({ partitions: 1 });
      const state = `s-${randomUUID()}`;
      await bus.ensureTopics([{ name: state, partitions: 2, cleanup: 'compact' }]);
      await bus.publish(numbered(topic, 0, 10));
      const step = (value: string, offset: number) =>
        bus.publishWithOffsets({
          transactionalId: group,
          group,
          messages: [text(state, 'k', value, 1)],
          offsets: [{ topic, partition: 0, offset }],
        });
      await step('one', 3);
      const huge = { topic: state, key: 'k', value: Buffer.alloc(1024 ** 2 + 1), partition: 1 };
      const failing = bus.publishWithOffsets({
        transactionalId: group,
        group,
        messages: [text(state, 'k', 'lost', 1), huge],
        offsets: [{ topic, partition: 0, offset: 9 }],
      });
      expect(await failureOf(failing)).toMatchObject({ code: 'BUS_MESSAGE_TOO_LARGE' });
      await step('two', 7);
      const states: string[] = [];
      await bus.readAll({ topic: state, partition: 1 }, (messages) =>
        states.push(...messages.map(({ value }) => value.toString())),
      );
      expect(states.at(-1)).toBe('two');
      expect(states).not.toContain('lost');
      const gathered = await gather(bus, { group, topics: [topic] });
      await until('the rest has come', () => gathered.messages.length >= 3);
      expect(gathered.texts()).toEqual(['7', '8', '9']);
    });

    it('also writes to a topic that is not compacted, in order with all other messages', async () => {
      const { bus, topic, group } = await openWith({ partitions: 1 });
      await bus.publish(numbered(topic, 0, 2));
      await bus.publishWithOffsets({ transactionalId: group, group, messages: numbered(topic, 0, 3, 2), offsets: [] });
      await bus.publish(numbered(topic, 0, 2, 5));
      const gathered = await gather(bus, { group, topics: [topic] });
      await until('all have arrived', () => gathered.messages.length >= 7);
      expect(gathered.texts()).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    });

    it('of an older holder of the same id is rejected and leaves nothing behind', async () => {
      const { bus: older, topic, group } = await openWith({ partitions: 1, cleanup: 'compact' });
      const newer = await open();
      const step = (bus: Bus, value: string, offset: number) =>
        bus.publishWithOffsets({
          transactionalId: group,
          group,
          messages: [text(topic, value, value, 0)],
          offsets: [{ topic, partition: 0, offset }],
        });
      await step(older, 'a', 1);
      await step(newer, 'b', 2);
      expect(await failureOf(step(older, 'zombie', 1))).toMatchObject({ code: 'BUS_FENCED', retryable: false });
      await step(newer, 'c', 3);
      const keys: string[] = [];
      await newer.readAll({ topic, partition: 0 }, (messages) => keys.push(...messages.map(({ key }) => key)));
      expect(keys).toEqual(['a', 'b', 'c']);
      // Once the older one is assigned the partition again, it claims the id anew and the other one is fenced off.
      await step(older, 'd', 4);
      expect(await failureOf(step(newer, 'e', 5))).toMatchObject({ code: 'BUS_FENCED' });
    });

    it('for a partition that another member holds is rejected', async () => {
      const { bus, topic, group } = await openWith({ partitions: 2 });
      const other = await open();
      const own: number[] = [];
      const onAssigned = (partitions: readonly TopicPartition[]) => {
        own.push(...partitions.map(({ partition }) => partition));
        return Promise.resolve([]);
      };
      const onRevoked = (partitions: readonly TopicPartition[]) => {
        for (const { partition } of partitions) own.splice(own.indexOf(partition), 1);
        return Promise.resolve();
      };
      await gather(bus, { group, topics: [topic], onAssigned, onRevoked });
      await until('the first has both', () => own.length === 2);
      await gather(other, { group, topics: [topic] });
      await until('it has released one', () => own.length === 1);
      const step = (partition: number) =>
        bus.publishWithOffsets({
          transactionalId: `${group}-${partition}`,
          group,
          messages: [],
          offsets: [{ topic, partition, offset: 0 }],
        });
      await until('its own is written', () =>
        step(own[0] ?? 0).then(
          () => true,
          () => false,
        ),
      );
      expect(await failureOf(step(1 - (own[0] ?? 0)))).toMatchObject({ code: 'BUS_FENCED' });
    });
  });

  describe('reading all', () => {
    it('of a compacted topic returns the last message of each key, and ends', async () => {
      const { bus, topic, group } = await openWith({ partitions: 2, cleanup: 'compact' });
      const model = new Map<string, string>();
      const seed = Math.floor(Math.random() * 2 ** 31);
      const aChange = fc.tuple(
        fc.integer({ min: 0, max: 20 }),
        fc.oneof(
          { weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 30 }) },
          { weight: 1, arbitrary: fc.constant('') },
        ),
      );
      const changes = fc.sample(aChange, { seed, numRuns: 300 });
      for (let start = 0; start < changes.length; start += 30) {
        const messages = changes.slice(start, start + 30).map(([key, value]) => text(topic, `k${key}`, value, 0));
        for (const { key, value } of messages) model.set(key, Buffer.from(value).toString());
        if (start % 60 === 0) await bus.publish(messages);
        else await bus.publishWithOffsets({ transactionalId: group, group, messages, offsets: [] });
      }
      const read = new Map<string, string>();
      const offsets: number[] = [];
      await bus.readAll({ topic, partition: 0 }, (messages) => {
        for (const { key, value, offset } of messages) {
          read.set(key, value.toString());
          offsets.push(offset);
        }
      });
      expect({ seed, read }).toEqual({ seed, read: model });
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      await bus.readAll({ topic, partition: 1 }, () => {
        throw new Error('this partition is empty');
      });
    });

    it('includes what a step wrote as soon as the step has returned', async () => {
      const { bus, topic, group } = await openWith({ partitions: 1, cleanup: 'compact' });
      const steps = 40;
      const seen: (string | undefined)[] = [];
      for (let index = 0; index < steps; index += 1) {
        const messages = [text(topic, 'k', String(index), 0)];
        const offsets = [{ topic, partition: 0, offset: index }];
        await bus.publishWithOffsets({ transactionalId: group, group, messages, offsets });
        let last: string | undefined;
        await bus.readAll({ topic, partition: 0 }, (found) => {
          last = found.at(-1)?.value.toString();
        });
        seen.push(last);
      }
      expect(seen).toEqual(Array.from({ length: steps }, (_, index) => String(index)));
    });

    it('returns several megabytes in parts', async () => {
      const { bus, topic } = await openWith({ partitions: 1, cleanup: 'compact' });
      await bus.publish(
        Array.from({ length: 40 }, (_, index) => ({ topic, key: `k${index}`, value: Buffer.alloc(250_000, index) })),
      );
      const sizes: number[] = [];
      await bus.readAll({ topic, partition: 0 }, (messages) => sizes.push(messages.length));
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(40);
      expect(sizes.length).toBeGreaterThan(1);
    });
  });

  it('writes what was published before it is closed, and rejects later calls', async () => {
    const { bus, topic } = await openWith({ partitions: 1 });
    const writing = bus.publish(numbered(topic, 0, 50));
    const closing = bus.close();
    await Promise.all([writing, closing]);
    expect(await failureOf(bus.publish(numbered(topic, 0, 1)))).toMatchObject({ code: 'BUS_UNAVAILABLE' });
    expect(await (await open()).offsets(topic)).toEqual([{ partition: 0, earliest: 0, next: 50 }]);
  });
}
