/** A record that is not used is not decoded. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readJson } from './json/read-json.ts';
import { readProtobuf } from './protobuf/read-protobuf.ts';
import type { OnRecord } from '../../schemas/otlp/record.ts';
import { toJson, toProtobuf } from './test-support/encoder.ts';
import type { AnyRequest } from './test-support/encoder.ts';

/** Longer than what is looked up instead of decoded, and never the same text twice. */
const long = (name: string): string => name.padEnd(100, '.');
const RECORDS = 20;
const ATTRIBUTES = 30;

/** Which long texts were decoded: every one goes through this one function of the engine. */
let decoded: string[] = [];
const prototype = Buffer.prototype as unknown as { utf8Slice: (start: number, end: number) => string };
const { utf8Slice } = prototype;

beforeEach(() => {
  decoded = [];
  prototype.utf8Slice = function (start, end) {
    const text = utf8Slice.call(this, start, end);
    if (text.length >= 100) decoded.push(text.replace(/\.+$/, ''));
    return text;
  };
});
afterEach(() => {
  prototype.utf8Slice = utf8Slice;
});

const attributesOf = (record: number): [string, { string: string }][] =>
  Array.from({ length: ATTRIBUTES }, (_, i) => [`key.${i}`, { string: long(`${record}/${i}`) }]);
const resource: [string, { string: string }][] = [['service.name', { string: long('resource') }]];
const numbers = Array.from({ length: RECORDS }, (_, i) => i);
const REQUESTS: readonly AnyRequest[] = [
  {
    signal: 'logs',
    groups: [
      {
        resource,
        scopes: [
          {
            records: numbers.map((i) => ({
              eventName: long(`name ${i}`),
              body: { string: long(`body ${i}`) },
              attributes: attributesOf(i),
            })),
          },
        ],
      },
    ],
  },
  {
    signal: 'traces',
    groups: [
      {
        resource,
        scopes: [
          {
            records: numbers.map((i) => ({
              name: long(`name ${i}`),
              attributes: attributesOf(i),
              events: [{ time: 1n, name: long(`event ${i}`), attributes: attributesOf(i) }],
              status: { code: 2, message: long(`status ${i}`) },
            })),
          },
        ],
      },
    ],
  },
];
const CASES = REQUESTS.flatMap((request) => [
  {
    name: `${request.signal} in protobuf`,
    run: (on: OnRecord) => readProtobuf(request.signal, toProtobuf(request), on),
  },
  { name: `${request.signal} in JSON`, run: (on: OnRecord) => readJson(request.signal, toJson(request), on) },
]);

describe.each(CASES)('$name', ({ run }) => {
  it('decodes nothing of records that are ignored', () => {
    let seen = 0;
    expect(run(() => seen++)).toBe(RECORDS);
    expect(seen).toBe(RECORDS);
    expect(decoded).toEqual([]);
  });

  it('decodes the name alone for its name', () => {
    const names: string[] = [];
    run((record) => names.push(record.name, record.name));
    expect(decoded).toEqual(numbers.map((i) => `name ${i}`));
    expect(names).toHaveLength(2 * RECORDS);
  });

  it('decodes one value to peek at it, and none where there is none', () => {
    const peeked: unknown[] = [];
    run((record) => peeked.push(record.peek('key.7'), record.peek('nobody')));
    expect(decoded).toEqual(numbers.map((i) => `${i}/7`));
    expect(peeked).toContain(long('3/7'));
  });

  it('decodes attributes once, and those of the record that was asked for only', () => {
    let count = 0;
    run((record) => {
      if (count++ !== 4) return;
      expect(record.attributes).toHaveLength(ATTRIBUTES);
      expect(record.attributes).toBe(record.attributes);
    });
    expect(decoded).toEqual(attributesOf(4).map((_, i) => `4/${i}`));
  });

  it('decodes body and events once', () => {
    run((record) => {
      if (record.signal === 'log') expect(record.body).toBe(record.body);
      if (record.signal === 'span') {
        expect(record.events).toBe(record.events);
        expect(record.statusMessage).toBe(record.statusMessage);
      }
    });
    expect(decoded.filter((text) => /^(body|status) /.test(text))).toHaveLength(RECORDS);
    expect(decoded.filter((text) => text.startsWith('event '))).toHaveLength(
      decoded.some((text) => text.startsWith('event')) ? RECORDS : 0,
    );
  });

  it('decodes the resource once for all records', () => {
    run((record) => {
      expect(record.resource.attributes).toHaveLength(1);
      expect(record.resource.bytes).toBe(record.resource.bytes);
    });
    expect(decoded).toEqual(['resource']);
  });

  it('lets a record be read after the request', () => {
    const kept: (() => unknown)[] = [];
    run((record) => kept.push(() => [record.name, record.attributes]));
    expect(kept[2]?.()).toEqual([long('name 2'), attributesOf(2).map(([key, value]) => [key, value.string])]);
  });
});
