/** The bytes of one request, with the view that reads several of them at once. */

export class Input {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

interface Native {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  indexOf(this: Uint8Array, byte: number, from: number): number;
}

/**
 * Node's own functions, which take any Uint8Array: slicing without a TextDecoder and its view, and a search that is
 * memchr. Elsewhere the standard ones do the same.
 */
const native = (globalThis as { Buffer?: { prototype: Native } }).Buffer?.prototype;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text of `bytes[start, end)`; always well-formed, invalid UTF-8 is U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (start >= end) return '';
  return native === undefined ? decoder.decode(bytes.subarray(start, end)) : native.utf8Slice.call(bytes, start, end);
}

/** Position of the next `byte` from `from` on, or -1. */
export function findByte(bytes: Uint8Array, byte: number, from: number): number {
  return native === undefined ? bytes.indexOf(byte, from) : native.indexOf.call(bytes, byte, from);
}
