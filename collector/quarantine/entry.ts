/** What the quarantine knows of a request: in clear what no payload chooses, sealed all that was sent. Pure. */
import { z } from 'zod';
import { RejectReason } from '../../schemas/records/reject.ts';
import type { OtlpSignal, Origin } from '../../schemas/otlp/request.ts';
import type { Encoding } from '../otlp/answer.ts';
import type { RejectedRange, RejectedRanges } from '../intake/rejected-records.ts';

/** A request of which something was turned away. */
export const RequestHead = z.object({
  kind: z.literal('request'),
  /** Hash over whose it is and what was sent: the same request sent again has the same. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  tenant: z.string(),
  sender: z.string(),
  actor: z.string().optional(),
  agents: z.array(z.string()).readonly().optional(),
  signal: z.enum(['logs', 'traces', 'metrics']),
  encoding: z.enum(['json', 'protobuf']),
  /** ms since epoch */
  receivedAt: z.number(),
  /** Records by reason; of a request that was refused whole, one. */
  reasons: z.partialRecord(RejectReason, z.int()),
  /** Of the body, decompressed (bytes). */
  sizeBytes: z.int(),
});
export type RequestHead = z.infer<typeof RequestHead>;

/** Records of a request were sent through the collector again; sealed, the ids of the events that they became. */
const ReplayHead = z.object({ kind: z.literal('replayed'), id: z.string(), at: z.number() });

export const Head = z.discriminatedUnion('kind', [RequestHead, ReplayHead]);
export type Head = z.infer<typeof Head>;

/** All that was sent, and which records of it were turned away; none where it was refused whole. */
export interface Content extends RejectedRanges {
  readonly body: Buffer;
}

export interface RejectedRequest {
  readonly origin: Origin;
  readonly signal: OtlpSignal;
  readonly encoding: Encoding;
  readonly receivedAt: number;
  readonly body: Uint8Array;
  readonly reasons: ReadonlyMap<RejectReason, number>;
  readonly rejectedRanges: RejectedRanges;
}

export function headOf(
  rejected: RejectedRequest,
  hash128: (...parts: readonly (string | Uint8Array)[]) => string,
): RequestHead {
  const { origin, signal, encoding, receivedAt, body, reasons } = rejected;
  const { tenant, sender, actor, agents } = origin;
  return {
    kind: 'request',
    id: hash128(tenant, '\0', sender, '\0', signal, '\0', encoding, '\0', body),
    tenant,
    sender,
    ...(actor === undefined ? {} : { actor }),
    ...(agents === undefined ? {} : { agents }),
    signal,
    encoding,
    receivedAt,
    reasons: Object.fromEntries(reasons),
    sizeBytes: body.length,
  };
}

const Ranges = z.object({
  ranges: z.array(z.tuple([z.int(), z.int(), RejectReason])).readonly(),
  more: z.int(),
});

/** Layout: length of the ranges (4 bytes, big-endian), the ranges as JSON, the body. */
export function contentParts({
  rejectedRanges,
  body,
}: Pick<RejectedRequest, 'rejectedRanges' | 'body'>): readonly Buffer[] {
  const ranges = Buffer.from(JSON.stringify(rejectedRanges));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(ranges.length);
  return [length, ranges, Buffer.from(body.buffer, body.byteOffset, body.byteLength)];
}

/** @throws Error when the bytes are not a content */
export function contentOf(bytes: Buffer): Content {
  const length = bytes.readUInt32BE(0);
  return {
    ...Ranges.parse(JSON.parse(bytes.toString('utf8', 4, 4 + length))),
    body: bytes.subarray(4 + length),
  };
}

export function isAmong(ranges: readonly RejectedRange[], record: number): boolean {
  // Ascending: the last that does not begin behind it.
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.[0] ?? Infinity) <= record) low = middle + 1;
    else high = middle;
  }
  return low > 0 && (ranges[low - 1]?.[1] ?? -1) >= record;
}

/** By which people and rejects name a request of the quarantine, or one record of it. */
export interface QuarantineId {
  readonly id: string;
  readonly record?: number | undefined;
}

export function quarantineIdText({ id, record }: QuarantineId): string {
  return record === undefined ? id : `${id}.${record}`;
}

/** @returns undefined when it is none */
export function parseQuarantineId(text: string): QuarantineId | undefined {
  const [, id = '', record] = /^([0-9a-f]{32})(?:\.(\d{1,10}))?$/.exec(text) ?? [];
  return id === '' ? undefined : { id, record: record === undefined ? undefined : Number(record) };
}
