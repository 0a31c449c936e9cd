/** The encodings of Sigma's transformation modifiers: UTF-16 in its forms, Base64, and Base64 at any of three offsets. */

const utf8 = new TextEncoder();

export function utf8Bytes(text: string): Uint8Array {
  return utf8.encode(text);
}

export function utf16Bytes(text: string, order: 'little' | 'big', mark = false): Uint8Array {
  const whole = mark ? `\ufeff${text}` : text;
  const bytes = new Uint8Array(whole.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < whole.length; i++) view.setUint16(i * 2, whole.charCodeAt(i), order === 'little');
  return bytes;
}

/** Bytes as text of the same length, as a log shows raw bytes. */
export function bytesAsText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

export function base64(bytes: Uint8Array): string {
  return btoa(bytesAsText(bytes));
}

/** Characters at the front, and at the end by length modulo 3, that depend on the neighbours of the encoded value. */
const UNSTABLE_HEAD = [0, 2, 3];
const UNSTABLE_TAIL = [0, 3, 2];

/** The part of each of the three encodings that does not depend on the text before and after the value. */
export function base64AtOffsets(bytes: Uint8Array): string[] {
  return [0, 1, 2].map((offset) => {
    const shifted = new Uint8Array(offset + bytes.length);
    shifted.set(bytes, offset);
    const encoded = base64(shifted);
    return encoded.slice(UNSTABLE_HEAD[offset], encoded.length - (UNSTABLE_TAIL[shifted.length % 3] ?? 0));
  });
}
