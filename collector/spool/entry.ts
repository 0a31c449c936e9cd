/** One entry of the spool: a message for the bus and what it stands for. The value is stored as it will be published. */
import { z } from 'zod';

const Header = z.object({
  topic: z.string(),
  key: z.string(),
  /** JSON lines in the value. */
  count: z.int(),
  /** Of the lines: events derived from command lines; absent where there are none. */
  derived: z.int().optional(),
  /** Whose credential the records came with. */
  sender: z.string(),
  signal: z.enum(['logs', 'traces', 'metrics']),
  /** Input records behind the lines; a record split over two messages counts in its last one. */
  records: z.int(),
  /** Lines that end a record, from 0; absent when each line is one. */
  recordEnds: z.array(z.int()).readonly().optional(),
});
export type EntryHeader = z.infer<typeof Header>;

export interface Entry extends EntryHeader {
  readonly value: Buffer;
}

/** Whose data a message is: keys are `tenant/actor`, or of rejects `tenant`. */
export function tenantOf(key: string): string {
  return key.split('/', 1)[0] ?? '';
}

/** Layout: length of the header (4 bytes, big-endian), the header as JSON, the value. */
export function encodeEntry(header: EntryHeader, value: string): Buffer {
  const head = Buffer.from(JSON.stringify(header));
  const body = Buffer.byteLength(value);
  const out = Buffer.allocUnsafe(4 + head.length + body);
  out.writeUInt32BE(head.length, 0);
  head.copy(out, 4);
  out.write(value, 4 + head.length, body, 'utf8');
  return out;
}

/** @throws Error when the bytes are not an entry: the spool was written by something else */
export function decodeEntry(bytes: Buffer): Entry {
  const length = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
  if (length === 0 || 4 + length > bytes.length) throw new Error('not a spool entry');
  const header = Header.parse(JSON.parse(bytes.toString('utf8', 4, 4 + length)));
  return { ...header, value: bytes.subarray(4 + length) };
}
