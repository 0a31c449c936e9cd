/** Ranges of addresses, for the modifier `cidr`. */
import { type Groups, readAddress } from '../../../shell/ip-address.ts';

const scratch = new Uint16Array(8);

/** Compiles `10.0.0.0/8`, `fe80::/10` or a single address; undefined when it is neither. */
export function compileCidr(range: string): ((text: string) => boolean) | undefined {
  const slash = range.indexOf('/');
  const base = new Uint16Array(8);
  const address = slash < 0 ? range : range.slice(0, slash);
  if (!readAddress(address, base)) return undefined;
  const width = address.includes(':') ? 128 : 32;
  const given = slash < 0 ? String(width) : range.slice(slash + 1);
  if (!/^\d{1,3}$/.test(given) || Number(given) > width) return undefined;
  const bits = Number(given) + (128 - width);
  return (text) => readAddress(text, scratch) && samePrefix(base, scratch, bits);
}

function samePrefix(a: Groups, b: Groups, bits: number): boolean {
  for (let i = 0, left = bits; left > 0; i++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    if (((a[i] ?? 0) & mask) !== ((b[i] ?? 0) & mask)) return false;
  }
  return true;
}
