/**
 * Layout of a segment file, so that a write that was cut off anywhere is recognised and read as if it had not begun.
 *
 * The magic, then frames: payload length (4 bytes, big-endian), CRC-32 of the payload (4 bytes), the payload. A payload
 * begins with its kind: an entry (its sequence in 8 bytes, big-endian, and its bytes) or a state (JSON). A commit is any
 * number of entries and one state after them; entries without a following state were never acknowledged.
 *
 * Where a key is set, another magic and a proof of the key (16 bytes) begin the file, and each payload is sealed by AES-256-GCM
 * under a key of this file for its place in it: lengths and checksums around it are in plaintext.
 */
import { crc32 } from 'node:zlib';
import type { DataKey } from '../../../platform/encryption/data-key.ts';
import { SEAL_BYTES, seal, unseal } from '../../../platform/encryption/seal.ts';

export const MAGIC = Buffer.from('VGLSPOL2');
export const SEALED_MAGIC = Buffer.from('VGLSPOL3');
const PROOF_BYTES = 16;
export const SEALED_HEAD = SEALED_MAGIC.length + PROOF_BYTES;
export const FRAME_HEAD = 8;
const ENTRY = 0x45;
const STATE = 0x53;
const ENTRY_HEAD = 9;
/** Longer than any entry: a length above it is not a frame's. */
const MAX_PAYLOAD = 256 * 1024 ** 2;

export interface SequencedBytes {
  readonly sequence: number;
  readonly bytes: Buffer;
}

export type Frame =
  | ({ readonly kind: 'entry'; readonly end: number } & SequencedBytes)
  | { readonly kind: 'state'; readonly end: number; readonly json: string };

/** How the payloads of one file are written: in plaintext, or each sealed for its place. */
export interface Coding {
  /** First bytes of the file. */
  readonly head: Buffer;
  /** Bytes that sealing adds to a payload. */
  readonly extraBytes: number;
  /** @param at offset of the frame in the file */
  encode(payload: Buffer, at: number): Buffer;
  /** @returns undefined if the bytes are corrupt */
  decode(payload: Buffer, at: number): Buffer | undefined;
}

export const PLAINTEXT: Coding = {
  head: MAGIC,
  extraBytes: 0,
  encode: (payload) => payload,
  decode: (payload) => payload,
};

/** For the file with this number, which is never reused. */
export function sealedCoding(key: DataKey, number: number): Coding {
  const fileKey = key.of(`spool segment ${number}`);
  const place = (at: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(at));
    return bytes;
  };
  return {
    head: Buffer.concat([SEALED_MAGIC, key.of('spool proof').subarray(0, PROOF_BYTES)]),
    extraBytes: SEAL_BYTES,
    encode: (payload, at) => seal(fileKey, place(at), payload),
    decode: (payload, at) => unseal(fileKey, place(at), payload),
  };
}

/** Size of an entry's frame in the file. */
export function entryFrameBytes(bytes: Buffer, { extraBytes }: Coding): number {
  return FRAME_HEAD + ENTRY_HEAD + bytes.length + extraBytes;
}

/** One commit: the entries, and the state that holds after them. @param start offset in the file at which it will stand */
export function encodeCommit(entries: readonly SequencedBytes[], state: string, coding: Coding, start: number): Buffer {
  const json = Buffer.from(state);
  const size = entries.reduce((sum, { bytes }) => sum + entryFrameBytes(bytes, coding), 0);
  const out = Buffer.allocUnsafe(size + FRAME_HEAD + 1 + json.length + coding.extraBytes);
  let at = 0;
  const frame = (plainBytes: number, write: (payload: Buffer) => void): void => {
    const length = plainBytes + coding.extraBytes;
    const payload = out.subarray(at + FRAME_HEAD, at + FRAME_HEAD + length);
    const plain = payload.subarray(0, plainBytes);
    write(plain);
    if (coding.extraBytes > 0) coding.encode(plain, start + at).copy(payload);
    out.writeUInt32BE(length, at);
    out.writeUInt32BE(crc32(payload), at + 4);
    at += FRAME_HEAD + length;
  };
  for (const { sequence, bytes } of entries) {
    frame(ENTRY_HEAD + bytes.length, (payload) => {
      payload[0] = ENTRY;
      payload.writeBigUInt64BE(BigInt(sequence), 1);
      bytes.copy(payload, ENTRY_HEAD);
    });
  }
  frame(1 + json.length, (payload) => {
    payload[0] = STATE;
    json.copy(payload, 1);
  });
  return out;
}

/** Length of the payload whose frame begins with these bytes, or undefined if no frame begins there. */
export function payloadLength(head: Buffer): number | undefined {
  if (head.length < FRAME_HEAD) return undefined;
  const length = head.readUInt32BE(0);
  return length < 1 || length > MAX_PAYLOAD ? undefined : length;
}

/**
 * The frame at an offset of a buffer.
 *
 * @param bufferAt offset of the buffer in the file
 * @returns undefined where there is none, whole and unbroken
 */
export function decodeFrame(buffer: Buffer, at: number, coding: Coding, bufferAt: number): Frame | undefined {
  const length = payloadLength(buffer.subarray(at, at + FRAME_HEAD));
  if (length === undefined || at + FRAME_HEAD + length > buffer.length) return undefined;
  const encoded = buffer.subarray(at + FRAME_HEAD, at + FRAME_HEAD + length);
  if (crc32(encoded) !== buffer.readUInt32BE(at + 4)) return undefined;
  const payload = coding.decode(encoded, bufferAt + at);
  if (payload === undefined) return undefined;
  const end = at + FRAME_HEAD + length;
  if (payload[0] === STATE) return { kind: 'state', end, json: payload.toString('utf8', 1) };
  if (payload[0] !== ENTRY || payload.length < ENTRY_HEAD) return undefined;
  return {
    kind: 'entry',
    end,
    sequence: Number(payload.readBigUInt64BE(1)),
    bytes: payload.subarray(ENTRY_HEAD),
  };
}
