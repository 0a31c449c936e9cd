/**
 * Layout of a segment file, so that a write that was cut off anywhere is recognised and read as if it had not begun.
 *
 * The magic, then frames: payload length (4 bytes, big-endian), CRC-32 of the payload (4 bytes), the payload. A payload
 * begins with its kind: an entry (its sequence in 8 bytes, big-endian, and its bytes) or a state (JSON). A commit is any
 * number of entries and one state after them; entries without a state behind them were never acknowledged.
 */
import { crc32 } from 'node:zlib';

export const MAGIC = Buffer.from('VGLSPOL2');
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

/** How much of a file an entry takes. */
export function entryFrameBytes(bytes: Buffer): number {
  return FRAME_HEAD + ENTRY_HEAD + bytes.length;
}

/** One commit: the entries, and the state that holds after them. */
export function encodeCommit(entries: readonly SequencedBytes[], state: string): Buffer {
  const json = Buffer.from(state);
  const size = entries.reduce((sum, { bytes }) => sum + entryFrameBytes(bytes), 0);
  const out = Buffer.allocUnsafe(size + FRAME_HEAD + 1 + json.length);
  let at = 0;
  const frame = (length: number, write: (payload: Buffer) => void): void => {
    const payload = out.subarray(at + FRAME_HEAD, at + FRAME_HEAD + length);
    write(payload);
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

/** Length of the payload whose frame begins with these bytes, or undefined where no frame begins. */
export function payloadLength(head: Buffer): number | undefined {
  if (head.length < FRAME_HEAD) return undefined;
  const length = head.readUInt32BE(0);
  return length < 1 || length > MAX_PAYLOAD ? undefined : length;
}

/**
 * The frame at an offset of a buffer.
 *
 * @returns undefined where there is none, whole and unbroken
 */
export function decodeFrame(buffer: Buffer, at: number): Frame | undefined {
  const length = payloadLength(buffer.subarray(at, at + FRAME_HEAD));
  if (length === undefined || at + FRAME_HEAD + length > buffer.length) return undefined;
  const payload = buffer.subarray(at + FRAME_HEAD, at + FRAME_HEAD + length);
  if (crc32(payload) !== buffer.readUInt32BE(at + 4)) return undefined;
  const end = at + FRAME_HEAD + length;
  if (payload[0] === STATE) return { kind: 'state', end, json: payload.toString('utf8', 1) };
  if (payload[0] !== ENTRY || length < ENTRY_HEAD) return undefined;
  return {
    kind: 'entry',
    end,
    sequence: Number(payload.readBigUInt64BE(1)),
    bytes: payload.subarray(ENTRY_HEAD),
  };
}
