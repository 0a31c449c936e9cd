import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { murmur2, partitionFor } from './partitioner.ts';
import { runs } from '../../test/support/runs.ts';

const ofKafkaJs = kafkajs.Partitioners.DefaultPartitioner();

function partitionOfKafkaJs(key: string, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  return ofKafkaJs({ topic: 't', partitionMetadata, message: { key, value: '' } });
}

describe('partitionFor', () => {
  // These values are from the tests of Kafka's Java client.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('murmur2 of %s is %i', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('agrees with the default partitioner of kafkajs for every key', () => {
    const anyKey = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
    );
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 1, max: 1_000 }), (key, partitions) => {
        expect(partitionFor(key, partitions)).toBe(partitionOfKafkaJs(key, partitions));
      }),
      runs(200),
    );
  });

  it('assigns a partition to the empty key, like Kafka', () => {
    expect(partitionFor('', 12)).toBe(partitionOfKafkaJs('', 12));
  });
});
