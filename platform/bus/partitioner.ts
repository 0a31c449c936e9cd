/** Maps a key to a partition with Kafka's murmur2, so that the embedded log and every Kafka client agree. */

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;

/**
 * MurmurHash2 with the seed of Apache Kafka (`org.apache.kafka.common.utils.Utils.murmur2`), as a signed 32-bit
 * integer.
 */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const at = (index: number): number => bytes[index] ?? 0;
  const words = length >> 2;
  let hash = SEED ^ length;
  for (let word = 0; word < words; word += 1) {
    const start = word * 4;
    let mixed = at(start) | (at(start + 1) << 8) | (at(start + 2) << 16) | (at(start + 3) << 24);
    mixed = Math.imul(mixed, MULTIPLIER);
    mixed ^= mixed >>> SHIFT;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(mixed, MULTIPLIER);
  }
  const rest = words * 4;
  const left = length - rest;
  if (left === 3) hash ^= at(rest + 2) << 16;
  if (left >= 2) hash ^= at(rest + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ at(rest), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return (hash ^ (hash >>> 15)) | 0;
}

/**
 * Same as the default partitioner of Kafka's Java client: the sign bit is masked, not negated. The empty key is a key
 * too.
 */
export function partitionFor(key: string | Uint8Array, partitions: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions;
}
