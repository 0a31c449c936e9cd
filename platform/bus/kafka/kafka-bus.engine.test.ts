/** Runs the bus contract on a real Kafka. */
import { afterAll, beforeAll } from '@jest/globals';
import { describeWithKafka } from '../../../test/support/kafka/kafka-suite.ts';
import { sharedKafka } from '../../../test/support/kafka/kafka.ts';
import { silentLog } from '../../log.ts';
import { busContract } from '../test-support/contract.ts';
import { createKafkaBus } from './kafka-bus.ts';

await describeWithKafka('Kafka', () => {
  let kafka: Awaited<ReturnType<typeof sharedKafka>> | undefined;
  const brokers = (): readonly string[] => kafka?.brokers ?? [];
  beforeAll(async () => {
    kafka = await sharedKafka();
  }, 120_000);
  afterAll(() => kafka?.stop());

  busContract({
    open: () => createKafkaBus({ brokers: brokers(), clientId: 'test', log: silentLog, sessionMs: 3_000 }),
    place: () => ({ kind: 'kafka', brokers: brokers(), sessionMs: 3_000 }),
  });
});
