/** Base64 (RFC 4648, the URL-safe letters too) of hostile length, without exceptions. */

const VALUES = new Int8Array(128).fill(-1);
for (const [value, char] of Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/').entries()) {
  VALUES[char.charCodeAt(0)] = value;
}
VALUES[0x2d] = 62; // -
VALUES[0x5f] = 63; // _

/** The bytes, or undefined when the text is not base64; blanks and line ends are stepped over. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4) + 3);
  let size = 0;
  let bits = 0;
  let held = 0;
  let letters = 0;
  for (let pos = 0; pos < text.length; pos++) {
    const code = text.charCodeAt(pos);
    if (code === 32 || (code >= 9 && code <= 13)) continue;
    if (code === 61) break; // padding
    const value = code < 128 ? (VALUES[code] ?? -1) : -1;
    if (value < 0) return undefined;
    letters += 1;
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[size++] = (held >> bits) & 0xff;
    }
  }
  return letters % 4 === 1 ? undefined : bytes.subarray(0, size);
}

const utf8 = new TextDecoder('utf-8');
const utf16 = new TextDecoder('utf-16le');

export function utf8Text(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/** What `powershell -EncodedCommand` runs: UTF-16, little-endian. */
export function utf16Text(bytes: Uint8Array): string {
  return utf16.decode(bytes);
}
