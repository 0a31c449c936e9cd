/** Changes bytes as an attacker or a broken program might, the same way for the same seed. Pure. */

export type Random = () => number;

/** Mulberry32: 32 bits of state are enough to repeat a run from its seed. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const below = (random: Random, n: number): number => Math.floor(random() * n);

/** What readers trip over: limits of integers, lone surrogates, deep nesting, numbers and names that mean something elsewhere. */
const MORSELS = [
  '9223372036854775808',
  '-1',
  '1e309',
  '18446744073709551616',
  'NaN',
  '"\\ud800"',
  '"\\u0000"',
  'null',
  '[]',
  '{}',
  '{"stringValue":1}',
  '{"intValue":"x"}',
  '{"arrayValue":{"values":[{}]}}',
  '{"kvlistValue":{"values":[{"key":""}]}}',
  '"__proto__"',
  '"constructor"',
  '\u2028',
  '\ufeff',
  '\u202e',
  '*** Begin Patch\\n*** Update File: ../../etc/passwd\\n',
  'Process exited with code 99999999999999999999',
  '"$(((((((((((((((((((((((((((((((((((((((("',
  '"\'\'\'\\"\\"\\"`` <<EOF <<-\'A\' ${${${${${"',
  '"powershell -EncodedCommand AAAAAAAAAAAA="',
].map((text) => Buffer.from(text));
const BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

const MUTATIONS: readonly ((body: Buffer, random: Random, other: Buffer) => Buffer)[] = [
  // One bit, one byte.
  (body, random) => {
    const out = Buffer.from(body);
    const at = below(random, out.length);
    out[at] = (out[at] ?? 0) ^ (1 << below(random, 8));
    return out;
  },
  (body, random) => {
    const out = Buffer.from(body);
    out[below(random, out.length)] = BYTES[below(random, BYTES.length)] ?? 0;
    return out;
  },
  // Cut off, cut out, said twice.
  (body, random) => body.subarray(0, below(random, body.length)),
  (body, random) => {
    const at = below(random, body.length);
    return Buffer.concat([body.subarray(0, at), body.subarray(at + 1 + below(random, 64))]);
  },
  (body, random) => {
    const at = below(random, body.length);
    const end = at + below(random, 512);
    return Buffer.concat([body.subarray(0, end), body.subarray(at)]);
  },
  // Something put in, or in place of a value.
  (body, random) => {
    const at = below(random, body.length);
    return Buffer.concat([body.subarray(0, at), MORSELS[below(random, MORSELS.length)] ?? body, body.subarray(at)]);
  },
  (body, random) => {
    const from = body.indexOf(0x3a, below(random, body.length));
    if (from < 0) return body;
    const to = Math.max(from + 1, body.indexOf(random() < 0.5 ? 0x2c : 0x7d, from));
    return Buffer.concat([
      body.subarray(0, from + 1),
      MORSELS[below(random, MORSELS.length)] ?? body,
      body.subarray(to),
    ]);
  },
  // Two requests grown together.
  (body, random, other) =>
    Buffer.concat([body.subarray(0, below(random, body.length)), other.subarray(below(random, other.length))]),
  // Nesting that no program means.
  (body, random) => {
    const at = below(random, body.length);
    const depth = 1 + below(random, 3_000);
    const open = Buffer.from('{"arrayValue":{"values":['.repeat(depth));
    return Buffer.concat([body.subarray(0, at), random() < 0.5 ? open : Buffer.alloc(depth, 0x5b), body.subarray(at)]);
  },
];

/** One to four changes in a row. */
export function mutate(body: Buffer, other: Buffer, random: Random): Buffer {
  let out = body;
  for (let left = 1 + below(random, 4); left > 0 && out.length > 0; left -= 1)
    out = MUTATIONS[below(random, MUTATIONS.length)]?.(out, random, other) ?? out;
  return out;
}

/** Protobuf of random shape: valid tags and lengths more often than chance would have it, nested as OTLP is. */
export function randomProtobuf(random: Random, depth = 0): Buffer {
  const parts: Buffer[] = [];
  for (let fields = below(random, 6); fields > 0; fields -= 1) {
    const number = 1 + below(random, 16);
    const wire = random() < 0.7 ? 2 : below(random, 8);
    parts.push(varint((number << 3) | wire));
    if (wire === 0) parts.push(varint(below(random, 2 ** 31)));
    else if (wire === 1) parts.push(Buffer.alloc(8, below(random, 256)));
    else if (wire === 5) parts.push(Buffer.alloc(4, below(random, 256)));
    else {
      const inner =
        depth < 8 && random() < 0.8 ? randomProtobuf(random, depth + 1) : Buffer.alloc(below(random, 40), 0x41);
      parts.push(varint(random() < 0.95 ? inner.length : below(random, 2 ** 31)), inner);
    }
  }
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value >>> 0;
  do {
    bytes.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>>= 7;
  } while (left > 0);
  return Buffer.from(bytes);
}
