/**
 * The rejected records of one request, as rejects: reason, place, hash and length of the record, and the beginning of its text
 * without secrets. Pure. The cost is bounded for one record and for all of them, since a sender chooses both.
 */
import { type Reject, type RejectReason, piecesOf } from '../../schemas/records/reject.ts';
import type { FlatRecord } from '../../schemas/otlp/record.ts';
import type { Protection } from '../privacy/protection.ts';

/** So many bytes of a record's text are redacted and published. */
export const EXCERPT_BYTES = 64 * 1024;
/** The same for all records of a request together. */
export const EXCERPT_BYTES_PER_REQUEST = 2 * 1024 ** 2;
/** Further records of a request are only counted. */
export const DETAILED_RECORDS = 10_000;
/** Further stretches of rejected records are only counted. */
const MAX_RANGES = 100_000;
/** Searched beyond the excerpt, since a secret that is cut off is hard to recognise. */
const BEYOND_BYTES = 8192;
/** UTF-16 units. */
const DETAIL_LENGTH = 2048;

export interface RejectedRecordsDeps {
  readonly tenant: string;
  readonly sender: string;
  readonly hash128: (...parts: readonly (string | Uint8Array)[]) => string;
  readonly sha256: (bytes: string | Uint8Array) => string;
  readonly protection: Protection;
}

/** Records `from` to `to` of a request, counted from 0 and both included. */
export type RejectedRange = readonly [from: number, to: number, reason: RejectReason];
export interface RejectedRanges {
  readonly ranges: readonly RejectedRange[];
  /** Rejected records outside of the ranges. */
  readonly more: number;
}

export interface RejectedRecord {
  readonly signal: FlatRecord['signal'];
  /** Its position in the request, from 0; undefined when the whole request was refused. */
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
  #detailed = 0;
  #excerptBytes = 0;
  /** Records beyond the limit: the first of them, and how many. */
  #more: { readonly record: RejectedRecord; count: number } | undefined;

  constructor(deps: RejectedRecordsDeps) {
    this.#deps = deps;
  }

  add(record: RejectedRecord): void {
    this.#note(record);
    if (this.#detailed >= DETAILED_RECORDS) {
      this.#more ??= { record, count: 0 };
      this.#more.count += 1;
      return;
    }
    this.#detailed += 1;
    const { whole } = record;
    const room = Math.min(EXCERPT_BYTES, EXCERPT_BYTES_PER_REQUEST - this.#excerptBytes);
    const { text, excerptBytes } = this.#beginning(whole, room);
    this.#excerptBytes += excerptBytes;
    this.#reject(record, record.detail, text);
  }

  finish(): { readonly rejects: readonly Reject[]; readonly ranges: RejectedRanges } {
    if (this.#more !== undefined) {
      const { record, count } = this.#more;
      this.#more = undefined;
      const detail = `${record.detail.slice(0, DETAIL_LENGTH / 2)}; this and ${count - 1} more records of the request are only counted`;
      this.#reject(record, detail, leftOut(sizeOf(record.whole), sizeOf(record.whole)));
    }
    return { rejects: this.#rejects, ranges: { ranges: this.#ranges, more: this.#beyondRanges } };
  }

  #note({ record, reason }: RejectedRecord): void {
    if (record === undefined) return;
    const last = this.#ranges.at(-1);
    if (last?.[2] === reason && last[1] === record - 1) last[1] = record;
    else if (this.#ranges.length < MAX_RANGES) this.#ranges.push([record, record, reason]);
    else this.#beyondRanges += 1;
  }

  #reject({ signal, record, reason, whole, receivedAt }: RejectedRecord, detail: string, text: string): void {
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

  /** The beginning of the text without its secrets, at most `room` bytes; a mark says what is left out. */
  #beginning(whole: string | Uint8Array, room: number): { readonly text: string; readonly excerptBytes: number } {
    const { protection } = this.#deps;
    const sizeBytes = sizeOf(whole);
    if (sizeBytes <= room)
      return { text: protection.refused(decode(whole, sizeBytes)).toWellFormed(), excerptBytes: sizeBytes };
    if (room <= 0) return { text: leftOut(sizeBytes, sizeBytes), excerptBytes: 0 };
    const kept = decode(whole, room).length;
    const text = protection.refused(decode(whole, room + BEYOND_BYTES), kept).toWellFormed();
    return { text: `${text}\n${leftOut(sizeBytes - room, sizeBytes)}`, excerptBytes: room };
  }
}

function leftOut(bytes: number, of: number): string {
  return `[LEFT OUT: ${bytes} of ${of} bytes]`;
}

function sizeOf(whole: string | Uint8Array): number {
  return typeof whole === 'string' ? Buffer.byteLength(whole) : whole.length;
}

/** The text of the first bytes, without a character that is cut off at their end. */
function decode(whole: string | Uint8Array, bytes: number): string {
  const beginning = typeof whole === 'string' ? new TextEncoder().encode(whole.slice(0, bytes)) : whole;
  // In a text that is not cut, an unfinished character at the end becomes the replacement character.
  return new TextDecoder().decode(beginning.subarray(0, bytes), { stream: bytes < beginning.length });
}
