/** Opens the log that the configuration names. Each side is loaded only where it is used: neither brings the other's code. */
import type { Config } from '../config.ts';
import type { DataKey } from '../encryption/data-key.ts';
import type { Log } from '../log.ts';
import type { Bus } from './bus.ts';

type BusConfig = Pick<Config, Extract<keyof Config, `VIGIL_KAFKA_${string}`> | 'VIGIL_ALLOW_PLAINTEXT'>;

export interface CreateBusOptions {
  /** Kafka when brokers are named, else the embedded log. */
  readonly config: BusConfig;
  /** How brokers name this client in their logs and quotas. */
  readonly clientId: string;
  readonly log: Log;
  /** Folder of the embedded log. */
  readonly embeddedPath: string;
  /** Encrypts it. */
  readonly key?: DataKey | undefined;
}

/** @throws ShellError BUS_CORRUPT, BUS_UNAVAILABLE, BAD_CONFIG; a Kafka that is away shows in the first call, not here */
export async function createBus({ config, clientId, log, embeddedPath, key }: CreateBusOptions): Promise<Bus> {
  const brokers = config.VIGIL_KAFKA_BROKERS;
  if (brokers === undefined) {
    const { createEmbeddedBus } = await import('./embedded/embedded-bus.ts');
    return createEmbeddedBus({ path: embeddedPath, log, key });
  }
  const { createKafkaBus } = await import('./kafka/kafka-bus.ts');
  const { kafkaSecurity } = await import('./kafka/kafka-security.ts');
  return createKafkaBus({ brokers, clientId, log, ...kafkaSecurity(config) });
}
