/** The pipeline for a test, on embedded parts (`vigil up`) or as separate processes on Kafka and ClickHouse over HTTP. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Process, freePort, run, startVigil, until } from './vigil.ts';

export interface Pipeline {
  readonly otlp: string;
  /** Of OTLP/gRPC. */
  readonly grpc: string;
  readonly api: string;
  /** Process ids of the roles that run now. */
  readonly roles: () => ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export interface PipelineOptions {
  readonly kafka: boolean;
  /** Beside the settings that the parts need. */
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startPipeline(data: string, { kafka, environment = {} }: PipelineOptions): Promise<Pipeline> {
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
    import('./kafka.ts'),
    import('./clickhouse-http.ts'),
  ]);
  const broker = await startKafka();
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
  // What an orchestrator does: a role that was killed is started again. One that ends by itself stays down.
  const start = (role: string): void => {
    const folder = join(data, role);
    mkdirSync(folder, { recursive: true });
    const started = run([role], { ...common, VIGIL_DATA: folder });
    roles.set(role, started);
    void started.ended().then(() => {
      if (!stopping && started.child.signalCode === 'SIGKILL') start(role);
    });
  };
  for (const role of ['recorder', 'detector', 'audit', 'collector']) start(role);
  const ready = async (url: string): Promise<boolean> => fetch(`${url}/readyz`).then((response) => response.ok, () => false); // prettier-ignore
  const [otlp, api] = [`http://127.0.0.1:${otlpPort}`, `http://127.0.0.1:${httpPort}`];
  await until('the collector and the audit API are ready', async () => (await ready(otlp)) && (await ready(api)));
  return {
    otlp,
    grpc: `http://127.0.0.1:${grpcPort}`,
    api,
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
      await broker.stop();
    },
  };
}
