/** Opens the configured log. Each implementation is loaded only when it is used. */
import type { Config } from '../config.ts';
import type { DataKey } from '../encryption/data-key.ts';
import type { Log } from '../log.ts';
import type { Bus } from './bus.ts';

type BusConfig = Pick<Config, Extract<keyof Config, `VIGIL_KAFKA_${string}`> | 'VIGIL_ALLOW_PLAINTEXT'>;

export interface CreateBusOptions {
  /** Selects Kafka when brokers are configured, otherwise the embedded log. */
  readonly config: BusConfig;
  /** Name of this client in the brokers' logs and quotas. */
  readonly clientId: string;
  readonly log: Log;
  /** Folder of the embedded log. */
  readonly embeddedPath: string;
  /** Encrypts the embedded log. */
  readonly key?: DataKey | undefined;
}

/**
 * @throws ShellError BUS_CORRUPT, BUS_UNAVAILABLE, BAD_CONFIG; an unreachable Kafka fails in the first call, not here
 */
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
