/**
 * Tests the embedded log between processes: several writers that roll segments over at the same time, a killed writer,
 * a full disk, and waking a consumer.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Message } from '../bus.ts';
import { type BusProcess, type Task, startProcess } from '../test-support/bus-process.ts';
import { gather, until } from '../test-support/gathering.ts';
import { type EmbeddedBus, createEmbeddedBus } from './embedded-bus.ts';

const TOPIC = 'agent.events.v1';
/** Hundreds of commits each wait for the disk, on a machine that may be busy. */
const SLOW_MS = 60_000;
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'vigil-bus-'));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function open(
  path: string,
  options: Partial<Parameters<typeof createEmbeddedBus>[0]> = {},
): Promise<EmbeddedBus> {
  const bus = await createEmbeddedBus({ path, ...options });
  undo.push(() => bus.close());
  return bus;
}

function start(task: Omit<Task, 'topic'>, fileBytes?: number): BusProcess {
  const process = startProcess({ topic: TOPIC, ...task }, fileBytes);
  undo.push(() => process.kill('SIGKILL'));
  return process;
}

async function everything(bus: EmbeddedBus): Promise<readonly Message[]> {
  const found: Message[] = [];
  for (let partition = 0; partition < (await bus.partitionsOf(TOPIC)); partition += 1)
    await bus.readAll({ topic: TOPIC, partition }, (messages) => found.push(...messages));
  return found;
}

const numbersOf = (messages: readonly Message[], name: string): readonly number[] =>
  messages
    .map(({ value }) => value.toString().split(' '))
    .flatMap(([writer, number]) => (writer === name ? [Number(number)] : []));

const acknowledgedBy = ({ reports }: BusProcess): number =>
  Math.max(0, ...reports.map((report) => (report.event === 'acknowledged' ? report.upTo : 0)));

describe('several writers', () => {
  it(
    'keep every acknowledged message, in order and without gaps, although one is killed and segments roll over',
    async () => {
      const path = temporaryFolder();
      const segmentBytes = 30_000;
      const bus = await open(path, { segmentBytes });
      await bus.ensureTopics([{ name: TOPIC, partitions: 4, cleanup: 'delete' }]);
      const writer = (name: string, count: number) =>
        start({
          place: { kind: 'embedded', path, segmentBytes },
          role: 'publish',
          name,
          pace: 10,
          valueBytes: 800,
          count,
        });
      const writers = [writer('a', 600), writer('b', 600)];
      const victim = writer('victim', 1e9);
      await victim.until('acknowledged', ({ upTo }) => upTo >= 100);
      await victim.kill('SIGKILL');
      for (const { until: reported } of writers) await reported('acknowledged', ({ upTo }) => upTo === 600);
      const found = await everything(bus);
      for (const [name, count] of [
        ['a', 600],
        ['b', 600],
      ] as const)
        expect([...numbersOf(found, name)].sort((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, index) => index),
        );
      const ofVictim = [...numbersOf(found, 'victim')].sort((a, b) => a - b);
      expect(ofVictim.length).toBeGreaterThanOrEqual(acknowledgedBy(victim));
      expect(ofVictim).toEqual(ofVictim.map((_, index) => index));
      for (let partition = 0; partition < 4; partition += 1) {
        const there = found.filter((message) => message.partition === partition);
        expect(there.map(({ offset }) => offset)).toEqual(there.map((_, index) => index));
        for (const name of ['a', 'b', 'victim'])
          expect(numbersOf(there, name)).toEqual([...numbersOf(there, name)].sort((x, y) => x - y));
      }
      const files = readdirSync(join(path, 'topics', TOPIC)).filter((name) => name.endsWith('.mdb'));
      expect(files.length).toBeGreaterThan(20);
    },
    SLOW_MS,
  );

  it(
    'keep every acknowledged message while other writers start and are killed',
    async () => {
      const path = temporaryFolder();
      // Every third publish starts a segment, so files are opened and closed as often as they are written.
      const segmentBytes = 15_000;
      const bus = await open(path, { segmentBytes });
      await bus.ensureTopics([{ name: TOPIC, partitions: 4, cleanup: 'delete' }]);
      const place = { kind: 'embedded', path, segmentBytes } as const;
      const writer = (name: string, count: number) =>
        start({ place, role: 'publish', name, pace: 10, valueBytes: 800, count });
      const stayers = ['a', 'b'].map((name) => ({ name, process: writer(name, 2_500) }));
      const finished = Promise.all(
        stayers.map(({ process }) => process.until('acknowledged', ({ upTo }) => upTo === 2_500)),
      );
      const victims: { readonly name: string; readonly process: BusProcess }[] = [];
      for (let round = 0; round < 10; round += 1) {
        const victim = { name: `victim${round}`, process: writer(`victim${round}`, 1e9) };
        victims.push(victim);
        await victim.process.until('acknowledged', ({ upTo }) => upTo >= 50);
        await sleep(Math.random() * 30);
        await victim.process.kill('SIGKILL');
      }
      await finished;
      const found = await everything(bus);
      for (const { name, process } of [...stayers, ...victims]) {
        const there = [...numbersOf(found, name)].sort((x, y) => x - y);
        expect({ name, there }).toEqual({ name, there: there.map((_, index) => index) });
        expect(there.length).toBeGreaterThanOrEqual(acknowledgedBy(process));
      }
    },
    SLOW_MS,
  );

  it(
    'keep running beside readers while retention deletes segments',
    async () => {
      const path = temporaryFolder();
      const segmentBytes = 25_000;
      const bus = await open(path, { segmentBytes, sweepMs: 20 });
      await bus.ensureTopics([{ name: TOPIC, partitions: 2, cleanup: 'delete', retentionBytes: 300_000 }]);
      const place = { kind: 'embedded', path, segmentBytes } as const;
      const writers = ['a', 'b'].map((name) =>
        start({ place, role: 'publish', name, pace: 10, valueBytes: 800, count: 600 }),
      );
      let lost = 0;
      const gathered = await gather(bus, {
        group: 'g',
        topics: [TOPIC],
        maxBytes: 5_000,
        onBatch: () => sleep(2),
        onGap: ({ from, to }) => (lost += to - from),
      });
      for (const { until: reported } of writers) await reported('acknowledged', ({ upTo }) => upTo === 600);
      await until('all that was not deleted has been read', () => gathered.messages.length + lost >= 1_200);
      expect(gathered.messages.length + lost).toBe(1_200);
      expect((await bus.offsets(TOPIC)).reduce((sum, { next }) => sum + next, 0)).toBe(1_200);
    },
    SLOW_MS,
  );
});

describe('a disk that is full', () => {
  it('is reported, can be retried later, and loses nothing that was acknowledged', async () => {
    const path = temporaryFolder();
    const bus = await open(path);
    await bus.ensureTopics([{ name: TOPIC, partitions: 1, cleanup: 'delete' }]);
    const place = { kind: 'embedded', path } as const;
    const writer = start({ place, role: 'publish', name: 'a', pace: 10, valueBytes: 5_000 }, 2_000_000);
    const failure = await writer.until('failed');
    expect(failure).toMatchObject({ code: 'BUS_UNAVAILABLE', retryable: true });
    const acknowledged = acknowledgedBy(writer);
    expect(acknowledged).toBeGreaterThan(50);
    expect(numbersOf(await everything(bus), 'a')).toEqual(Array.from({ length: acknowledged }, (_, index) => index));
    await bus.publish([{ topic: TOPIC, key: 'k', value: Buffer.from('a -1') }]);
    expect(numbersOf(await everything(bus), 'a').at(-1)).toBe(-1);
  });
});

describe('a consumer in another process', () => {
  /** It reads what another process publishes, record by record, at its pace of looking by itself. */
  const reads = async (path: string, { wake, pollMs }: { wake: boolean; pollMs: number }): Promise<void> => {
    const bus = await open(path, { wake });
    await bus.ensureTopics([{ name: TOPIC, partitions: 1, cleanup: 'delete' }]);
    const consumer = start({ place: { kind: 'embedded', path, pollMs }, role: 'consume', name: 'g', pace: 0 });
    await consumer.until('ready');
    for (let index = 0; index < 12; index += 1) {
      // Until it waits again.
      await sleep(30);
      await bus.publish([{ topic: TOPIC, key: 'k', value: Buffer.from(String(index)) }]);
      await consumer.until('batch', ({ last }) => last >= index);
    }
  };
  /** Longer than a test may take. */
  const NEVER_MS = 3_600_000;

  it('is woken by a write', async () => {
    await reads(temporaryFolder(), { wake: true, pollMs: NEVER_MS });
  });

  it('is woken even if the path is too long for a socket', async () => {
    await reads(join(temporaryFolder(), 'x'.repeat(120)), { wake: true, pollMs: NEVER_MS });
  });

  it('finds new messages by polling when nothing wakes it', async () => {
    await reads(temporaryFolder(), { wake: false, pollMs: 50 });
  });
});
