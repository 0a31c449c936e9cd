/**
 * `npm run bench:collector -- [--kafka] [--peer DIR [--peer-config FILE]] [--requests N] [--rounds N]`: measures from
 * OTLP/HTTP to the bus. DIR contains an OpenTelemetry Collector built for comparison (`out/otelcol-peer` and a
 * `config.yaml` with the placeholders BROKER, ENC and STORAGE). It gets the same load as Vigil's collector, in turn;
 * both are durable before they answer, and both publish to Kafka.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { startKafka } from '../test/support/kafka/kafka.ts';
import { until } from '../test/support/until.ts';
import { capturedBodies, syntheticBodies } from './support/bodies.ts';
import { type Body, anonymousMiB, cpuSeconds, load, percentile, result } from './support/measure.ts';
import { pidOf, startCollector } from './support/roles.ts';

export interface CollectorBench {
  readonly requests: number;
  /** How often Vigil and the peer take turns. */
  readonly rounds: number;
  readonly kafka: boolean;
  /** Folder of the peer, and a configuration that replaces its own. */
  readonly peer?: string | undefined;
  readonly peerConfig?: string | undefined;
}

const CONNECTIONS = 16;

export const loadsOf = (
  requests: number,
): readonly (readonly [name: string, bodies: () => readonly Body[], requests: number])[] => [
  ['captures', () => capturedBodies({ signals: ['logs', 'traces'] }), requests],
  ['codex_logs', () => capturedBodies({ agent: 'codex', signals: ['logs'] }), Math.ceil(requests / 2)],
  ['synthetic_200_spans', () => syntheticBodies(200), Math.ceil(requests / 2)],
];

interface Intake {
  readonly perCpuSecond: number;
  /** 99th percentile of the response times, at the highest request rate. */
  readonly p99Ms: number;
  /** The same at half that rate. */
  readonly halfP99Ms: number;
}

/** Measures records per CPU second of the process, from the first request until everything is published. */
export async function intake(
  url: string,
  pid: number,
  bodies: readonly Body[],
  requests: number,
  drained: (sent: number) => Promise<boolean>,
): Promise<Intake> {
  const warmUp = Math.min(requests, 100);
  await load(url, bodies, warmUp, CONNECTIONS);
  await until('the warm-up has drained', () => drained(warmUp), 120_000);
  const before = cpuSeconds(pid);
  const { records, seconds, latenciesMs } = await load(url, bodies, requests, CONNECTIONS);
  await until('everything has been published', () => drained(warmUp + requests), 300_000);
  const perCpuSecond = records / (cpuSeconds(pid) - before);
  const half = await load(url, bodies, requests, CONNECTIONS, requests / seconds / 2);
  await until('everything has been published', () => drained(warmUp + 2 * requests), 300_000);
  return { perCpuSecond, p99Ms: percentile(latenciesMs, 0.99), halfP99Ms: percentile(half.latenciesMs, 0.99) };
}

async function startPeer(
  folder: string,
  broker: string,
  peer: string,
  config: string,
): Promise<{ readonly url: string; readonly process: ChildProcess }> {
  const queue = join(folder, 'peer-queue');
  mkdirSync(queue, { recursive: true });
  const text = readFileSync(config, 'utf8')
    .replaceAll('BROKER', broker)
    .replaceAll('ENC', 'otlp_json')
    .replaceAll('storage: STORAGE', 'storage: file_storage')
    .replaceAll('/tmp/otelcol-queue', queue);
  const file = join(folder, 'peer.yaml');
  writeFileSync(file, text);
  const url = `http://${/endpoint: (127\.0\.0\.1:\d+)/.exec(text)?.[1] ?? ''}`;
  const process = spawn(peer, ['--config', file], {
    stdio: 'ignore',
    env: { ...globalThis.process.env, GOMAXPROCS: '1' },
  });
  await until('the peer listens', () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return { url, process };
}

const PEER_TOPICS = ['peer_logs', 'peer_traces', 'peer_metrics'];

/**
 * Topics of the peer, which publishes one message per request. They are created here, because a broker may not create
 * them.
 */
async function peerTopics(
  brokers: readonly string[],
): Promise<{ published(): Promise<number>; close(): Promise<void> }> {
  const admin = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'bench',
    logLevel: kafkajs.logLevel.NOTHING,
  }).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: false,
    topics: PEER_TOPICS.map((topic) => ({ topic, numPartitions: 12 })),
  });
  const published = async (): Promise<number> => {
    const offsets = await Promise.all(PEER_TOPICS.map((topic) => admin.fetchTopicOffsets(topic)));
    return offsets.flat().reduce((sum, { high }) => sum + Number(high), 0);
  };
  await until("the peer's topics are there", () =>
    published().then(
      () => true,
      () => false,
    ),
  );
  return { published, close: () => admin.disconnect() };
}

/** @param folder the embedded log stays in it, in `embedded` */
export async function benchCollector(folder: string, bench: CollectorBench): Promise<void> {
  const embedded = await startCollector(folder, 'embedded');
  for (const [name, bodies, requests] of loadsOf(bench.requests)) {
    const { perCpuSecond, p99Ms, halfP99Ms } = await intake(
      embedded.url,
      pidOf(embedded.process),
      bodies(),
      requests,
      async () => (await embedded.waiting()) === 0,
    );
    result(`otlp_to_embedded_log.${name}`, Math.round(perCpuSecond), 'records/cpu-s');
    result(`otlp_to_embedded_log.${name}.answer_p99`, p99Ms, 'ms');
    result(`otlp_to_embedded_log.${name}.answer_p99_at_half`, halfP99Ms, 'ms');
  }
  result('memory.collector_embedded', anonymousMiB(pidOf(embedded.process)), 'MiB');
  embedded.process.child.kill('SIGTERM');
  await embedded.process.ended();

  if (bench.kafka) {
    const broker = await startKafka();
    const kafka = await startCollector(folder, 'kafka', { VIGIL_KAFKA_BROKERS: broker.brokers.join(',') });
    const topics = await peerTopics(broker.brokers);
    const peer =
      bench.peer === undefined
        ? undefined
        : await startPeer(
            folder,
            broker.brokers.join(','),
            join(bench.peer, 'out', 'otelcol-peer'),
            bench.peerConfig ?? join(bench.peer, 'config.yaml'),
          );
    for (const [name, bodies, requests] of loadsOf(bench.requests)) {
      const ratios: number[] = [];
      for (let round = 0; round < bench.rounds; round += 1) {
        const ours = await intake(
          kafka.url,
          pidOf(kafka.process),
          bodies(),
          requests,
          async () => (await kafka.waiting()) === 0,
        );
        result(`otlp_to_kafka.${name}`, Math.round(ours.perCpuSecond), 'records/cpu-s');
        result(`otlp_to_kafka.${name}.answer_p99`, ours.p99Ms, 'ms');
        result(`otlp_to_kafka.${name}.answer_p99_at_half`, ours.halfP99Ms, 'ms');
        if (peer === undefined) continue;
        const before = await topics.published();
        const theirs = await intake(
          peer.url,
          pidOf(peer.process),
          bodies(),
          requests,
          async (sent) => (await topics.published()) - before >= sent,
        );
        result(`peer_to_kafka.${name}`, Math.round(theirs.perCpuSecond), 'records/cpu-s');
        result(`peer_to_kafka.${name}.answer_p99`, theirs.p99Ms, 'ms');
        result(`peer_to_kafka.${name}.answer_p99_at_half`, theirs.halfP99Ms, 'ms');
        ratios.push(ours.perCpuSecond / theirs.perCpuSecond);
      }
      if (ratios.length > 0)
        result(
          `ratio_to_peer.${name}`,
          percentile(
            ratios.sort((a, b) => a - b),
            0.5,
          ),
          'times',
        );
    }
    result('memory.collector_kafka', anonymousMiB(pidOf(kafka.process)), 'MiB');
    if (peer !== undefined) {
      result('memory.peer', anonymousMiB(pidOf(peer.process)), 'MiB');
      peer.process.kill('SIGTERM');
    }
    kafka.process.child.kill('SIGTERM');
    await kafka.process.ended();
    await topics.close();
    await broker.stop();
  }
}
