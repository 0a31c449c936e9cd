/** Bytes to text: invalid UTF-8 becomes U+FFFD, and short ASCII that keeps coming back becomes the same string object. */

interface NativeSlices {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
}

/** Node's own slicing skips the view that TextDecoder needs; elsewhere TextDecoder does the same. */
const native = (globalThis as { Buffer?: { prototype: NativeSlices } }).Buffer?.prototype;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const INTERN_SLOTS = 4096;
const INTERN_MAX_BYTES = 48;
const interned: (string | undefined)[] = new Array<string | undefined>(INTERN_SLOTS).fill(undefined);

/** Text of `bytes[start, end)`; always well-formed. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (start === end) return '';
  return native === undefined ? decoder.decode(bytes.subarray(start, end)) : native.utf8Slice.call(bytes, start, end);
}

/**
 * Text of `bytes[start, end)` for what repeats (keys, names, short values). The table has a fixed size and a newcomer
 * replaces whoever holds its slot, so hostile input costs time per string, never memory.
 */
export function decodeRepeated(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > INTERN_MAX_BYTES) return decodeUtf8(bytes, start, end);
  let hash = length;
  let seen = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    seen |= byte;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (seen >= 0x80) return decodeUtf8(bytes, start, end);
  const slot = (hash ^ (hash >>> 12)) & (INTERN_SLOTS - 1);
  const candidate = interned[slot];
  if (candidate?.length === length) {
    let i = 0;
    while (i < length && candidate.charCodeAt(i) === bytes[start + i]) i++;
    if (i === length) return candidate;
  }
  const text = decodeUtf8(bytes, start, end);
  interned[slot] = text;
  return text;
}

/** Whether `bytes[start, end)` is the UTF-8 of `text`; decodes only when a byte is not ASCII. */
export function bytesEqualText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  const length = end - start;
  if (length < text.length) return false; // UTF-8 never has fewer units than UTF-16
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[start + i] as number;
    if (byte >= 0x80) return decodeUtf8(bytes, start, end) === text;
    if (byte !== text.charCodeAt(i)) return false;
  }
  return length === text.length;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex of an id of exactly `size` bytes; undefined for another length or all zeros. */
export function idFromBytes(bytes: Uint8Array, start: number, end: number, size: number): string | undefined {
  if (end - start !== size) return undefined;
  let text = '';
  let seen = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    seen |= byte;
    text += HEX[byte] as string;
  }
  return seen === 0 ? undefined : text;
}

const HEX_ID = /^[0-9a-fA-F]+$/;
const ALL_ZEROS = /^0*$/;

/** The same for an id that came as hex text of any case; undefined where it is none of `size` bytes. */
export function idFromHex(text: string, size: number): string | undefined {
  if (text.length !== size * 2 || !HEX_ID.test(text) || ALL_ZEROS.test(text)) return undefined;
  return text.toLowerCase();
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Standard base64 with padding. */
export function base64FromBytes(bytes: Uint8Array, start: number, end: number): string {
  const parts: string[] = [];
  for (let i = start; i < end; i += 3) {
    const a = bytes[i] as number;
    const b = i + 1 < end ? (bytes[i + 1] as number) : 0;
    const c = i + 2 < end ? (bytes[i + 2] as number) : 0;
    parts.push(
      (BASE64[a >> 2] as string) +
        (BASE64[((a & 3) << 4) | (b >> 4)] as string) +
        (i + 1 < end ? (BASE64[((b & 15) << 2) | (c >> 6)] as string) : '=') +
        (i + 2 < end ? (BASE64[c & 63] as string) : '='),
    );
  }
  return parts.join('');
}
