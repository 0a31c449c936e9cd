/** Protobuf's wire format: a bounded cursor over bytes. Every read names the end it must not pass. */
import type { Input } from '../input.ts';
import { OtlpDecodeError } from '../../../schemas/otlp/record.ts';

/** Wire types, the low three bits of a tag. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

export class Wire {
  readonly input: Input;
  readonly bytes: Uint8Array;
  pos: number;
  /** Halves of the last 64-bit number read. */
  low = 0;
  high = 0;

  constructor(input: Input, pos: number) {
    this.input = input;
    this.bytes = input.bytes;
    this.pos = pos;
  }

  /** Next tag (field number << 3 | wire type), never 0. */
  tag(end: number): number {
    const at = this.pos;
    if (at < end) {
      const byte = this.bytes[at] as number;
      if (byte < 0x80) {
        if (byte < 8) throw new OtlpDecodeError('field number 0', at);
        this.pos = at + 1;
        return byte;
      }
    }
    this.varint(end);
    // Field numbers have 29 bits, so a tag has 32.
    if (this.high !== 0 || this.low >>> 0 < 8) throw new OtlpDecodeError('invalid field number', at);
    return this.low >>> 0;
  }

  /** Length of a length-delimited field; returns its end and leaves the cursor on its first byte. */
  length(end: number): number {
    const at = this.pos;
    if (at < end) {
      const byte = this.bytes[at] as number;
      if (byte < 0x80) {
        const stop = at + 1 + byte;
        if (stop > end) throw new OtlpDecodeError('length exceeds its message', at);
        this.pos = at + 1;
        return stop;
      }
    }
    this.varint(end);
    const stop = this.pos + (this.low >>> 0);
    if (this.high !== 0 || stop > end) throw new OtlpDecodeError('length exceeds its message', at);
    return stop;
  }

  /** Reads up to 64 bits into `low` and `high`. */
  varint(end: number): void {
    const { bytes } = this;
    const at = this.pos;
    let pos = at;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= end) throw new OtlpDecodeError('truncated varint', at);
      const byte = bytes[pos++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= bits << 31;
      if (byte < 0x80) {
        this.pos = pos;
        this.low = low | 0;
        this.high = high | 0;
        return;
      }
    }
    throw new OtlpDecodeError('varint longer than 10 bytes', at);
  }

  /** Reads 8 little-endian bytes into `low` and `high`. */
  fixed64(end: number): void {
    const at = this.take8(end);
    this.low = this.input.view.getInt32(at, true);
    this.high = this.input.view.getInt32(at + 4, true);
  }

  double(end: number): number {
    return this.input.view.getFloat64(this.take8(end), true);
  }

  /** Skips a field's value. */
  skip(type: number, end: number): void {
    if (type === BYTES) this.pos = this.length(end);
    else if (type === VARINT) this.varint(end);
    else if (type === FIXED64) this.advance(8, end);
    else if (type === FIXED32) this.advance(4, end);
    else throw new OtlpDecodeError(`unsupported wire type ${type}`, this.pos);
  }

  /** Checks that a known field has the type that its message defines. */
  expect(tag: number, type: number): void {
    if ((tag & 7) !== type) throw new OtlpDecodeError(`field ${tag >>> 3} has wire type ${tag & 7}`, this.pos);
  }

  private take8(end: number): number {
    const at = this.pos;
    if (at + 8 > end) throw new OtlpDecodeError('truncated 64-bit value', at);
    this.pos = at + 8;
    return at;
  }

  private advance(size: number, end: number): void {
    if (this.pos + size > end) throw new OtlpDecodeError('truncated value', this.pos);
    this.pos += size;
  }
}
