import { describe, expect, it } from '@jest/globals';
import { readProtobuf } from './read-protobuf.ts';
import type { Signal } from './read-protobuf.ts';
import { OtlpDecodeError } from '../../../schemas/otlp/record.ts';
import type { AnyValue, FlatRecord, LogRecord, MetricRecord, SpanRecord } from '../../../schemas/otlp/record.ts';
import {
  anyValue,
  bytesField,
  concat,
  doubleField,
  fixed64Field,
  pairs,
  varintField,
} from '../test-support/encoder.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): number[] => Array.from(new TextEncoder().encode(value));

function read(signal: Signal, body: Uint8Array): FlatRecord[] {
  const records: FlatRecord[] = [];
  expect(readProtobuf(signal, body, (record) => records.push(record))).toBe(records.length);
  return records;
}
/** A request with these records (field 2 of one scope). */
const request = (...records: Uint8Array[]): Uint8Array =>
  bytesField(1, bytesField(2, concat(...records.map((record) => bytesField(2, record)))));
const theLog = (...fields: Uint8Array[]): LogRecord => read('logs', request(concat(...fields)))[0] as LogRecord;
const theSpan = (...fields: Uint8Array[]): SpanRecord => read('traces', request(concat(...fields)))[0] as SpanRecord;
const thePoints = (...fields: Uint8Array[]): MetricRecord[] =>
  read('metrics', request(concat(...fields))) as MetricRecord[];
const theValue = (value: Uint8Array): AnyValue => theLog(bytesField(5, value)).body;

function errorOf(act: () => unknown): OtlpDecodeError {
  try {
    act();
  } catch (error) {
    if (error instanceof OtlpDecodeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a request in protobuf', () => {
  it('is read byte by byte as opentelemetry-proto says', () => {
    const body = bytes(
      ...[0x0a, 0x3b], // resource_logs
      ...[0x0a, 0x0a], // resource
      ...[0x0a, 0x08, 0x0a, 0x01, 0x61, 0x12, 0x03, 0x0a, 0x01, 0x62], // attributes: a = "b"
      ...[0x12, 0x2d], // scope_logs
      ...[0x0a, 0x06, 0x0a, 0x01, 0x73, 0x12, 0x01, 0x31], // scope: s, 1
      ...[0x12, 0x23], // log_records
      ...[0x10, 0x09], // severity_number: 9
      ...[0x32, 0x07, 0x0a, 0x01, 0x6b, 0x12, 0x02, 0x18, 0x07], // attributes: k = 7
      ...[0x2a, 0x02, 0x10, 0x01], // body: true
      ...[0x59, 0x01, 0, 0, 0, 0, 0, 0, 0], // observed_time_unix_nano: 1
      ...[0x62, 0x03, 0x65, 0x76, 0x74], // event_name: evt
      ...[0x38, 0x00], // dropped_attributes_count
      ...[0x1a, 0x02, 0x68, 0x69], // severity_text
    );
    const [record] = read('logs', body) as LogRecord[];
    expect(record).toMatchObject({
      signal: 'log',
      name: 'evt',
      severityNumber: 9,
      attributes: [['k', 7]],
      body: true,
      observedTimeUnixNano: '1',
      timeUnixNano: undefined,
      scope: { name: 's', version: '1' },
    });
    expect(record?.resource.attributes).toEqual([['a', 'b']]);
    expect(record?.resource.bytes).toEqual(body.subarray(4, 14));
    expect(record?.bytes).toEqual(body.subarray(26));
  });

  it('without records is read', () => {
    expect(read('logs', bytes())).toEqual([]);
    expect(read('logs', bytesField(1, bytes()))).toEqual([]);
    expect(read('logs', bytesField(1, bytesField(2, bytes())))).toEqual([]);
  });

  it('may give the resource and the scope after the records, and fields nobody knows', () => {
    const unknown = concat(
      bytesField(99, 'x'),
      varintField(100, -1),
      doubleField(101, 1),
      bytes(0xb5, 0x07, 1, 2, 3, 4),
    );
    const scope = concat(
      bytesField(2, concat(unknown, bytesField(12, 'e'))),
      unknown,
      bytesField(1, bytesField(1, 's')),
    );
    const body = concat(
      unknown,
      bytesField(
        1,
        concat(bytesField(2, scope), unknown, bytesField(1, concat(unknown, pairs(1, [['a', { bool: true }]])))),
      ),
    );
    const [record] = read('logs', body);
    expect(record?.name).toBe('e');
    expect(record?.scope).toEqual({ name: 's', version: '' });
    expect(record?.resource.attributes).toEqual([['a', true]]);
  });

  it('keeps what each resource and scope sent apart, and decodes a resource once', () => {
    const group = (name: string): Uint8Array =>
      bytesField(
        1,
        concat(
          bytesField(1, pairs(1, [['n', { string: name }]])),
          bytesField(2, concat(bytesField(2, bytes()), bytesField(2, bytes()))),
        ),
      );
    const records = read('logs', concat(group('a'), group('b')));
    expect(records.map((record) => record.resource.attributes[0]?.[1])).toEqual(['a', 'a', 'b', 'b']);
    expect(records[0]?.resource).toBe(records[1]?.resource);
    expect(records[0]?.resource.attributes).toBe(records[1]?.resource.attributes);
  });

  it.each([
    ['a tag that ends early', bytes(0x80), 0],
    ['a length that ends early', bytes(0x0a, 0x80), 1],
    ['a length past the end', bytes(0x0a, 0x01), 1],
    ['a length of five bytes past the end', bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f), 1],
    ['a length of ten bytes', bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), 1],
    ['a varint of eleven bytes', bytes(0x10, ...new Array<number>(10).fill(0x80), 0x00), 1],
    ['field number 0', bytes(0x02, 0x00), 0],
    ['field number 0 in two bytes', bytes(0x82, 0x00), 0],
    ['a field number of 30 bits', bytes(0x82, 0x80, 0x80, 0x80, 0x20), 0],
    ['a group', bytes(0x13), 1],
    ['the end of a group', bytes(0x14), 1],
    ['wire type 6', bytes(0x16), 1],
    ['wire type 7', bytes(0x17), 1],
    ['half of a 64-bit value', bytes(0x11, 1, 2, 3), 1],
    ['half of a 32-bit value', bytes(0x15, 1, 2), 1],
    ['a resource group that is a number', bytes(0x08, 0x01), 1],
    ['a scope group that is a number', bytes(0x0a, 0x02, 0x10, 0x01), 3],
    ['a record that is a number', bytes(0x0a, 0x04, 0x12, 0x02, 0x10, 0x01), 5],
    ['two resources', bytes(0x0a, 0x04, 0x0a, 0x00, 0x0a, 0x00), 5],
    ['a record longer than its scope', bytes(0x0a, 0x04, 0x12, 0x02, 0x12, 0x05), 5],
  ])('is refused for %s', (_, body, offset) => {
    expect(errorOf(() => read('logs', body)).offset).toBe(offset);
  });

  it('is refused for a field of the wrong type', () => {
    const number = (field: number): Uint8Array => varintField(field, 1);
    for (const field of [1, 5, 6, 9, 10, 11, 12]) expect(() => theLog(number(field))).toThrow(OtlpDecodeError);
    for (const field of [1, 2, 4, 5, 7, 8, 9, 11, 15]) expect(() => theSpan(number(field))).toThrow(OtlpDecodeError);
    for (const field of [1, 3, 5, 7, 9, 10, 11]) expect(() => thePoints(number(field))).toThrow(OtlpDecodeError);
    expect(() => theLog(bytesField(2, 'x'))).toThrow(OtlpDecodeError);
    expect(() => theSpan(bytesField(6, 'x'))).toThrow(OtlpDecodeError);
    for (const field of [2, 3, 4, 6, 7])
      expect(() => thePoints(bytesField(7, bytesField(1, number(field))))).toThrow(OtlpDecodeError);
  });

  it('names the byte at which a record is wrong', () => {
    const error = errorOf(() => read('logs', request(bytesField(12, 'ok'), bytes(0x10, 0x80))));
    expect(error.message).toBe('truncated varint at byte 13');
    expect(error.offset).toBe(13);
  });
});

describe('a log record in protobuf', () => {
  it('has defaults for all that is absent', () => {
    expect(theLog()).toMatchObject({
      name: '',
      timeUnixNano: undefined,
      observedTimeUnixNano: undefined,
      severityNumber: 0,
      body: null,
      attributes: [],
      traceId: undefined,
      spanId: undefined,
      scope: { name: '', version: '' },
    });
    expect(theLog().resource.attributes).toEqual([]);
    expect(theLog().resource.bytes).toHaveLength(0);
    expect(theLog().peek('k')).toBeUndefined();
  });

  it.each([
    [0n, undefined],
    [1n, '1'],
    [1_795_416_630_416_946_078n, '1795416630416946078'],
    [2n ** 53n, '9007199254740992'],
    [2n ** 63n, '9223372036854775808'],
    [2n ** 64n - 1n, '18446744073709551615'],
    [10n ** 19n, '10000000000000000000'],
  ])('has the time %s', (time, expected) => {
    expect(theLog(fixed64Field(1, time)).timeUnixNano).toBe(expected);
    expect(theLog(fixed64Field(11, time)).observedTimeUnixNano).toBe(expected);
  });

  it('has ids of the right length that are not all zeros', () => {
    const id = bytes(...Array.from({ length: 16 }, (_, i) => 0xf0 + i));
    expect(theLog(bytesField(9, id), bytesField(10, id.subarray(8)))).toMatchObject({
      traceId: 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',
      spanId: 'f8f9fafbfcfdfeff',
    });
    for (const wrong of [bytes(), id.subarray(1), new Uint8Array(16), new Uint8Array(17).fill(1)]) {
      expect(theLog(bytesField(9, wrong)).traceId).toBeUndefined();
    }
  });

  it('keeps attributes in order, with repeated keys and empty values, between other fields', () => {
    const log = theLog(
      pairs(6, [['thread.id', { int: 2n }]]),
      varintField(2, 9),
      pairs(6, [
        ['thread.id', { string: '01-ab' }],
        ['empty', { empty: true }],
      ]),
      bytesField(6, bytesField(1, 'absent')),
      bytesField(6, bytesField(2, anyValue({ string: 'keyless' }))),
      bytesField(
        6,
        concat(bytesField(2, anyValue({ string: 'x' })), bytesField(9, 'unknown'), bytesField(1, 'reversed')),
      ),
      pairs(6, [
        ['bytes', { bytes: bytes(0, 0, 0) }],
        ['big', { int: 2n ** 60n }],
        ['ключ', { string: 'é' }],
      ]),
    );
    expect(log.attributes).toEqual([
      ['thread.id', 2],
      ['thread.id', '01-ab'],
      ['empty', null],
      ['absent', null],
      ['', 'keyless'],
      ['reversed', 'x'],
      ['bytes', 'AAAA'],
      ['big', '1152921504606846976'],
      ['ключ', 'é'],
    ]);
    const keys = ['thread.id', 'empty', 'absent', 'reversed', 'bytes', 'big', 'ключ', 'nobody', 'rev'];
    expect(keys.map((key) => log.peek(key))).toEqual([
      undefined,
      undefined,
      undefined,
      'x',
      undefined,
      undefined,
      'é',
      undefined,
      undefined,
    ]);
    expect(log.severityNumber).toBe(9);
  });

  it('keeps the last of a field that is given twice', () => {
    expect(theLog(bytesField(12, 'a'), bytesField(12, 'b'), varintField(2, 1), varintField(2, 2))).toMatchObject({
      name: 'b',
      severityNumber: 2,
    });
  });
});

describe('a value in protobuf', () => {
  it.each<[string, Uint8Array, AnyValue]>([
    ['nothing', bytes(), null],
    ['an empty string', bytesField(1, ''), ''],
    ['a string', bytesField(1, 'aé😀'), 'aé😀'],
    ['a string with a byte order mark', bytesField(1, '\uFEFFx'), '\uFEFFx'],
    ['a string with a backslash', bytesField(1, 'a\\n'), 'a\\n'],
    ['true', varintField(2, 1), true],
    ['true of ten bytes', varintField(2, 1n << 63n), true],
    ['false', varintField(2, 0), false],
    ['an integer', varintField(3, 300), 300],
    ['a negative integer', varintField(3, -1), -1],
    ['the largest exact integer', varintField(3, 2n ** 53n - 1n), 2 ** 53 - 1],
    ['one more', varintField(3, 2n ** 53n), '9007199254740992'],
    ['the smallest exact integer', varintField(3, -(2n ** 53n) + 1n), -(2 ** 53) + 1],
    ['one less', varintField(3, -(2n ** 53n)), '-9007199254740992'],
    ['the largest integer', varintField(3, 2n ** 63n - 1n), '9223372036854775807'],
    ['the smallest integer', varintField(3, -(2n ** 63n)), '-9223372036854775808'],
    ['a low half of zero', varintField(3, -(2n ** 62n)), '-4611686018427387904'],
    ['an integer with idle bytes', bytes(0x18, 0x87, 0x80, 0x80, 0x00), 7],
    ['a double', doubleField(4, -0.1), -0.1],
    ['NaN', doubleField(4, NaN), NaN],
    ['infinity', doubleField(4, -Infinity), -Infinity],
    ['bytes', bytesField(7, bytes(0xfb, 0xff)), '+/8='],
    ['no bytes', bytesField(7, bytes()), ''],
    ['an empty list', bytesField(5, bytes()), []],
    ['a list', anyValue({ list: [{ int: 1n }, { empty: true }, { list: [{ bool: true }] }] }), [1, null, [true]]],
    ['no pairs', bytesField(6, bytes()), {}],
    [
      'pairs',
      anyValue({
        object: [
          ['a', { int: 1n }],
          ['b', { empty: true }],
          ['a', { int: 2n }],
        ],
      }),
      { a: 1, b: null, 'a#2': 2 },
    ],
    ['the last of two', concat(bytesField(1, 'x'), varintField(3, 2)), 2],
    ['what comes with an unknown field', concat(bytesField(1, 'x'), bytesField(20, 'y'), varintField(8, 1)), 'x'],
  ])('is %s', (_, encoded, value) => expect(theValue(encoded)).toEqual(value));

  it('keeps a key called __proto__ as any other', () => {
    const value = theValue(anyValue({ object: [['__proto__', { object: [['x', { int: 1n }]] }]] }));
    expect(Object.entries(value as object)).toEqual([['__proto__', { x: 1 }]]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it.each([
    [[0xff]],
    [[0xc3]],
    [[0xed, 0xa0, 0x80]],
    [[0xf0, 0x9f, 0x98]],
    [text('a').concat(new Array<number>(80).fill(0xfe))],
  ])('replaces bytes that are no UTF-8: %j', (invalid) => {
    const value = theValue(bytesField(1, bytes(...invalid))) as string;
    expect(value).toContain('\uFFFD');
    expect(value.isWellFormed()).toBe(true);
    // The same in a key, which is looked up first.
    expect(theLog(bytesField(6, bytesField(1, bytes(...invalid)))).attributes[0]?.[0]).toBe(value);
  });

  it.each([
    ['a string that is a number', varintField(1, 1)],
    ['an integer that is bytes', bytesField(3, 'x')],
    ['a double that is a varint', varintField(4, 1)],
    ['a list that is a number', varintField(5, 1)],
    ['a string longer than its value', bytes(0x0a, 0x05, 0x61)],
    ['half of a double', bytes(0x21, 1, 2)],
  ])('is refused once it is read: %s', (_, encoded) => {
    const log = theLog(bytesField(5, encoded));
    expect(() => log.body).toThrow(OtlpDecodeError);
    const other = theLog(bytesField(6, concat(bytesField(1, 'k'), bytesField(2, encoded))));
    expect(() => other.attributes).toThrow(OtlpDecodeError);
  });

  it('is refused once it is read: a pair whose key or value has the wrong type', () => {
    expect(() => theLog(bytesField(6, varintField(1, 1))).attributes).toThrow(OtlpDecodeError);
    expect(() => theLog(bytesField(6, varintField(2, 1))).attributes).toThrow(OtlpDecodeError);
  });
});

describe('a span in protobuf', () => {
  it('has all of its fields', () => {
    const span = theSpan(
      bytesField(1, new Uint8Array(16).fill(0xab)),
      bytesField(2, new Uint8Array(8).fill(1)),
      bytesField(3, 'state=1'),
      bytesField(4, new Uint8Array(8).fill(2)),
      bytesField(5, 'exec_command'),
      varintField(6, 3),
      fixed64Field(7, 10n),
      fixed64Field(8, 20n),
      pairs(9, [['a', { bool: false }]]),
      varintField(10, 0),
      bytesField(
        11,
        concat(fixed64Field(1, 11n), bytesField(2, 'e'), pairs(3, [['b', { int: 1n }]]), varintField(4, 0)),
      ),
      bytesField(13, bytesField(1, new Uint8Array(16))),
      bytesField(15, concat(bytesField(2, 'refused'), varintField(3, 2))),
      bytesField(11, bytes()),
      bytes(0x85, 0x01, 1, 0, 0, 0), // flags, fixed32
    );
    expect(span).toMatchObject({
      signal: 'span',
      name: 'exec_command',
      traceId: 'ab'.repeat(16),
      spanId: '01'.repeat(8),
      parentSpanId: '02'.repeat(8),
      kind: 3,
      startTimeUnixNano: '10',
      endTimeUnixNano: '20',
      attributes: [['a', false]],
      events: [
        { name: 'e', timeUnixNano: '11', attributes: [['b', 1]] },
        { name: '', timeUnixNano: undefined, attributes: [] },
      ],
      statusCode: 2,
      statusMessage: 'refused',
    });
  });

  it('has defaults for all that is absent', () => {
    expect(theSpan()).toMatchObject({
      name: '',
      kind: 0,
      statusCode: 0,
      statusMessage: '',
      events: [],
      parentSpanId: undefined,
    });
  });

  it('is refused once its status or events are read, where those are malformed', () => {
    expect(() => theSpan(bytesField(15, varintField(2, 1))).statusCode).toThrow(OtlpDecodeError);
    expect(() => theSpan(bytesField(11, varintField(1, 1))).events).toThrow(OtlpDecodeError);
    expect(() => theSpan(bytesField(11, bytes(0x0a))).events).toThrow(OtlpDecodeError);
  });
});

describe('a data point in protobuf', () => {
  const times = concat(fixed64Field(2, 1n), fixed64Field(3, 2n));
  const packed = bytesField(6, new Uint8Array(16)); // bucket_counts of a histogram
  const at = { startTimeUnixNano: '1', timeUnixNano: '2', attributes: [['k', 'v']] };

  it.each([
    ['gauge', 5, 7, concat(times, doubleField(4, 0.5)), { value: 0.5, count: 1, temporality: 0 }],
    ['gauge', 5, 7, concat(times, fixed64Field(6, -7n)), { value: -7, count: 1, temporality: 0 }],
    ['sum', 7, 7, concat(times, fixed64Field(6, 2n ** 40n)), { value: 2 ** 40, count: 1, temporality: 2 }],
    ['sum', 7, 7, concat(times, doubleField(4, 1), fixed64Field(6, 2n)), { value: 2, count: 1, temporality: 2 }],
    ['sum', 7, 7, times, { value: 0, count: 1, temporality: 2 }],
    [
      'histogram',
      9,
      9,
      concat(times, fixed64Field(4, 3n), doubleField(5, 7.5), packed),
      { value: 7.5, count: 3, temporality: 2 },
    ],
    ['histogram', 9, 9, concat(times, packed), { value: 0, count: 0, temporality: 2 }],
    [
      'exponentialHistogram',
      10,
      1,
      concat(times, fixed64Field(4, 3n), doubleField(5, 7.5), varintField(6, 4)),
      { value: 7.5, count: 3, temporality: 2 },
    ],
    [
      'summary',
      11,
      7,
      concat(times, fixed64Field(4, 2n ** 32n), doubleField(5, 1), bytesField(6, '')),
      { value: 1, count: 2 ** 32, temporality: 0 },
    ],
  ])('of a %s (field %i, attributes %i)', (type, field, attributesField, point, expected) => {
    const data = bytesField(
      field,
      concat(bytesField(1, concat(point, pairs(attributesField, [['k', { string: 'v' }]]))), varintField(2, 2)),
    );
    const [record] = thePoints(data, bytesField(3, 's'), bytesField(1, 'm'), bytesField(2, 'description'));
    expect(record).toMatchObject({ signal: 'metric', name: 'm', unit: 's', type, ...at, ...expected });
    expect(record?.peek('k')).toBe('v');
    expect(record?.bytes).toEqual(concat(point, pairs(attributesField, [['k', { string: 'v' }]])));
  });

  it('is counted once for each point of each metric', () => {
    const points = (...sizes: number[]): Uint8Array[] =>
      sizes.map((size, i) =>
        concat(
          bytesField(1, `m${i}`),
          bytesField(5, concat(...Array.from({ length: size }, () => bytesField(1, bytes())))),
        ),
      );
    const records = read('metrics', request(...points(2, 0, 1), bytesField(1, 'empty')));
    expect(records.map((record) => record.name)).toEqual(['m0', 'm0', 'm2']);
  });
});
