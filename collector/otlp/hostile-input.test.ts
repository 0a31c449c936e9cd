/** Any bytes give an OtlpDecodeError with an offset, or records, for work that grows with the bytes. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { readJson } from './json/read-json.ts';
import { readProtobuf } from './protobuf/read-protobuf.ts';
import type { Signal } from './protobuf/read-protobuf.ts';
import { OtlpDecodeError } from '../../schemas/otlp/record.ts';
import type { FlatRecord } from '../../schemas/otlp/record.ts';
import { bytesField, concat, varint } from './test-support/encoder.ts';
import { LINEAR, growth } from '../../test/support/growth.ts';
import { runs } from '../../test/support/runs.ts';

const utf8 = new TextEncoder();
const capture = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../agents/${path.replace('/', '/captures/')}`, import.meta.url)));
const SAMPLES: readonly { name: string; signal: Signal; body: Uint8Array; read: typeof readJson }[] = [
  { name: 'codex logs', signal: 'logs', body: capture('codex/basic-binary/004.logs.pb'), read: readProtobuf },
  { name: 'codex spans', signal: 'traces', body: capture('codex/hello-binary/001.traces.pb'), read: readProtobuf },
  { name: 'codex metrics', signal: 'metrics', body: capture('codex/hello-binary/003.metrics.pb'), read: readProtobuf },
  {
    name: 'claude spans',
    signal: 'traces',
    body: capture('claude-code/basic-protobuf/001.traces.pb'),
    read: readProtobuf,
  },
  { name: 'claude logs as JSON', signal: 'logs', body: capture('claude-code/hello/002.logs.json'), read: readJson },
  {
    name: 'claude spans as JSON',
    signal: 'traces',
    body: capture('claude-code/hello/001.traces.json'),
    read: readJson,
  },
  {
    name: 'claude metrics as JSON',
    signal: 'metrics',
    body: capture('claude-code/hello/003.metrics.json'),
    read: readJson,
  },
  {
    name: 'codex logs as JSON',
    signal: 'logs',
    body: capture('codex/hello-json/014.logs.json').slice(0, 20_000),
    read: readJson,
  },
];

let fieldsRead = 0;

/** Reads every field of a record. */
function exhaust(record: FlatRecord): void {
  const seen: unknown[] = [
    record.name,
    record.bytes,
    record.attributes,
    record.resource.attributes,
    record.resource.bytes,
  ];
  seen.push(record.peek('event.name'), record.peek('nobody has this'));
  if (record.signal === 'log') {
    seen.push(record.body, record.timeUnixNano, record.observedTimeUnixNano, record.severityNumber, record.traceId);
    seen.push(record.spanId);
  } else if (record.signal === 'span') {
    seen.push(record.events, record.traceId, record.spanId, record.parentSpanId, record.kind, record.statusCode);
    seen.push(record.statusMessage, record.startTimeUnixNano, record.endTimeUnixNano);
  } else {
    seen.push(record.value, record.count, record.unit, record.type, record.temporality, record.timeUnixNano);
    seen.push(record.startTimeUnixNano);
  }
  fieldsRead += seen.length;
}

/** Whether the body was refused; fails for any other error and for an offset outside of the body. */
function refuses(read: typeof readJson, signal: Signal, body: Uint8Array, onRecord = exhaust): boolean {
  try {
    read(signal, body, onRecord);
    return false;
  } catch (error) {
    if (!(error instanceof OtlpDecodeError)) throw error;
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(body.length);
    return true;
  }
}

const aChange = (body: Uint8Array) =>
  fc.record({
    at: fc.nat(body.length - 1),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x80, 0xff)),
  });

describe.each(SAMPLES)('a mutated request ($name)', ({ signal, body, read }) => {
  it('is complete except for the cut', () => {
    const before = fieldsRead;
    expect(refuses(read, signal, body)).toBe(body.length === 20_000);
    expect(fieldsRead).toBeGreaterThan(before + 10);
  });

  it('never fails in another way', () => {
    fc.assert(
      fc.property(fc.array(aChange(body), { minLength: 1, maxLength: 8 }), (changes) => {
        const mutated = body.slice();
        for (const { at, byte } of changes) mutated[at] = byte;
        refuses(read, signal, mutated);
      }),
      runs(30),
    );
  });

  it('counts every record, including malformed ones, and reports their positions', () => {
    let malformed = 0;
    fc.assert(
      fc.property(fc.array(aChange(body), { minLength: 1, maxLength: 8 }), (changes) => {
        const mutated = body.slice();
        for (const { at, byte } of changes) mutated[at] = byte;
        let handedOver = 0;
        const seen = (bytes: Uint8Array): void => {
          handedOver++;
          expect(bytes.buffer).toBe(mutated.buffer);
        };
        try {
          const count = read(
            signal,
            mutated,
            (record) => seen(record.bytes),
            ({ bytes, error }) => {
              seen(bytes);
              malformed++;
              expect(error.offset).toBeGreaterThanOrEqual(0);
              expect(error.offset).toBeLessThanOrEqual(mutated.length);
            },
          );
          expect(count).toBe(handedOver);
        } catch (error) {
          if (!(error instanceof OtlpDecodeError)) throw error;
        }
      }),
      runs(60),
    );
    // A changed byte of JSON mostly leaves no JSON, or another text.
    if (read === readProtobuf) expect(malformed).toBeGreaterThan(0);
  });

  it('never fails in another way when bytes are missing or doubled', () => {
    fc.assert(
      fc.property(fc.nat(body.length), fc.nat(40), fc.boolean(), (at, size, isDoubled) => {
        const rest = isDoubled ? body.subarray(Math.max(0, at - size)) : body.subarray(at + size);
        refuses(read, signal, concat(body.subarray(0, at), rest));
      }),
      runs(25),
    );
  });

  it('is refused when it ends early, unless it ends between two whole fields', () => {
    const step = Math.max(1, Math.floor(body.length / 150));
    let accepted = 0;
    for (let size = 1; size < body.length; size += step) {
      // Use a copy, so that reading past the end cannot find the removed bytes.
      if (!refuses(read, signal, body.slice(0, size))) accepted++;
    }
    // In protobuf, the bytes before the second group are a valid request; JSON always lacks its last bracket.
    expect(accepted).toBeLessThanOrEqual(read === readJson ? 0 : 2);
  });

  it('is refused in the other encoding', () => {
    expect(refuses(read === readJson ? readProtobuf : readJson, signal, body)).toBe(true);
  });
});

describe('any bytes at all', () => {
  it('are read or refused', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom<Signal>('logs', 'traces', 'metrics'),
        (body, signal) => {
          refuses(readJson, signal, body);
          refuses(readProtobuf, signal, body);
          refuses(readProtobuf, signal, bytesField(1, bytesField(2, bytesField(2, body))));
        },
      ),
      runs(200),
    );
  });
});

describe('nesting', () => {
  /** A value of `depth` lists within each other. */
  const protobufValue = (depth: number): Uint8Array => {
    let value = bytesField(1, 'x');
    for (let i = 0; i < depth; i++) value = bytesField(5, bytesField(1, value));
    return value;
  };
  const protobufLog = (value: Uint8Array): Uint8Array =>
    bytesField(1, bytesField(2, bytesField(2, bytesField(5, value))));
  const jsonLog = (body: string): Uint8Array =>
    utf8.encode(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${body}}]}]}]}`);
  const jsonList = (depth: number): string =>
    '{"arrayValue":{"values":['.repeat(depth) + '{"stringValue":"x"}' + ']}}'.repeat(depth);
  const jsonObject = (depth: number): string =>
    '{"kvlistValue":{"values":[{"key":"k","value":'.repeat(depth) + '{"stringValue":"x"}' + '}]}}'.repeat(depth);

  it('of 64 levels is read, in both encodings', () => {
    expect(refuses(readProtobuf, 'logs', protobufLog(protobufValue(64)))).toBe(false);
    expect(refuses(readJson, 'logs', jsonLog(jsonList(64)))).toBe(false);
    expect(refuses(readJson, 'logs', jsonLog(jsonObject(64)))).toBe(false);
  });

  it('of 65 levels is refused', () => {
    expect(refuses(readProtobuf, 'logs', protobufLog(protobufValue(65)))).toBe(true);
    expect(refuses(readJson, 'logs', jsonLog(jsonList(65)))).toBe(true);
    expect(refuses(readJson, 'logs', jsonLog(jsonObject(65)))).toBe(true);
  });

  it.each(['[', '{"a":', '{"arrayValue":{"values":[', '{"kvlistValue":{"values":[{"key":"a","value":'])(
    'of 200,000 times %s is refused, read or not',
    (opening) => {
      const body = jsonLog(opening.repeat(200_000));
      expect(refuses(readJson, 'logs', body)).toBe(true);
      expect(refuses(readJson, 'logs', body, () => undefined)).toBe(true);
      const closing = jsonLog(jsonObject(5000));
      expect(refuses(readJson, 'logs', closing, () => undefined)).toBe(true);
    },
  );

  it('of thousands of levels in protobuf is refused', () => {
    expect(refuses(readProtobuf, 'logs', protobufLog(protobufValue(2000)))).toBe(true);
  });
});

describe('work', () => {
  const jsonLogs = (record: string): Uint8Array =>
    utf8.encode(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`);

  const LONG = 50_000;
  const repeated = (text: string, size: number): string => text.repeat(Math.ceil(size / text.length));
  it.each<{ name: string; body: (size: number) => Uint8Array; refused: boolean }>([
    { name: 'quotes behind backslashes', body: (n) => jsonLogs(`{"a":"${repeated('\\"', n)}"}`), refused: false },
    {
      name: 'backslashes',
      body: (n) => jsonLogs(`{"body":{"stringValue":"${repeated('\\\\', n)}"}}`),
      refused: false,
    },
    { name: 'an open string of backslashes', body: (n) => jsonLogs(`{"a":"${repeated('\\', n)}`), refused: true },
    { name: 'spaces', body: (n) => jsonLogs(`{"a":${repeated(' ', n)}1}`), refused: false },
    { name: 'digits', body: (n) => jsonLogs(`{"timeUnixNano":${repeated('1', n)}}`), refused: true },
    { name: 'names', body: (n) => jsonLogs(`{${repeated('"x":1,', n)}"y":2}`), refused: false },
    {
      name: 'groups without records',
      body: (n) => utf8.encode(`{"resourceLogs":[${repeated('{},', n)}{}]}`),
      refused: false,
    },
    {
      name: 'one key again and again',
      body: (n) =>
        jsonLogs(
          `{"body":{"kvlistValue":{"values":[${repeated('{"key":"k","value":{}},', n)}{"key":"k","value":{}}]}}}`,
        ),
      refused: false,
    },
    {
      name: 'lists whose resource comes last',
      body: (n) =>
        utf8.encode(
          `{"resourceLogs":[{"scopeLogs":[${repeated('{"logRecords":[{}],"scope":{}},', n)}{}],"resource":{}}]}`,
        ),
      refused: false,
    },
    {
      name: 'attributes laid out differently each time',
      body: (n) =>
        jsonLogs(
          `{"attributes":[${repeated('{"key":"a","value":{"stringValue":"b"}},{"key" :"a","value":{ "stringValue":"b"}},', n)}{}]}`,
        ),
      refused: false,
    },
  ])('$name: linear in the size of the body', ({ body, refused }) => {
    expect(refuses(readJson, 'logs', body(LONG))).toBe(refused);
    expect(growth((size) => refuses(readJson, 'logs', body(size)), LONG)).toBeLessThan(LINEAR);
  });

  it('a huge exponent is refused', () => {
    expect(refuses(readJson, 'logs', jsonLogs('{"timeUnixNano":1e999999999}'))).toBe(true);
  });

  it('a varint without end is refused', () => {
    expect(refuses(readProtobuf, 'logs', new Uint8Array(1_000_000).fill(0x80))).toBe(true);
    expect(refuses(readProtobuf, 'logs', concat(varint(10), new Uint8Array(1_000_000).fill(0xff)))).toBe(true);
  });
});
