/** One entry of the spool: a message for the bus, and whose records it has. The value is stored as it will be published. */
import { z } from 'zod';
import type { AccountId } from './ledger/ledger.ts';

const Header = z.object({
  topic: z.string(),
  key: z.string(),
  /** JSON lines in the value. */
  count: z.int(),
  /** Lines that are events derived from command lines; absent when there are none. */
  derived: z.int().optional(),
  /** Name of the credential that sent the records. */
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

/** The owner of a message: its key is `tenant/actor`, or `tenant` for rejects. */
export function tenantOf(key: string): string {
  return key.split('/', 1)[0] ?? '';
}

/** The ledger account of an entry. */
export function accountOf({ key, sender, signal }: EntryHeader): AccountId {
  return { tenant: tenantOf(key), sender, signal };
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

/** Ids of the events in a message, without parsing it: `eventId` is the first field of every line. */
export function eventIdsOf({ value }: { readonly value: string | Buffer }): string[] {
  const lines = typeof value === 'string' ? value : value.toString('utf8');
  const ids: string[] = [];
  for (const match of lines.matchAll(/^\{"eventId":"([0-9a-f]{32})"/gm)) ids.push(match[1] ?? '');
  return ids;
}
