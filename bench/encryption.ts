/**
 * `npm run bench -- --part encryption`: measures the cost of a key for the data folder, in turn with the same run
 * without a key.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createEmbeddedBus } from '../platform/bus/embedded/embedded-bus.ts';
import { createDataKey } from '../platform/encryption/data-key.ts';
import { intake, loadsOf } from './collector.ts';
import { type Body, percentile, result } from './support/measure.ts';
import { pidOf, startCollector } from './support/roles.ts';

const TOPIC = 'bench.v1';
const MESSAGES = 4_000;
const MESSAGE_BYTES = 16 * 1024;
const BATCH = 50;
const MIB = 1024 ** 2;

export async function benchEncryption(
  folder: string,
  { requests, rounds }: { readonly requests: number; readonly rounds: number },
) {
  await collectors(folder, requests, rounds);
  await logs(folder, rounds);
}

/** Measures from OTLP/HTTP through the spool into the embedded log. */
async function collectors(folder: string, requests: number, rounds: number): Promise<void> {
  const clear = await startCollector(folder, 'clear');
  const sealed = await startCollector(folder, 'sealed', { VIGIL_DATA_KEY: randomBytes(32).toString('hex') });
  for (const [name, bodies, count] of loadsOf(requests)) {
    const costs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const plain = await perCpuSecond(clear, bodies, count);
      const encrypted = await perCpuSecond(sealed, bodies, count);
      result(`encryption.off.${name}`, Math.round(plain), 'records/cpu-s');
      result(`encryption.on.${name}`, Math.round(encrypted), 'records/cpu-s');
      costs.push(plain / encrypted);
    }
    result(`encryption.cost.${name}`, median(costs), 'times');
  }
  for (const { process } of [clear, sealed]) {
    process.child.kill('SIGTERM');
    await process.ended();
  }
}

async function perCpuSecond(
  { url, process, waiting }: Awaited<ReturnType<typeof startCollector>>,
  bodies: () => readonly Body[],
  requests: number,
): Promise<number> {
  return (await intake(url, pidOf(process), bodies(), requests, async () => (await waiting()) === 0)).perCpuSecond;
}

/** Measures the embedded log alone: the cost of writing and reading one mebibyte. */
async function logs(folder: string, rounds: number): Promise<void> {
  const costs = new Map<string, number[]>();
  const note = (name: string, cost: number): unknown => costs.set(name, [...(costs.get(name) ?? []), cost]);
  for (let round = 0; round < rounds; round += 1)
    for (const [name, key] of [
      ['off', undefined],
      ['on', createDataKey(randomBytes(32))],
    ] as const) {
      const bus = await createEmbeddedBus({ path: join(folder, `log-${name}-${round}`), key });
      await bus.ensureTopics([{ name: TOPIC, partitions: 1, cleanup: 'delete' }]);
      const value = randomBytes(MESSAGE_BYTES);
      const written = await cpuMs(async () => {
        for (let sent = 0; sent < MESSAGES; sent += BATCH)
          await bus.publish(Array.from({ length: BATCH }, () => ({ topic: TOPIC, key: 'k', value })));
      });
      let bytes = 0;
      const read = await cpuMs(() =>
        bus.readAll({ topic: TOPIC, partition: 0 }, (messages) => {
          for (const message of messages) bytes += message.value.length;
        }),
      );
      await bus.close();
      if (bytes !== MESSAGES * MESSAGE_BYTES) throw new Error(`${bytes} bytes were read`);
      note(`encryption.${name}.log_write`, written / (bytes / MIB));
      note(`encryption.${name}.log_read`, read / (bytes / MIB));
    }
  for (const [name, each] of costs) result(name, median(each), 'cpu-ms/MiB');
}

async function cpuMs(action: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
