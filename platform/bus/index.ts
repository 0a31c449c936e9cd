/** Opens the log that the configuration names. Each side is loaded only where it is used: neither brings the other's code. */
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { Bus } from './bus.ts';

export interface CreateBusOptions {
  /** Kafka when brokers are named, else the embedded log. */
  readonly config: Pick<Config, 'VIGIL_KAFKA_BROKERS'>;
  /** How brokers name this client in their logs and quotas. */
  readonly clientId: string;
  readonly log: Log;
  /** Folder of the embedded log. */
  readonly embeddedPath: string;
}

/** @throws ShellError BUS_CORRUPT, BUS_UNAVAILABLE; a Kafka that is away shows in the first call, not here */
export async function createBus({ config, clientId, log, embeddedPath }: CreateBusOptions): Promise<Bus> {
  const brokers = config.VIGIL_KAFKA_BROKERS;
  if (brokers === undefined) {
    const { createEmbeddedBus } = await import('./embedded/embedded-bus.ts');
    return createEmbeddedBus({ path: embeddedPath, log });
  }
  const { createKafkaBus } = await import('./kafka/kafka-bus.ts');
  return createKafkaBus({ brokers, clientId, log });
}
