/**
 * What is told of the records of one request that were turned away: reason, place, hash and length of the whole, and a
 * beginning of its text without secrets. Pure. What a sender can make it cost is bounded, for one record and for all of them.
 */
import { type Reject, type RejectReason, piecesOf } from '../../schemas/records/reject.ts';
import type { FlatRecord } from '../../schemas/otlp/record.ts';
import type { Protection } from '../privacy/protection.ts';

/** Of a record, that many bytes of text are redacted and told. */
export const EXCERPT_BYTES = 64 * 1024;
/** … and of all records of a request together. */
export const EXCERPT_BYTES_PER_REQUEST = 2 * 1024 ** 2;
/** Of more records of a request only the number is told. */
export const DETAILED_RECORDS = 10_000;
/** Stretches of records that are told; those of more are counted. */
const RANGES = 100_000;
/** Read beyond what is told: a secret that is cut off is hard to know. */
const BEYOND_BYTES = 8192;
/** Of the detail (UTF-16 units). */
const DETAIL_LENGTH = 2048;

export interface RejectedRecordsDeps {
  readonly tenant: string;
  readonly sender: string;
  readonly hash128: (...parts: readonly (string | Uint8Array)[]) => string;
  readonly sha256: (bytes: string | Uint8Array) => string;
  readonly protection: Protection;
}

/** The records `from` to `to` of a request, both counted from 0 and both among them. */
export type RejectedRange = readonly [from: number, to: number, reason: RejectReason];
export interface RejectedRanges {
  readonly ranges: readonly RejectedRange[];
  /** How many there are besides. */
  readonly more: number;
}

export interface RejectedRecord {
  readonly signal: FlatRecord['signal'];
  /** Which of its request it is, from 0; undefined where it is the request. */
  readonly record: number | undefined;
  readonly reason: RejectReason;
  readonly detail: string;
  /** The record as it was sent, or the event that it became as JSON. */
  readonly whole: string | Uint8Array;
  /** ms since epoch */
  readonly receivedAt: number;
}

export class RejectedRecords {
  readonly #deps: RejectedRecordsDeps;
  readonly #rejects: Reject[] = [];
  readonly #ranges: [from: number, to: number, reason: RejectReason][] = [];
  #beyondRanges = 0;
  #told = 0;
  #toldBytes = 0;
  /** Of those that are not told each: the first, and how many. */
  #more: { readonly record: RejectedRecord; count: number } | undefined;

  constructor(deps: RejectedRecordsDeps) {
    this.#deps = deps;
  }

  add(record: RejectedRecord): void {
    this.#note(record);
    if (this.#told >= DETAILED_RECORDS) {
      this.#more ??= { record, count: 0 };
      this.#more.count += 1;
      return;
    }
    this.#told += 1;
    const { whole } = record;
    const room = Math.min(EXCERPT_BYTES, EXCERPT_BYTES_PER_REQUEST - this.#toldBytes);
    const { text, toldBytes } = this.#beginning(whole, room);
    this.#toldBytes += toldBytes;
    this.#tell(record, record.detail, text);
  }

  finish(): { readonly rejects: readonly Reject[]; readonly ranges: RejectedRanges } {
    if (this.#more !== undefined) {
      const { record, count } = this.#more;
      this.#more = undefined;
      const detail = `${record.detail.slice(0, DETAIL_LENGTH / 2)}; this and ${count - 1} more records of the request are counted and not told each`;
      this.#tell(record, detail, leftOut(sizeOf(record.whole), sizeOf(record.whole)));
    }
    return { rejects: this.#rejects, ranges: { ranges: this.#ranges, more: this.#beyondRanges } };
  }

  #note({ record, reason }: RejectedRecord): void {
    if (record === undefined) return;
    const last = this.#ranges.at(-1);
    if (last?.[2] === reason && last[1] === record - 1) last[1] = record;
    else if (this.#ranges.length < RANGES) this.#ranges.push([record, record, reason]);
    else this.#beyondRanges += 1;
  }

  #tell({ signal, record, reason, whole, receivedAt }: RejectedRecord, detail: string, text: string): void {
    const { tenant, sender, hash128, sha256, protection } = this.#deps;
    const pieces = piecesOf(text);
    const facts = {
      rejectId: hash128(tenant, '\0', reason, '\0', whole),
      tenant,
      sender,
      receivedAt,
      stage: 'collector',
      signal,
      ...(record === undefined ? {} : { record }),
      reason,
      detail: protection
        .detail(detail.slice(0, DETAIL_LENGTH + BEYOND_BYTES))
        .slice(0, DETAIL_LENGTH)
        .toWellFormed(),
      sha256: sha256(whole),
      sizeBytes: sizeOf(whole),
      parts: pieces.length,
    } as const;
    for (const [part, body] of pieces.entries()) this.#rejects.push({ ...facts, part, body });
  }

  /** The text without its secrets, as far as there is room (bytes); a mark says what is left out. */
  #beginning(whole: string | Uint8Array, room: number): { readonly text: string; readonly toldBytes: number } {
    const { protection } = this.#deps;
    const sizeBytes = sizeOf(whole);
    if (sizeBytes <= room)
      return { text: protection.refused(decode(whole, sizeBytes)).toWellFormed(), toldBytes: sizeBytes };
    if (room <= 0) return { text: leftOut(sizeBytes, sizeBytes), toldBytes: 0 };
    const kept = decode(whole, room).length;
    const text = protection.refused(decode(whole, room + BEYOND_BYTES), kept).toWellFormed();
    return { text: `${text}\n${leftOut(sizeBytes - room, sizeBytes)}`, toldBytes: room };
  }
}

function leftOut(bytes: number, of: number): string {
  return `[LEFT OUT: ${bytes} of ${of} bytes]`;
}

function sizeOf(whole: string | Uint8Array): number {
  return typeof whole === 'string' ? Buffer.byteLength(whole) : whole.length;
}

/** The text of the first bytes; a character that they end within is not part of it. */
function decode(whole: string | Uint8Array, bytes: number): string {
  const beginning = typeof whole === 'string' ? new TextEncoder().encode(whole.slice(0, bytes)) : whole;
  // Of what is not cut, an unfinished character at the end is told as one that cannot be read.
  return new TextDecoder().decode(beginning.subarray(0, bytes), { stream: bytes < beginning.length });
}
