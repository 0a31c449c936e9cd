/** A real Apache Kafka for tests: one node in KRaft mode, own ports, own temporary data, ended with the tests. */
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { sharedService, spawnGuarded } from '../shared-service.ts';
import { installKafka } from './kafka-install.ts';

export interface RunningKafka {
  readonly brokers: readonly string[];
  /** Kills the broker without warning; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same data and ports. */
  start(): Promise<void>;
  /** `kill`, then `start`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 60_000;
/** Set by people who have a broker: its addresses, separated by commas. */
export const GIVEN_BROKERS = 'VIGIL_TEST_KAFKA';

/** A broker of one's own. @throws Error saying what is missing on this machine */
export async function startKafka(): Promise<RunningKafka> {
  return startAlone((folder) => prepareBroker(folder));
}

export interface SecureKafka extends RunningKafka {
  /** Asks for a client certificate. */
  readonly tls: string;
  /** TLS and SASL: PLAIN, SCRAM and OAUTHBEARER with unsecured tokens (RFC 7515, `alg: none`). */
  readonly sasl: string;
}

export interface KafkaSecrets {
  /** PEM: key and certificate of the broker, certificate of the authority. */
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
  readonly user: string;
  readonly password: string;
}

/** A broker that listens as one does beyond loopback, too. */
export async function startSecureKafka(secrets: KafkaSecrets): Promise<SecureKafka> {
  const [tlsPort, saslPort] = await freePorts(2);
  const secured = { ...secrets, tlsPort: tlsPort ?? 0, saslPort: saslPort ?? 0 };
  const running = await startAlone((folder) => prepareBroker(folder, secured));
  return { ...running, tls: `127.0.0.1:${secured.tlsPort}`, sasl: `127.0.0.1:${secured.saslPort}` };
}

async function startAlone(prepare: (folder: string) => Promise<Broker>): Promise<RunningKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-kafka-'));
  const broker = await prepare(folder);
  let running = await broker.start(process.pid);
  const kill = (): Promise<void> => end(running);
  const start = async (): Promise<void> => {
    running = await broker.start(process.pid);
  };
  return {
    brokers: broker.brokers,
    kill,
    start,
    restart: async () => {
      await kill();
      await start();
    },
    stop: async () => {
      await end(running);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The broker that all test files of a run share; outside of a run one of its own. Topics and groups need names of their
 * own.
 */
export async function sharedKafka(): Promise<Pick<RunningKafka, 'brokers' | 'stop'>> {
  const stop = (): Promise<void> => Promise.resolve();
  const given = process.env[GIVEN_BROKERS];
  if (given !== undefined) return { brokers: given.split(','), stop };
  const brokers = await sharedService('kafka', async ({ folder, owner }) => {
    const broker = await prepareBroker(folder);
    return { address: broker.brokers, guard: await broker.start(owner) };
  });
  return brokers === undefined ? startKafka() : { brokers, stop };
}

interface Broker {
  readonly brokers: readonly string[];
  /** @param owner process id with which the broker ends */
  start(owner: number): Promise<ChildProcess>;
}

type Secured = KafkaSecrets & { readonly tlsPort: number; readonly saslPort: number };

async function prepareBroker(folder: string, secured?: Secured): Promise<Broker> {
  const installed = await installKafka();
  if ('missing' in installed) throw new Error(installed.missing);
  const classpath = join(installed.libs, '*');
  const [clientPort, controllerPort] = await freePorts(2);
  const config = join(folder, 'server.properties');
  mkdirSync(folder, { recursive: true });
  const basic = properties(join(folder, 'data'), clientPort ?? 0, controllerPort ?? 0);
  writeFileSync(config, secured === undefined ? basic : basic + securedProperties(folder, basic, secured));
  const java = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', classpath];
  const { stdout } = await promisify(execFile)('java', [...java, 'kafka.tools.StorageTool', 'random-uuid']);
  await promisify(execFile)('java', [
    ...java,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    stdout.trim(),
    '-c',
    config,
    ...scramUsers(secured),
  ]);
  const brokers = [`127.0.0.1:${clientPort ?? 0}`];
  return {
    brokers,
    start: async (owner) => {
      const child = spawnGuarded(owner, ['java', ...java, 'kafka.Kafka', config]);
      await reachable(brokers, child);
      return child;
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  // `unref` kept this process free to end; here the end is waited for.
  child.ref();
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function reachable(brokers: readonly string[], child: ChildProcess): Promise<void> {
  const giveUpAt = Date.now() + START_MS;
  for (;;) {
    const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
    const admin = kafka.admin();
    try {
      await admin.connect();
      const { brokers: nodes } = await admin.describeCluster();
      if (nodes.length > 0) return;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > giveUpAt)
        throw new Error('the broker did not start', { cause: error });
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    await sleep(200);
  }
}

function properties(data: string, clientPort: number, controllerPort: number): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${clientPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${clientPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 500,
    // Tests do not wait for a cleaner that comes by every few minutes.
    'log.retention.check.interval.ms': 500,
    'log.initial.task.delay.ms': 100,
    'log.cleaner.backoff.ms': 200,
    'log.segment.delete.delay.ms': 100,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Kafka uses the later of two values of a property. */
function securedProperties(
  folder: string,
  basic: string,
  { key, certificate, authority, user, password, tlsPort, saslPort }: Secured,
): string {
  const keystore = join(folder, 'broker.pem');
  const truststore = join(folder, 'authority.pem');
  writeFileSync(keystore, `${key}${certificate}`);
  writeFileSync(truststore, authority);
  const before = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(basic)?.[1] ?? '';
  const module = 'org.apache.kafka.common.security';
  return Object.entries({
    listeners: `${before('listeners')},MTLS://127.0.0.1:${tlsPort},SIGNED://127.0.0.1:${saslPort}`,
    'advertised.listeners': `${before('advertised.listeners')},MTLS://127.0.0.1:${tlsPort},SIGNED://127.0.0.1:${saslPort}`,
    'listener.security.protocol.map': `${before('listener.security.protocol.map')},MTLS:SSL,SIGNED:SASL_SSL`,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keystore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': truststore,
    'listener.name.mtls.ssl.client.auth': 'required',
    'listener.name.signed.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'listener.name.signed.plain.sasl.jaas.config': `${module}.plain.PlainLoginModule required user_${user}="${password}";`,
    'listener.name.signed.scram-sha-256.sasl.jaas.config': `${module}.scram.ScramLoginModule required;`,
    'listener.name.signed.scram-sha-512.sasl.jaas.config': `${module}.scram.ScramLoginModule required;`,
    'listener.name.signed.oauthbearer.sasl.jaas.config': `${module}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function scramUsers(secured: Secured | undefined): readonly string[] {
  if (secured === undefined) return [];
  const user = `[name=${secured.user},password=${secured.password}]`;
  return ['--add-scram', `SCRAM-SHA-256=${user}`, '--add-scram', `SCRAM-SHA-512=${user}`];
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
