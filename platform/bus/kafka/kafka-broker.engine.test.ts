/**
 * Tests what only Kafka does: brokers that restart or are down, limits set on a topic, deleted records, messages from
 * other writers.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { describeWithKafka } from '../../../test/support/kafka/kafka-suite.ts';
import { type RunningKafka, startKafka } from '../../../test/support/kafka/kafka.ts';
import { silentLog } from '../../log.ts';
import type { Bus, Message } from '../bus.ts';
import { failureOf, gather, until } from '../test-support/gathering.ts';
import { createKafkaBus } from './kafka-bus.ts';

await describeWithKafka('a broker of its own', () => {
  let kafka: RunningKafka | undefined;
  const buses: Bus[] = [];
  const clientOf = () =>
    new kafkajs.Kafka({ brokers: [...(kafka?.brokers ?? [])], logLevel: kafkajs.logLevel.NOTHING, clientId: 'other' });

  beforeAll(async () => {
    kafka = await startKafka();
  }, 120_000);
  afterAll(() => kafka?.stop());
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
  });

  const open = async (): Promise<Bus> => {
    const bus = await createKafkaBus({ brokers: kafka?.brokers ?? [], clientId: 'test', log: silentLog });
    buses.push(bus);
    return bus;
  };
  const asAdmin = async <T>(action: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = clientOf().admin();
    await admin.connect();
    try {
      return await action(admin);
    } finally {
      await admin.disconnect();
    }
  };
  const all = async (bus: Bus, topic: string): Promise<readonly Message[]> => {
    const found: Message[] = [];
    for (let partition = 0; partition < (await bus.partitionsOf(topic)); partition += 1)
      await bus.readAll({ topic, partition }, (messages) => found.push(...messages));
    return found;
  };

  it('restarts during publishing and consuming: nothing is lost or out of order, and messages that were not sent again are stored once', async () => {
    const bus = await open();
    const [topic, state, group] = [`t-${randomUUID()}`, `s-${randomUUID()}`, `g-${randomUUID()}`];
    await bus.ensureTopics([
      { name: topic, partitions: 2, cleanup: 'delete' },
      { name: state, partitions: 1, cleanup: 'compact' },
    ]);
    const gathered = await gather(bus, { group, topics: [topic] });
    const step = (offset: number) =>
      bus.publishWithOffsets({
        transactionalId: group,
        group: `${group}-steps`,
        messages: [{ topic: state, key: 'k', value: Buffer.from(String(offset)) }],
        offsets: [{ topic, partition: 0, offset }],
      });
    await step(0);
    let published = 0;
    let repeated = 0;
    let restarting: Promise<void> | undefined;
    for (let round = 0; round < 150; round += 1) {
      if (round === 40) restarting = kafka?.restart();
      const values = Array.from({ length: 10 }, (_, index) => round * 10 + index);
      const messages = values.map((value) => ({ topic, key: String(value % 5), value: Buffer.from(String(value)) }));
      // A broker that is slower than our timeout is reported, and the caller retries.
      while (
        !(await bus.publish(messages).then(
          () => true,
          () => false,
        ))
      )
        repeated += 1;
      published += values.length;
    }
    await restarting;
    await until('a step is written again', () =>
      step(1).then(
        () => true,
        () => false,
      ),
    );
    const stored = await all(bus, topic);
    for (const partition of [0, 1]) {
      const there = stored
        .filter((message) => message.partition === partition)
        .map(({ value }) => Number(value.toString()));
      const firsts = [...new Set(there)];
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
    expect(new Set(stored.map(({ value }) => value.toString())).size).toBe(published);
    // A publish that was reported as failed may still have been written; nothing else is stored twice.
    expect(stored.length - published).toBeLessThanOrEqual(repeated * 10);
    await until('the group has read all', () => new Set(gathered.texts()).size === published, 30_000);
  }, 90_000);

  it('has topics with other settings than configured: they are left as they are, and the difference is logged', async () => {
    const said: unknown[] = [];
    const log = { ...silentLog, warn: (message: string, facts?: object) => said.push({ message, ...facts }) };
    const bus = await createKafkaBus({ brokers: kafka?.brokers ?? [], clientId: 'test', log });
    buses.push(bus);
    const topic = `t-${randomUUID()}`;
    const spec = { name: topic, partitions: 1, cleanup: 'delete', retentionMs: 3_600_000 } as const;
    await bus.ensureTopics([spec]);
    await bus.ensureTopics([spec]);
    expect(said).toEqual([]);
    await bus.ensureTopics([{ ...spec, retentionMs: 60_000 }]);
    expect(said).toEqual([
      expect.objectContaining({ topic, setting: 'retention.ms', actual: '3600000', asked: '60000' }),
    ]);
  }, 60_000);

  it('that accepts less than expected gets the batch in smaller parts, each message once, and a message that is too large is reported by name', async () => {
    const bus = await open();
    const topic = `t-${randomUUID()}`;
    await bus.ensureTopics([{ name: topic, partitions: 2, cleanup: 'delete' }]);
    await asAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: topic,
            configEntries: [{ name: 'max.message.bytes', value: '50000' }],
          },
        ],
      }),
    );
    const small = Array.from({ length: 60 }, (_, index) => ({
      topic,
      key: '',
      partition: index % 2,
      value: Buffer.alloc(9_000, index),
    }));
    await bus.publish(small);
    const stored = await all(bus, topic);
    expect(stored.map(({ value }) => value[0]).sort((a = 0, b = 0) => a - b)).toEqual(small.map((_, index) => index));
    const large = { topic, key: 'large', value: Buffer.alloc(60_000) };
    const failure = await failureOf(bus.publish([large]));
    expect(failure).toMatchObject({ code: 'BUS_MESSAGE_TOO_LARGE', retryable: false });
    expect(String(failure)).toContain('"large"');
    await bus.publish([{ topic, key: '', value: Buffer.from('goes on') }]);
  });

  it('that has deleted records reports to the group what it lost', async () => {
    const bus = await open();
    const [topic, group] = [`t-${randomUUID()}`, `g-${randomUUID()}`];
    await bus.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
    const publish = (count: number) =>
      bus.publish(Array.from({ length: count }, () => ({ topic, key: '', value: Buffer.from('x') })));
    await publish(20);
    const first = await gather(bus, { group, topics: [topic] });
    await until('all are read', () => first.messages.length === 20);
    await first.stop();
    await publish(20);
    await asAdmin(async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '30' }] });
    });
    const gaps: unknown[] = [];
    const second = await gather(bus, { group, topics: [topic], onGap: (gap) => gaps.push(gap) });
    await until('what is left is read', () => second.messages.length === 10);
    expect(gaps).toEqual([{ topic, partition: 0, from: 20, to: 30 }]);
    expect(await bus.offsets(topic)).toEqual([{ partition: 0, earliest: 30, next: 40 }]);
  });

  it('keeps topics as configured', async () => {
    const bus = await open();
    const [kept, compacted] = [`t-${randomUUID()}`, `c-${randomUUID()}`];
    await bus.ensureTopics([
      { name: kept, partitions: 1, cleanup: 'delete', retentionMs: 3_600_000, retentionBytes: 1_000_000 },
      { name: compacted, partitions: 1, cleanup: 'compact' },
    ]);
    const settingsOf = async (name: string): Promise<ReadonlyMap<string, string>> => {
      const { resources } = await asAdmin((admin) =>
        admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
        }),
      );
      return new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]));
    };
    const settings = await settingsOf(kept);
    expect(
      ['cleanup.policy', 'retention.ms', 'retention.bytes', 'message.timestamp.type'].map((name) => settings.get(name)),
    ).toEqual(['delete', '3600000', '1000000', 'LogAppendTime']);
    expect((await settingsOf(compacted)).get('cleanup.policy')).toBe('compact');
  });

  it('accepts messages of other writers: no key, no value, repeated headers', async () => {
    const bus = await open();
    const topic = `t-${randomUUID()}`;
    await bus.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
    const producer = clientOf().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({
      topic,
      messages: [{ value: null }, { key: 'k', value: 'v', headers: { a: ['1', '2'], b: Buffer.from('3') } }],
    });
    await producer.disconnect();
    const found = await all(bus, topic);
    expect(found.map(({ key, value, headers }) => [key, value.toString(), headers])).toEqual([
      ['', '', {}],
      ['k', 'v', { a: '2', b: '3' }],
    ]);
  });

  it('does not deliver what was aborted or is not yet committed', async () => {
    const bus = await open();
    const topic = `t-${randomUUID()}`;
    await bus.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
    const producer = clientOf().producer({
      transactionalId: `x-${topic}`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const aborted = await producer.transaction();
    await aborted.send({ topic, messages: [{ key: 'k', value: 'aborted' }] });
    await aborted.abort();
    await bus.publish([{ topic, key: 'k', value: Buffer.from('plain') }]);
    const pending = await producer.transaction();
    await pending.send({ topic, messages: [{ key: 'k', value: 'pending' }] });
    await bus.publish([{ topic, key: 'k', value: Buffer.from('behind') }]);
    expect((await all(bus, topic)).map(({ value }) => value.toString())).toEqual(['plain']);
    await pending.commit();
    await until('it is committed', async () => (await all(bus, topic)).length === 3);
    const gathered = await gather(bus, { group: `g-${topic}`, topics: [topic] });
    await until('the group has read it', () => gathered.messages.length === 3);
    expect(gathered.texts()).toEqual(['plain', 'pending', 'behind']);
    await producer.disconnect();
  });
});

describe('an unreachable broker', () => {
  it('is reported in bounded time and can be retried', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const bus = await createKafkaBus({ brokers: [`127.0.0.1:${port}`], clientId: 'test', log: silentLog });
    expect(await failureOf(bus.ping())).toMatchObject({ code: 'BUS_UNAVAILABLE', retryable: true });
    expect(await failureOf(bus.publish([{ topic: 't', key: '', value: Buffer.from('') }]))).toMatchObject({
      code: 'BUS_UNAVAILABLE',
      retryable: true,
    });
    await bus.close();
  }, 45_000);
});
