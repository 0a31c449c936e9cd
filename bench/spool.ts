/**
 * `npm run bench -- --part spool [--spool-gb N]`: measures whether the intake slows down as the spool grows while Kafka
 * is unreachable. It prints the CPU time per record for each tenth of the size, and the memory of the process at that
 * point.
 */
import { startKafka } from '../test/support/kafka/kafka.ts';
import { syntheticBodies } from './support/bodies.ts';
import { anonymousMiB, cpuSeconds, load, percentile, result } from './support/measure.ts';
import { pidOf, startCollector } from './support/roles.ts';

const SPANS = 50;
/** Length of each command line, so that filling a large spool does not take a day. */
const LINE_LENGTH = 8_192;
const CONNECTIONS = 8;
const STAGES = 10;
const PER_ROUND = 100;

export async function benchSpool(folder: string, gigabytes: number): Promise<void> {
  const kafka = await startKafka();
  const collector = await startCollector(folder, 'spool', {
    VIGIL_KAFKA_BROKERS: kafka.brokers.join(','),
    VIGIL_SPOOL_BYTES: String(Math.ceil((gigabytes + 1) * 1e9)),
  });
  await kafka.stop();
  const pid = pidOf(collector.process);
  const bodies = syntheticBodies(SPANS, LINE_LENGTH);
  const spoolBytes = async (): Promise<number> =>
    Number(/^collector_spool_bytes (\d+)/m.exec(await (await fetch(`${collector.url}/metrics`)).text())?.[1]);
  await load(collector.url, bodies, PER_ROUND, CONNECTIONS);
  const costs: number[] = [];
  for (let stage = 1; stage <= STAGES; stage += 1) {
    const before = cpuSeconds(pid);
    let records = 0;
    const latenciesMs: number[] = [];
    do {
      const round = await load(collector.url, bodies, PER_ROUND, CONNECTIONS);
      records += round.records;
      latenciesMs.push(...round.latenciesMs);
    } while ((await spoolBytes()) < (gigabytes * 1e9 * stage) / STAGES);
    costs.push((1e6 * (cpuSeconds(pid) - before)) / records);
    const at = ((gigabytes * stage) / STAGES).toFixed(2);
    result(`spool.intake_at_${at}_gb`, costs.at(-1) ?? NaN, 'cpu-µs/record');
    result(
      `spool.answer_p99_at_${at}_gb`,
      percentile(
        latenciesMs.sort((a, b) => a - b),
        0.99,
      ),
      'ms',
    );
  }
  const [first = NaN] = costs;
  result('spool.last_tenth_to_first', (costs.at(-1) ?? NaN) / first, 'times');
  result('memory.collector_full_spool', anonymousMiB(pid), 'MiB');
  collector.process.child.kill('SIGKILL');
  await collector.process.ended();
}
