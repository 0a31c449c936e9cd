/** 64-bit numbers of the wire as decimal text and as milliseconds, without BigInt. */

const TWO_32 = 0x1_0000_0000;
const BILLION = 1_000_000_000;

/** Decimal text of an unsigned 64-bit number given as two 32-bit halves (each read as unsigned). */
export function unsignedText(low: number, high: number): string {
  const low32 = low >>> 0;
  const high32 = high >>> 0;
  if (high32 < 0x20_0000) return String(high32 * TWO_32 + low32);
  // Long division by 10^9 in steps of 16 bits keeps every intermediate exact in a double.
  const upper = (high32 % BILLION) * 65_536 + (low32 >>> 16);
  const lower = (upper % BILLION) * 65_536 + (low32 & 0xffff);
  const quotient =
    Math.floor(high32 / BILLION) * TWO_32 + Math.floor(upper / BILLION) * 65_536 + Math.floor(lower / BILLION);
  return String(quotient) + String(lower % BILLION).padStart(9, '0');
}

/** A signed 64-bit number: as a number where that is exact, else as decimal text. */
export function signedValue(low: number, high: number): number | string {
  const value = (high | 0) * TWO_32 + (low >>> 0);
  if (Number.isSafeInteger(value)) return value;
  if ((high | 0) >= 0) return unsignedText(low, high);
  const negatedLow = (~low + 1) | 0;
  return '-' + unsignedText(negatedLow, negatedLow === 0 ? (~high + 1) | 0 : ~high);
}

const DIGITS = /^[0-9]{1,20}$/;

/** Whole milliseconds of nanoseconds given as decimal text (rounded down); undefined where it is no such text. */
export function nanosToMs(nanos: string | undefined): number | undefined {
  if (nanos === undefined || !DIGITS.test(nanos)) return undefined;
  return nanos.length <= 6 ? 0 : Number(nanos.slice(0, -6));
}
