/** One record that cannot be decoded is turned away with its place; those around it are kept. What is no OTLP is refused whole. */
import { describe, expect, it } from '@jest/globals';
import { hash128, hashParts, sha256 } from '../platform/hash.ts';
import { AgentEvent } from '../schemas/agent-event.ts';
import { Reject } from '../schemas/reject.ts';
import { AGENTS, bodyOf, indexOf, isJson, scenariosOf } from '../test/fixtures/agents/read-captures.ts';
import { type IntakeResult, type OtlpSignal, takeRequest } from './intake.ts';
import { mappingFor } from './mappings/index.ts';
import { readJson } from './otlp/read-json.ts';
import { readProtobuf } from './otlp/read-protobuf.ts';
import { OtlpDecodeError } from './otlp/record.ts';
import { bytesField, concat, fixed64Field, varintField } from './otlp/test-encoder.ts';
import { createSessionActors } from './session-actors.ts';

const utf8 = new TextEncoder();

function take(signal: OtlpSignal, body: Uint8Array, read: typeof readJson): IntakeResult {
  return takeRequest(
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
const ATTRIBUTES = [attribute('event.name', '{"stringValue":"api_request"}'), attribute('session.id', '{"stringValue":"one"}')]; // prettier-ignore
const goodLog = (n: number): string => `{"timeUnixNano":"${n}000000","attributes":[${ATTRIBUTES.join()}]}`;
const jsonLogs = (...records: readonly string[]): Uint8Array =>
  utf8.encode(
    `{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"${SCOPE}"},"logRecords":[${records.join(', \n ')}]}]}]}`,
  );

/** The bad record is rejected with its place and its bytes, and the two around it are events. */
function expectOneTurnedAway(result: IntakeResult, body: Uint8Array, bad: Uint8Array): void {
  expect([result.records, result.accepted, ...result.rejected]).toEqual([3, 2, ['malformed_record', 1]]);
  const times = result.messages.flatMap(({ lines }) => lines.split('\n')).map((line) => AgentEvent.parse(JSON.parse(line)).time); // prettier-ignore
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
    // A name is looked at only where no attribute tells it.
    const isUnread = bad.includes('eventName');
    if (isUnread) expect(take('logs', body, readJson)).toMatchObject({ records: 3, accepted: 2 });
    else expectOneTurnedAway(take('logs', body, readJson), body, utf8.encode(bad));
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
  const pair = (key: string, value: string): Uint8Array => concat(bytesField(1, key), bytesField(2, bytesField(1, value))); // prettier-ignore
  const attributes = concat(bytesField(6, pair('event.name', 'api_request')), bytesField(6, pair('session.id', 'one')));
  const good = (n: number): Uint8Array => concat(fixed64Field(1, BigInt(n) * 1_000_000n), attributes);
  const logs = (...records: readonly Uint8Array[]): Uint8Array =>
    bytesField(1, bytesField(2, concat(bytesField(1, bytesField(1, SCOPE)), ...records.map((record) => bytesField(2, record))))); // prettier-ignore

  it.each([
    ['a time of another type', concat(varintField(1, 5), attributes)],
    ['an attribute of another type', concat(attributes, varintField(6, 1))],
    ['a value of another type', concat(attributes, bytesField(6, concat(bytesField(1, 'n'), bytesField(2, varintField(1, 1)))))],
    ['an attribute that is cut', concat(attributes, Uint8Array.of(0x32, 0x7f, 0x0a))],
    ['a field number of 0', concat(attributes, Uint8Array.of(0))],
    ['a group', concat(attributes, Uint8Array.of(0x73))],
  ])('with %s', (_what, bad) => {
    const body = logs(good(1), bad, good(3));
    expectOneTurnedAway(take('logs', body, readProtobuf), body, bad);
  }); // prettier-ignore

  it('is refused with its request where its length is wrong', () => {
    const body = logs(good(1), good(3));
    expect(() => take('logs', body.subarray(0, -1), readProtobuf)).toThrow(OtlpDecodeError);
  });
});

describe('a span or data point', () => {
  it('is turned away alone', () => {
    const spans = ['{"name":"a"}', '{"name":"b","attributes":5}', '{"name":"c"}'].join();
    const traces = utf8.encode(`{"resourceSpans":[{"scopeSpans":[{"spans":[${spans}]}]}]}`);
    expect(take('traces', traces, readJson)).toMatchObject({ records: 3, accepted: 0 });
    expect([...take('traces', traces, readJson).rejected]).toEqual([['malformed_record', 1]]);
    expect(take('traces', traces, readJson).rejects[0]).toMatchObject({ signal: 'span', body: '{"name":"b","attributes":5}' }); // prettier-ignore
  });

  const point = (value: string): string => `{"asInt":${value}}`;
  const metrics = (...all: readonly string[]): Uint8Array =>
    utf8.encode(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${all.join()}]}]}]}`);

  it('of a metric whose other points are sound', () => {
    const body = metrics(`{"name":"m","sum":{"dataPoints":[${point('1')},7,${point('2')}]}}`);
    const result = take('metrics', body, readJson);
    expect([result.records, ...result.rejected, ...result.skipped]).toEqual([3, ['malformed_record', 1], ['unmapped_metric', 2]]); // prettier-ignore
  });

  it('is one with its metric where that is malformed', () => {
    const body = metrics('{"name":5,"sum":{"dataPoints":[{}]}}', `{"name":"m","sum":{"dataPoints":[${point('1')}]}}`);
    const result = take('metrics', body, readJson);
    expect([result.records, ...result.rejected, ...result.skipped]).toEqual([2, ['malformed_record', 1], ['unmapped_metric', 1]]); // prettier-ignore
  });
});

describe('a request that went to the address of another signal', () => {
  const requests = AGENTS.flatMap((agent) =>
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
