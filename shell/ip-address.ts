/**
 * Internet addresses as numbers. Every address is held as the 8 groups of IPv6, an IPv4 address as `::ffff:a.b.c.d`. So one
 * comparison serves both families, and a mapped address cannot slip past a rule on the plain one.
 */

export type Groups = Uint16Array;

const scratch = new Uint16Array(8);

/**
 * Reads an address in its canonical notations (dotted IPv4; IPv6 with `::`, brackets or a zone) into `into`.
 *
 * @returns false when the text is no address
 */
export function readAddress(text: string, into: Groups): boolean {
  if (text.length < 2 || text.length > 64) return false;
  if (!text.includes(':')) return readDotted(text, into);
  let body = text;
  if (body.startsWith('[') && body.endsWith(']')) body = body.slice(1, -1);
  const zone = body.indexOf('%');
  return readGroups(zone < 0 ? body : body.slice(0, zone), into);
}

/**
 * The dotted form of an IPv4 address however it is written: as one number, in hex or octal parts, with fewer than four
 * parts, or mapped into IPv6. This is how C libraries and browsers read a host, and so how a filter is evaded.
 */
export function canonicalIpv4(host: string): string | undefined {
  if (host.includes(':')) {
    if (!readAddress(host, scratch)) return undefined;
    for (let i = 0; i < 5; i++) if (scratch[i] !== 0) return undefined;
    if (scratch[5] !== 0xffff) return undefined;
    return dotted(((scratch[6] ?? 0) * 0x1_0000 + (scratch[7] ?? 0)) >>> 0);
  }
  if (host.length > 64 || !/^[0-9a-fx.]+$/i.test(host)) return undefined;
  const parts = host.replace(/\.$/, '').split('.');
  if (parts.length > 4) return undefined;
  let value = 0;
  for (const [index, part] of parts.entries()) {
    const number = readPart(part);
    const isLast = index === parts.length - 1;
    if (number === undefined || number >= (isLast ? 256 ** (5 - parts.length) : 256)) return undefined;
    value += isLast ? number : number * 256 ** (3 - index);
  }
  return dotted(value);
}

/** The shortest form of an IPv6 address in lower case (RFC 5952), without brackets, its zone kept; IPv4 where it maps one. */
export function canonicalIpv6(host: string): string | undefined {
  const zone = /%[^\]]*/.exec(host)?.[0] ?? '';
  if (!host.includes(':') || !/^(?:%[\w.-]{1,32})?$/.test(zone) || !readAddress(host, scratch)) return undefined;
  const mapped = canonicalIpv4(host);
  if (mapped !== undefined) return mapped;
  readAddress(host, scratch);
  const groups = Array.from(scratch, (group) => group.toString(16));
  const zeros = longestZeros(scratch);
  if (zeros.length < 2) return groups.join(':') + zone;
  const end = zeros.start + zeros.length;
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(end).join(':')}${zone}`;
}

/** The first of the longest runs of zeros. */
function longestZeros(groups: Groups): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (start + length < groups.length && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  return best;
}

function readPart(part: string): number | undefined {
  if (/^0x[0-9a-f]{0,8}$/i.test(part)) return part.length === 2 ? 0 : Number.parseInt(part.slice(2), 16);
  if (/^0[0-7]{1,11}$/.test(part)) return Number.parseInt(part, 8);
  return /^(?:0|[1-9]\d{0,9})$/.test(part) ? Number(part) : undefined;
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}

function readDotted(text: string, into: Groups): boolean {
  let value = 0;
  let octet = -1;
  let octets = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      if (octet < 0) return false;
      value = value * 256 + octet;
      octet = -1;
      octets++;
    } else if (code >= 0x30 && code <= 0x39) {
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30;
      if (octet > 255) return false;
    } else return false;
  }
  if (octets !== 4 || octet < 0) return false;
  value = value * 256 + octet;
  into.fill(0);
  into[5] = 0xffff;
  into[6] = Math.floor(value / 0x1_0000);
  into[7] = value % 0x1_0000;
  return true;
}

function readGroups(text: string, into: Groups): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const head = groupsOf(halves[0] ?? '');
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '') : [];
  if (head === undefined || tail === undefined) return false;
  const count = head.length + tail.length;
  if (halves.length === 2 ? count > 7 : count !== 8) return false;
  into.fill(0);
  for (const [i, group] of head.entries()) into[i] = group;
  for (const [i, group] of tail.entries()) into[8 - tail.length + i] = group;
  return true;
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const words = text.split(':');
  for (const [index, word] of words.entries()) {
    if (index === words.length - 1 && word.includes('.')) {
      const tail = new Uint16Array(8);
      if (!readDotted(word, tail)) return undefined;
      groups.push(tail[6] ?? 0, tail[7] ?? 0);
    } else if (/^[0-9a-f]{1,4}$/i.test(word)) groups.push(Number.parseInt(word, 16));
    else return undefined;
  }
  return groups;
}
