/** The pipeline for a test, on embedded parts (`vigil up`) or as separate processes on Kafka and ClickHouse over HTTP. */
import { until } from '../until.ts';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningKafka } from '../kafka/kafka.ts';
import { type Process, freePort, run, startVigil } from './vigil.ts';

export interface Pipeline {
  readonly otlp: string;
  /** Address of OTLP/gRPC. */
  readonly grpc: string;
  readonly api: string;
  /** ClickHouse's HTTP interface, where there is one. */
  readonly clickhouse?: string;
  /** Process ids of the roles that run now. */
  readonly roles: () => ReadonlyMap<string, number>;
  /** Output of a role that is a separate process, since its last start. */
  readonly output?: (role: string) => string;
  stop(): Promise<void>;
}

export interface PipelineOptions {
  readonly kafka: boolean;
  /** In addition to the settings that the parts need. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How the caller controls processes on Kafka beyond starting and stopping them. */
  readonly cluster?: ClusterOptions;
}

export interface ClusterOptions {
  /** A broker that the caller kills, starts and stops. By default the pipeline starts its own. */
  readonly broker?: RunningKafka;
  /** Default: all of them. */
  readonly roles?: readonly string[];
  /** Largest file that a role may write, asked when it starts; see `run`. */
  readonly fileBytes?: (role: string) => number | undefined;
  /** Called when a role ends unexpectedly. With this callback the role is restarted a second later; else it stays down. */
  readonly onEnded?: (role: string, process: Process) => void;
}

const ROLES = ['recorder', 'detector', 'audit', 'collector'] as const;
const RESTART_MS = 1_000;

export async function startPipeline(
  data: string,
  { kafka, environment = {}, cluster = {} }: PipelineOptions,
): Promise<Pipeline> {
  if (!kafka) {
    const vigil = await startVigil(data, { environment: { VIGIL_LOG_LEVEL: 'warn', ...environment } });
    return {
      otlp: vigil.otlp,
      grpc: vigil.grpc,
      api: vigil.api,
      roles: vigil.roles,
      stop: async () => {
        await vigil.stop();
      },
    };
  }
  // Not loaded where they are not asked for: they bring a broker and an engine with them.
  const [{ startKafka }, { startClickHouse }] = await Promise.all([
    import('../kafka/kafka.ts'),
    import('../clickhouse/clickhouse-http.ts'),
  ]);
  const broker = cluster.broker ?? (await startKafka());
  const clickhouse = await startClickHouse();
  const [otlpPort, grpcPort, httpPort] = [await freePort(), await freePort(), await freePort()];
  const common = {
    VIGIL_LOG_LEVEL: 'warn',
    ...environment,
    VIGIL_KAFKA_BROKERS: broker.brokers.join(','),
    VIGIL_CLICKHOUSE_URL: clickhouse.url,
    VIGIL_OTLP_PORT: String(otlpPort),
    VIGIL_OTLP_GRPC_PORT: String(grpcPort),
    VIGIL_HTTP_PORT: String(httpPort),
  };
  const roles = new Map<string, Process>();
  let stopping = false;
  // What an orchestrator does: a role that was killed is started again.
  const start = (role: string): void => {
    const folder = join(data, role);
    mkdirSync(folder, { recursive: true });
    const started = run([role], { ...common, VIGIL_DATA: folder }, { fileBytes: cluster.fileBytes?.(role) });
    roles.set(role, started);
    void started.ended().then(() => {
      if (stopping) return;
      if (started.child.signalCode === 'SIGKILL') start(role);
      else if (cluster.onEnded !== undefined) {
        cluster.onEnded(role, started);
        setTimeout(() => {
          if (!stopping) start(role);
        }, RESTART_MS);
      }
    });
  };
  for (const role of cluster.roles ?? ROLES) start(role);
  const ready = async (url: string): Promise<boolean> =>
    fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
  const [otlp, api] = [`http://127.0.0.1:${otlpPort}`, `http://127.0.0.1:${httpPort}`];
  await until('the collector and the audit API are ready', async () => (await ready(otlp)) && (await ready(api)));
  return {
    otlp,
    grpc: `http://127.0.0.1:${grpcPort}`,
    api,
    clickhouse: clickhouse.url,
    output: (role) => roles.get(role)?.output() ?? '',
    roles: () =>
      new Map([...roles].flatMap(([role, { child }]) => (child.pid === undefined ? [] : [[role, child.pid] as const]))),
    stop: async () => {
      stopping = true;
      for (const [role, started] of roles) {
        started.child.kill('SIGTERM');
        await started.ended();
        if (process.env['VIGIL_TEST_OUTPUT'] === '1') console.log(`${role}:\n${started.output()}`);
      }
      await clickhouse.stop();
      if (cluster.broker === undefined) await broker.stop();
    },
  };
}
