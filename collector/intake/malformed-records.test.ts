/** One record that cannot be decoded is rejected with its place; those around it are kept. A body that is not OTLP is refused whole. */
import type { OtlpSignal } from '../../schemas/otlp/request.ts';
import { describe, expect, it } from '@jest/globals';
import { hash128, hashParts, sha256 } from '../../platform/hash.ts';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { Reject } from '../../schemas/records/reject.ts';
import { bodyOf, indexOf, isJson, scenariosOf } from '../../test/support/telemetry/read-captures.ts';
import { type IntakeResult, acceptRequest } from './intake.ts';
import { AGENTS, mappingFor } from '../../agents/index.ts';
import { readJson } from '../otlp/json/read-json.ts';
import { readProtobuf } from '../otlp/protobuf/read-protobuf.ts';
import { OtlpDecodeError } from '../../schemas/otlp/record.ts';
import { bytesField, concat, fixed64Field, varintField } from '../otlp/test-support/encoder.ts';
import { createSessionActors } from './session-actors.ts';

const utf8 = new TextEncoder();

function take(signal: OtlpSignal, body: Uint8Array, read: typeof readJson): IntakeResult {
  return acceptRequest(
    {
      read,
      mappingFor,
      hash128: hashParts,
      sha256,
      actors: createSessionActors('s', hash128),
      isKnown: () => false,
    },
    { tenant: 't', sender: 's', signal, body, receivedAt: 1_800_000_000_000 },
  );
}

const SCOPE = 'com.anthropic.claude_code.events';
const attribute = (key: string, value: string): string => `{"key":"${key}","value":${value}}`;
const ATTRIBUTES = [
  attribute('event.name', '{"stringValue":"api_request"}'),
  attribute('session.id', '{"stringValue":"one"}'),
];
const goodLog = (n: number): string => `{"timeUnixNano":"${n}000000","attributes":[${ATTRIBUTES.join()}]}`;
const jsonLogs = (...records: readonly string[]): Uint8Array =>
  utf8.encode(
    `{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"${SCOPE}"},"logRecords":[${records.join(', \n ')}]}]}]}`,
  );

/** The bad record is rejected with its place and its bytes, and the two around it are events. */
function expectOneRejected(result: IntakeResult, body: Uint8Array, bad: Uint8Array): void {
  expect([result.records, result.accepted, ...result.rejected]).toEqual([3, 2, ['malformed_record', 1]]);
  const times = result.messages
    .flatMap(({ lines }) => lines.split('\n'))
    .map((line) => AgentEvent.parse(JSON.parse(line)).time);
  expect(times).toEqual([1, 3]);
  const [reject] = result.rejects;
  expect(Reject.parse(reject).body).toBe(new TextDecoder().decode(bad));
  const place = Number(/ at byte (\d+)$/.exec(reject?.detail ?? '')?.[1]);
  const start = Buffer.from(body).indexOf(bad);
  expect(place).toBeGreaterThanOrEqual(start);
  expect(place).toBeLessThanOrEqual(start + bad.length);
}

describe('a log record in JSON', () => {
  const nested = '{"arrayValue":{"values":['.repeat(65) + '{}' + ']}}'.repeat(65);
  const withAttribute = (value: string): string => `{"attributes":[${ATTRIBUTES.join()},${value}]}`;

  it.each([
    ['a time that is none', `{"timeUnixNano":"soon","attributes":[${ATTRIBUTES.join()}]}`],
    ['a time that is an object', `{"timeUnixNano":{"a":[1]},"attributes":[${ATTRIBUTES.join()}]}`],
    ['an integer that is none', withAttribute(attribute('n', '{"intValue":"1.5"}'))],
    ['an integer of more than 64 bits', withAttribute(attribute('n', '{"intValue":"99999999999999999999"}'))],
    ['a boolean that is none', withAttribute(attribute('n', '{"boolValue":"yes"}'))],
    ['a text that is a number', withAttribute(attribute('n', '{"stringValue":5}'))],
    ['bytes that are no base64', withAttribute(attribute('n', '{"bytesValue":"%%"}'))],
    ['a value nested too deep', withAttribute(attribute('n', nested))],
    ['an attribute that is no object', withAttribute('"x"')],
    ['a key that is no text', withAttribute('{"key":5,"value":{}}')],
    ['attributes that are no list', '{"attributes":{"key":"a"}}'],
    ['an event name that is an object', '{"eventName":{}}'],
    ['a number in its place', '5'],
    ['a list in its place', '[{"attributes":[]}]'],
    ['null in its place', 'null'],
  ])('with %s', (_what, bad) => {
    const body = jsonLogs(goodLog(1), bad, goodLog(3));
    // A name is read only if no attribute has it.
    const isUnread = bad.includes('eventName');
    if (isUnread) expect(take('logs', body, readJson)).toMatchObject({ records: 3, accepted: 2 });
    else expectOneRejected(take('logs', body, readJson), body, utf8.encode(bad));
  });

  it.each([
    ['ends within a record', '{"attributes":[', false],
    ['has a second comma', '{"attributes":[{"key":"a",,}]}', true],
    ['has a bracket that does not fit', '{"attributes":[}]', true],
    ['has a name without a value', '{"attributes":[{"key"}]}', true],
  ])('is refused with its request where the body %s', (_what, bad, isClosed) => {
    const text = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${goodLog(1)},${bad}`;
    const body = utf8.encode(isClosed ? `${text}]}]}]}` : text);
    expect(() => take('logs', body, readJson)).toThrow(OtlpDecodeError);
  });
});

describe('a log record in protobuf', () => {
  const pair = (key: string, value: string): Uint8Array =>
    concat(bytesField(1, key), bytesField(2, bytesField(1, value)));
  const attributes = concat(bytesField(6, pair('event.name', 'api_request')), bytesField(6, pair('session.id', 'one')));
  const good = (n: number): Uint8Array => concat(fixed64Field(1, BigInt(n) * 1_000_000n), attributes);
  const logs = (...records: readonly Uint8Array[]): Uint8Array =>
    bytesField(
      1,
      bytesField(2, concat(bytesField(1, bytesField(1, SCOPE)), ...records.map((record) => bytesField(2, record)))),
    );

  it.each([
    ['a time of another type', concat(varintField(1, 5), attributes)],
    ['an attribute of another type', concat(attributes, varintField(6, 1))],
    [
      'a value of another type',
      concat(attributes, bytesField(6, concat(bytesField(1, 'n'), bytesField(2, varintField(1, 1))))),
    ],
    ['an attribute that is cut', concat(attributes, Uint8Array.of(0x32, 0x7f, 0x0a))],
    ['a field number of 0', concat(attributes, Uint8Array.of(0))],
    ['a group', concat(attributes, Uint8Array.of(0x73))],
  ])('with %s', (_what, bad) => {
    const body = logs(good(1), bad, good(3));
    expectOneRejected(take('logs', body, readProtobuf), body, bad);
  });

  it('is refused with its request where its length is wrong', () => {
    const body = logs(good(1), good(3));
    expect(() => take('logs', body.subarray(0, -1), readProtobuf)).toThrow(OtlpDecodeError);
  });
});

describe('a scope', () => {
  const group = (scope: string, ...records: readonly string[]): string =>
    `{"scope":${scope},"logRecords":[${records.join()}]}`;
  const groups = (...all: readonly string[]): Uint8Array =>
    utf8.encode(`{"resourceLogs":[{"scopeLogs":[${all.join()}]}]}`);
  const good = (n: number): string => group(`{"name":"${SCOPE}"}`, goodLog(n));

  it.each([
    ['a name that is no text', '{"name":5}'],
    ['a name that is a list', '{"name":["a"]}'],
    ['a version that is an object', `{"name":"${SCOPE}","version":{}}`],
    ['no object in its place', '"scope"'],
  ])('in JSON with %s is the fault of its own records, and of no other', (_what, scope) => {
    const { records, accepted, rejected, rejects } = take(
      'logs',
      groups(good(1), group(scope, goodLog(2), goodLog(3)), good(4)),
      readJson,
    );
    expect([records, accepted, ...rejected]).toEqual([4, 2, ['malformed_record', 2]]);
    expect(rejects.map(({ body }) => body)).toEqual([goodLog(2), goodLog(3)]);
  });

  it('in JSON is read where it follows its records, too', () => {
    const { accepted, rejected } = take(
      'logs',
      groups(`{"logRecords":[${goodLog(1)}],"scope":{"name":5}}`, good(2)),
      readJson,
    );
    expect([accepted, ...rejected]).toEqual([1, ['malformed_record', 1]]);
  });

  it('that is not even JSON has its request refused', () => {
    expect(() => take('logs', groups(group('{"name":5,,}', goodLog(1))), readJson)).toThrow(OtlpDecodeError);
    expect(() => take('logs', groups(group('{"name":nil}', goodLog(1))), readJson)).toThrow(OtlpDecodeError);
  });

  it('of metrics is the fault of its metrics', () => {
    const body = utf8.encode(
      '{"resourceMetrics":[{"scopeMetrics":[{"scope":{"name":5},"metrics":[{"name":"m","sum":{"dataPoints":[{"asInt":1}]}},{"name":"n"}]}]}]}',
    );
    const { records, rejected } = take('metrics', body, readJson);
    expect([records, ...rejected]).toEqual([2, ['malformed_record', 2]]);
  });

  it.each([
    ['a name of another type', varintField(1, 5)],
    ['a name that is cut', Uint8Array.of(0x0a, 0x7f, 0x61)],
  ])('in protobuf with %s likewise', (_what, scope) => {
    const record = bytesField(2, fixed64Field(1, 1_000_000n));
    const spans = concat(
      bytesField(2, concat(bytesField(1, scope), record, record)),
      bytesField(2, concat(bytesField(1, bytesField(1, 'lab')), record)),
    );
    const { records, rejected, skipped } = take('logs', bytesField(1, spans), readProtobuf);
    expect([records, ...rejected, ...skipped]).toEqual([3, ['malformed_record', 2], ['unknown_source', 1]]);
  });
});

describe('a span or data point', () => {
  it('is rejected alone', () => {
    const spans = ['{"name":"a"}', '{"name":"b","attributes":5}', '{"name":"c"}'].join();
    const traces = utf8.encode(`{"resourceSpans":[{"scopeSpans":[{"spans":[${spans}]}]}]}`);
    expect(take('traces', traces, readJson)).toMatchObject({ records: 3, accepted: 0 });
    expect([...take('traces', traces, readJson).rejected]).toEqual([['malformed_record', 1]]);
    expect(take('traces', traces, readJson).rejects[0]).toMatchObject({
      signal: 'span',
      body: '{"name":"b","attributes":5}',
    });
  });

  const point = (value: string): string => `{"asInt":${value}}`;
  const metrics = (...all: readonly string[]): Uint8Array =>
    utf8.encode(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${all.join()}]}]}]}`);

  it('of a metric whose other points are sound', () => {
    const body = metrics(`{"name":"m","sum":{"dataPoints":[${point('1')},7,${point('2')}]}}`);
    const result = take('metrics', body, readJson);
    expect([result.records, ...result.rejected, ...result.skipped]).toEqual([
      3,
      ['malformed_record', 1],
      ['unmapped_metric', 2],
    ]);
  });

  it('is one with its metric where that is malformed', () => {
    const body = metrics('{"name":5,"sum":{"dataPoints":[{}]}}', `{"name":"m","sum":{"dataPoints":[${point('1')}]}}`);
    const result = take('metrics', body, readJson);
    expect([result.records, ...result.rejected, ...result.skipped]).toEqual([
      2,
      ['malformed_record', 1],
      ['unmapped_metric', 1],
    ]);
  });
});

describe('a request that went to the address of another signal', () => {
  const requests = AGENTS.flatMap(({ name: agent }) =>
    scenariosOf(agent).flatMap((scenario) =>
      indexOf(agent, scenario)
        .requests.filter(({ file }) => !file.endsWith('.grpc'))
        .map(({ file, signal }) => ({ path: `${agent}/${scenario}/${file}`, agent, scenario, file, signal })),
    ),
  );

  it.each(requests)('$path never passes for an empty one', ({ agent, scenario, file, signal }) => {
    const body = bodyOf(agent, scenario, file);
    for (const other of (['logs', 'traces', 'metrics'] as const).filter((name) => name !== signal)) {
      if (isJson(file)) {
        expect(() => take(other, body, readJson)).toThrow(`this is a request of ${signal}, not of ${other}`);
        continue;
      }
      const { records, accepted, rejected, skipped } = take(other, body, readProtobuf);
      expect(records).toBeGreaterThan(0);
      expect(accepted).toBe(0);
      const counted = [...rejected.values(), ...skipped.values()].reduce((sum, n) => sum + n, 0);
      expect(counted).toBe(records);
      expect(rejected.get('malformed_record')).toBeGreaterThan(0);
    }
  });
});

describe('metrics in protobuf that went to the address of spans', () => {
  // Metric: name 1, description 2, unit 3, then gauge 5, sum 7, histogram 9, exponential histogram 10 or summary 11 with its points.
  const DATA = { gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 } as const;
  const names = ['gen_ai.client.operation.duration', 'claude_code.cost', 'm'];
  const points = bytesField(1, concat(fixed64Field(3, 1_000_000n), fixed64Field(4, 5n)));

  it.each(Object.entries(DATA).flatMap(([type, field]) => names.map((name) => ({ type, field, name }))))(
    'are rejected as what they are not: $type $name',
    ({ field, name }) => {
      const metric = concat(bytesField(1, name), bytesField(3, 's'), bytesField(field, points));
      const described = concat(bytesField(1, name), bytesField(2, 'a longer text'), bytesField(field, points));
      const body = bytesField(1, bytesField(2, concat(bytesField(2, metric), bytesField(2, described))));
      const { records, rejected, skipped } = take('traces', body, readProtobuf);
      expect([records, [...rejected], [...skipped]]).toEqual([2, [['malformed_record', 2]], []]);
    },
  );

  it('and spans stay spans, with an odd id where they have a time, and without a time where their id is one', () => {
    const id = Uint8Array.from({ length: 16 }, (_, index) => index * 7);
    const spans = [
      concat(bytesField(1, 'odd'), bytesField(5, 'a'), fixed64Field(7, 1_000_000n)),
      concat(bytesField(1, id), bytesField(5, 'b')),
      bytesField(5, 'c'),
    ];
    const body = bytesField(1, bytesField(2, concat(...spans.map((span) => bytesField(2, span)))));
    expect([...take('traces', body, readProtobuf).skipped]).toEqual([['internal', 3]]);
  });
});

describe('a request of little else than malformed records', () => {
  const bodyOf5 = (count: number): Uint8Array => jsonLogs(goodLog(1), ...Array.from({ length: count }, () => '5'));

  it('is taken up to a hundred thousand of them, and is no OTLP beyond', () => {
    const result = take('logs', bodyOf5(100_000), readJson);
    expect([result.records, result.accepted, ...result.rejected]).toEqual([100_001, 1, ['malformed_record', 100_000]]);
    expect(result.rejectedRanges).toEqual({ ranges: [[1, 100_000, 'malformed_record']], more: 0 });
    expect(() => take('logs', bodyOf5(100_001), readJson)).toThrow(/^more than 100000 malformed records at byte \d+$/);
    const protobuf = bytesField(
      1,
      bytesField(2, concat(...Array.from({ length: 100_001 }, () => bytesField(2, new Uint8Array([0xff]))))),
    );
    expect(() => take('logs', protobuf, readProtobuf)).toThrow(/^more than 100000 malformed records at byte \d+$/);
  });
});
