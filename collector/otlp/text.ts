/**
 * Decodes bytes to text. Agents repeat keys, names and session ids, so short ASCII is looked up in a table
 * before it is decoded. This costs less than a call into the engine and returns the same string object again.
 */
import { decodeUtf8 } from './input.ts';
import type { Input } from './input.ts';

/** The table has a fixed size and a new text replaces the one in its slot: hostile text costs time, never memory. */
const SLOTS = 2048;
const SLOT_WORDS = 16;
const MAX_BYTES = SLOT_WORDS * 4;
const texts: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined);
const words = new Int32Array(SLOTS * SLOT_WORDS);

/** Hash computed by the last `lookUp`; read only right after it. */
let lastSlot = 0;

/** Text of `bytes[start, end)`, for values. */
export function decodeText(input: Input, start: number, end: number): string {
  if (end - start > MAX_BYTES || start === end) return decodeUtf8(input.bytes, start, end);
  return lookUp(input, start, end) ?? remember(input, start, end, decodeUtf8(input.bytes, start, end));
}

/** Text of `bytes[start, end)`, for names that code compares with: comparing two such strings is comparing pointers. */
export function decodeName(input: Input, start: number, end: number): string {
  if (end - start > MAX_BYTES || start === end) return decodeUtf8(input.bytes, start, end);
  return lookUp(input, start, end) ?? remember(input, start, end, internalize(decodeUtf8(input.bytes, start, end)));
}

/**
 * The known string for these 1 to 64 bytes; undefined if there is none. Known strings are ASCII without a
 * backslash, so they are the same inside JSON.
 */
export function lookUp(input: Input, start: number, end: number): string | undefined {
  const { view } = input;
  const length = end - start;
  const whole = start + (length & ~3);
  let hash = length;
  for (let at = start; at < whole; at += 4) hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
  const rest = tail(input, whole, end);
  hash = Math.imul(hash ^ rest, 0x85ebca6b);
  const slot = (hash >>> 16) & (SLOTS - 1);
  lastSlot = slot;
  const text = texts[slot];
  if (text?.length !== length) return undefined;
  let word = slot * SLOT_WORDS;
  for (let at = start; at < whole; at += 4) if (words[word++] !== view.getInt32(at, true)) return undefined;
  return whole === end || words[word] === rest ? text : undefined;
}

/** Stores `text`, decoded from the bytes that the last `lookUp` did not find. */
export function remember(input: Input, start: number, end: number, text: string): string {
  const { bytes, view } = input;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x80 || byte === 0x5c) return text;
  }
  texts[lastSlot] = text;
  const whole = start + ((end - start) & ~3);
  let word = lastSlot * SLOT_WORDS;
  for (let at = start; at < whole; at += 4) words[word++] = view.getInt32(at, true);
  if (whole !== end) words[word] = tail(input, whole, end);
  return text;
}

/** The last 0 to 3 bytes as a word. */
function tail(input: Input, start: number, end: number): number {
  const { bytes } = input;
  switch (end - start) {
    case 0:
      return 0;
    case 1:
      return bytes[start] as number;
    case 2:
      return (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
    default:
      return (bytes[start] as number) | ((bytes[start + 1] as number) << 8) | ((bytes[start + 2] as number) << 16);
  }
}

/** The engine keeps one copy of each property name, and returns that copy. */
export function internalize(text: string): string {
  for (const name in { [text]: 0 }) return name;
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
