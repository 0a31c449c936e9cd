/** Trace and span ids, and bytes as base64. */

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

/** The same for an id in hex text of any case; undefined if it is not `size` bytes long. */
export function idFromHex(text: string, size: number): string | undefined {
  if (text.length !== size * 2 || !HEX_ID.test(text) || ALL_ZEROS.test(text)) return undefined;
  return text.toLowerCase();
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Standard base64 with padding. */
export function base64FromBytes(bytes: Uint8Array, start: number, end: number): string {
  const parts: string[] = [];
  for (let i = start; i < end; i += 3) {
    const a = bytes[i] as number;
    const b = i + 1 < end ? (bytes[i + 1] as number) : 0;
    const c = i + 2 < end ? (bytes[i + 2] as number) : 0;
    parts.push(
      (ALPHABET[a >> 2] as string) +
        (ALPHABET[((a & 3) << 4) | (b >> 4)] as string) +
        (i + 1 < end ? (ALPHABET[((b & 15) << 2) | (c >> 6)] as string) : '=') +
        (i + 2 < end ? (ALPHABET[c & 63] as string) : '='),
    );
  }
  return parts.join('');
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Base64, standard or for URLs, padded or not, as standard base64 with padding; undefined if it is not base64. */
export function normalizeBase64(text: string): string | undefined {
  if (!BASE64.test(text)) return undefined;
  const bare = text.replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', '');
  return bare.length % 4 === 1 ? undefined : bare + '='.repeat((4 - (bare.length % 4)) % 4);
}
