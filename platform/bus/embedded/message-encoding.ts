/** Encodes messages as LMDB values, and builds keys that sort by partition and offset. */
import type { Message, OutgoingMessage } from '../bus.ts';

/** Layout: timestamp (8 bytes), length of the key (4), length of the headers (4), key, headers as JSON, value. */
const FIXED_BYTES = 16;

export interface Entry {
  readonly partition: number;
  /** The timestamp is filled in when the message is written. */
  readonly record: Buffer;
}

/**
 * The encoded messages of one call share a few large buffers: allocating one buffer per message costs more than copying
 * the bytes.
 */
const SLAB_BYTES = 1024 ** 2;

type Encodable = Pick<OutgoingMessage, 'key' | 'headers' | 'value'>;

/** @param messages the messages about to be encoded, so that a small call allocates a small buffer */
export function recordEncoder(messages: readonly Encodable[]): (message: Encodable) => Buffer {
  let slab = Buffer.alloc(0);
  let used = 0;
  let left = messages.reduce((sum, { value, key }) => sum + value.byteLength + key.length + FIXED_BYTES, 0);
  return ({ key, headers, value }) => {
    const head = headers === undefined ? '' : JSON.stringify(headers);
    const keyBytes = Buffer.byteLength(key);
    const headBytes = Buffer.byteLength(head);
    const bytes = FIXED_BYTES + keyBytes + headBytes + value.byteLength;
    if (used + bytes > slab.length) {
      slab = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(SLAB_BYTES, Math.ceil(left * 1.1))));
      used = 0;
    }
    const out = slab.subarray(used, used + bytes);
    used += bytes;
    left = Math.max(0, left - bytes);
    out.writeDoubleBE(0, 0);
    out.writeUInt32BE(keyBytes, 8);
    out.writeUInt32BE(headBytes, 12);
    out.write(key, FIXED_BYTES);
    if (headBytes > 0) out.write(head, FIXED_BYTES + keyBytes);
    out.set(value, FIXED_BYTES + keyBytes + headBytes);
    return out;
  };
}

export function encodeRecord(message: Encodable): Buffer {
  return recordEncoder([message])(message);
}

export function stamp(record: Buffer, timestamp: number): void {
  record.writeDoubleBE(timestamp, 0);
}

export function keyOf(record: Buffer): Buffer {
  return record.subarray(FIXED_BYTES, FIXED_BYTES + record.readUInt32BE(8));
}

export function hasEmptyValue(record: Buffer): boolean {
  return record.length === FIXED_BYTES + record.readUInt32BE(8) + record.readUInt32BE(12);
}

export function decodeRecord(topic: string, partition: number, offset: number, record: Buffer): Message {
  const headAt = FIXED_BYTES + record.readUInt32BE(8);
  const valueAt = headAt + record.readUInt32BE(12);
  return {
    topic,
    partition,
    offset,
    timestamp: record.readDoubleBE(0),
    key: record.toString('utf8', FIXED_BYTES, headAt),
    value: record.subarray(valueAt),
    headers: valueAt === headAt ? {} : (JSON.parse(record.toString('utf8', headAt, valueAt)) as Message['headers']),
  };
}

/** Offsets use six bytes: 2^48 messages per partition, which JavaScript still represents exactly. */
const OFFSET_BYTES = 6;

/** Encodes `prefix`, partition and offset in big-endian order, so that LMDB's order is the log's order. */
export function messageKey(prefix: Buffer, partition: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(prefix.length + 4 + OFFSET_BYTES);
  prefix.copy(key);
  key.writeUInt32BE(partition, prefix.length);
  key.writeUIntBE(offset, prefix.length + 4, OFFSET_BYTES);
  return key;
}

export function offsetIn(key: Uint8Array): number {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUIntBE(
    key.byteLength - OFFSET_BYTES,
    OFFSET_BYTES,
  );
}

/** Encodes entries as one outbox value: partition (4 bytes), length (4) and record, repeated. */
export function encodeEntries(entries: readonly Entry[]): Buffer {
  return Buffer.concat(
    entries.flatMap(({ partition, record }) => {
      const head = Buffer.allocUnsafe(8);
      head.writeUInt32BE(partition, 0);
      head.writeUInt32BE(record.length, 4);
      return [head, record];
    }),
  );
}

export function decodeEntries(bytes: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at + 4);
    entries.push({ partition: bytes.readUInt32BE(at), record: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  return entries;
}

/** Reads messages of one partition starting at `from`: up to `maxBytes`, but at least one message. */
export function readRange(
  entries: Iterable<{ readonly key: Uint8Array; readonly value: Buffer }>,
  topic: string,
  partition: number,
  maxBytes: number,
): readonly Message[] {
  const messages: Message[] = [];
  let bytes = 0;
  for (const { key, value } of entries) {
    bytes += value.length;
    if (messages.length > 0 && bytes > maxBytes) break;
    messages.push(decodeRecord(topic, partition, offsetIn(key), asBuffer(value)));
  }
  return messages;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
