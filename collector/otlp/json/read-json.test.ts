import { describe, expect, it } from '@jest/globals';
import { readJson } from './read-json.ts';
import type { Signal } from '../protobuf/read-protobuf.ts';
import { OtlpDecodeError } from '../../../schemas/otlp/record.ts';
import type { AnyValue, FlatRecord, LogRecord, MetricRecord, SpanRecord } from '../../../schemas/otlp/record.ts';

const utf8 = new TextEncoder();

function read(signal: Signal, text: string | Uint8Array): FlatRecord[] {
  const records: FlatRecord[] = [];
  const body = typeof text === 'string' ? utf8.encode(text) : text;
  expect(readJson(signal, body, (record) => records.push(record))).toBe(records.length);
  return records;
}

const logRequest = (record: string): string => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`;
const theLog = (record: string): LogRecord => read('logs', logRequest(record))[0] as LogRecord;
const theSpan = (record: string): SpanRecord =>
  read('traces', `{"resourceSpans":[{"scopeSpans":[{"spans":[${record}]}]}]}`)[0] as SpanRecord;
const thePoint = (type: string, point: string, more = ''): MetricRecord =>
  read(
    'metrics',
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","${type}":{${more}"dataPoints":[${point}]}}]}]}]}`,
  )[0] as MetricRecord;
const theValue = (value: string): AnyValue => theLog(`{"body":${value}}`).body;

function errorOf(act: () => unknown): OtlpDecodeError {
  try {
    act();
  } catch (error) {
    if (error instanceof OtlpDecodeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a request in JSON', () => {
  it.each([
    '{}',
    ' \r\n\t{ } \n',
    '{"resourceLogs":[]}',
    '{"resourceLogs":null}',
    '{"resourceLogs":[{}]}',
    '{"other":[1]}',
  ])('without records is read: %s', (text) => expect(read('logs', text)).toEqual([]));

  it.each(['[]', '[{}]', '[{"scopeLogs":[]}]'])('of another signal is refused by name: %s', (groups) => {
    const error = errorOf(() => read('traces', `{"resourceSpans":[],"resourceLogs":${groups}}`));
    expect(error.message).toBe('this is a request of logs, not of traces: send it to /v1/logs at byte 35');
  });

  it('may begin with a byte order mark', () => {
    const [record] = read('logs', new Uint8Array([0xef, 0xbb, 0xbf, ...utf8.encode(logRequest('{"eventName":"e"}'))]));
    expect(record?.name).toBe('e');
    expect(new TextDecoder().decode(record?.bytes)).toBe('{"eventName":"e"}');
  });

  it('may give members in any order', () => {
    const [record] = read(
      'logs',
      `{"resourceLogs":[{"schemaUrl":"x","scopeLogs":[{"logRecords":[{"attributes":[
        {"value":{"stringValue":"v"},"key":"k"}],"eventName":"e"}],"scope":{"version":"1","name":"s"}}],
        "resource":{"droppedAttributesCount":0,"attributes":[{"key":"service.name","value":{"stringValue":"codex"}}]}}]}`,
    );
    expect(record?.resource.attributes).toEqual([['service.name', 'codex']]);
    expect(record?.scope).toEqual({ name: 's', version: '1' });
    expect(record?.name).toBe('e');
    expect(record?.attributes).toEqual([['k', 'v']]);
    expect(record?.peek('k')).toBe('v');
  });

  it('may give a metric its name and temporality after its points', () => {
    const [record] = read(
      'metrics',
      `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"sum":{"dataPoints":[{"asInt":"3"}],"aggregationTemporality":1,"isMonotonic":true},"unit":"s","name":"m"}]}]}]}`,
    );
    expect(record).toMatchObject({ name: 'm', unit: 's', type: 'sum', temporality: 1, value: 3, count: 1 });
  });

  it('keeps records of different resources and scopes separate, and decodes a resource once', () => {
    const group = (name: string): string =>
      `{"resource":{"attributes":[{"key":"n","value":{"stringValue":"${name}"}}]},"scopeLogs":[
        {"scope":{"name":"${name}1"},"logRecords":[{},{}]},{"scope":null,"logRecords":[{}]}]}`;
    const records = read('logs', `{"resourceLogs":[${group('a')},${group('b')}]}`);
    expect(records.map((record) => [record.resource.attributes[0]?.[1], record.scope.name])).toEqual([
      ['a', 'a1'],
      ['a', 'a1'],
      ['a', ''],
      ['b', 'b1'],
      ['b', 'b1'],
      ['b', ''],
    ]);
    expect(records[0]?.resource).toBe(records[2]?.resource);
    expect(records[0]?.resource.attributes).toBe(records[2]?.resource.attributes);
    expect(records[0]?.scope).toBe(records[1]?.scope);
  });

  it('may use protobuf member names, and escape their letters', () => {
    const [record] = read(
      'logs',
      `{"resource_logs":[{"scope_logs":[{"log_records":[{"event\\u004eame":"e","observed_time_unix_nano":"7",
        "attribut\\u0065s":[{"k\\u0065y":"k","value":{"string_valu\\u0065":"v"}}],
        "trace_id":"0123456789abcdef0123456789ABCDEF","span_id":"00000000000000aB"}]}]}]}`,
    );
    expect(record).toMatchObject({
      name: 'e',
      observedTimeUnixNano: '7',
      attributes: [['k', 'v']],
      traceId: '0123456789abcdef0123456789abcdef',
      spanId: '00000000000000ab',
    });
  });

  it('reads both occurrences of a repeated list, so that nothing is lost', () => {
    expect(
      read(
        'logs',
        '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}],"logRecords":[{},{}]}],"scopeLogs":[{"logRecords":[{}]}]}]}',
      ),
    ).toHaveLength(4);
  });

  it.each([
    '{"resource":{},"resource":{}}',
    '{"scopeLogs":[],"resource":{},"resource":{}}',
    '{"scopeLogs":[{"scope":{},"scope":{}}]}',
  ])('may not name two resources or scopes for one list: %s', (group) => {
    const body = utf8.encode(`{"resourceLogs":[${group}]}`);
    expect(errorOf(() => readJson('logs', body, () => undefined)).message).toMatch(
      /^second (resource|scope) in one object/,
    );
  });

  it.each([
    ['', 0],
    ['\uFEFF', 3],
    ['null', 0],
    ['[]', 0],
    ['{', 1],
    ['{}x', 2],
    ['{} {}', 3],
    ['{"resourceLogs"}', 15],
    ['{"resourceLogs":{}}', 16],
    ['{"resourceLogs":[1]}', 17],
    ['{"resourceLogs":[null]}', 17],
    ['{"resourceLogs":[{},]}', 20],
    ['{"resourceLogs":[],}', 19],
    ['{"resourceLogs":[] "a":1}', 19],
    ['{,}', 1],
    ['{"a":}', 5],
    ['{"a":[}', 6],
    ['{"a":"', 5],
    ['{"a":"\\"}', 5],
    ["{'a':1}", 1],
  ])('is refused where it is no such request: %j at byte %i', (text, offset) => {
    const error = errorOf(() => read('logs', text));
    expect(error.offset).toBe(offset);
    expect(error.message).toContain(`at byte ${offset}`);
  });

  it('counts and returns no record for an element that is not one', () => {
    for (const record of ['1', '"a"', '[]', 'null', '{"a"'])
      expect(() => read('logs', logRequest(record))).toThrow(OtlpDecodeError);
  });
});

describe('a log record in JSON', () => {
  it('has defaults for all that is absent or null', () => {
    const empty = {
      signal: 'log',
      name: '',
      timeUnixNano: undefined,
      observedTimeUnixNano: undefined,
      severityNumber: 0,
      body: null,
      attributes: [],
      traceId: undefined,
      spanId: undefined,
      scope: { name: '', version: '' },
    };
    expect(theLog('{}')).toMatchObject(empty);
    const nulls = [
      'timeUnixNano',
      'observedTimeUnixNano',
      'severityNumber',
      'eventName',
      'body',
      'attributes',
      'traceId',
    ];
    expect(theLog(`{${nulls.map((name) => `"${name}":null`).join()}}`)).toMatchObject(empty);
    expect(theLog('{"attributes":null}').peek('k')).toBeUndefined();
    expect(theLog('{}').resource.attributes).toEqual([]);
    expect(theLog('{}').resource.bytes).toHaveLength(0);
  });

  it.each([
    ['"1795416630416946078"', '1795416630416946078'],
    ['1795416630416946078', '1795416630416946078'],
    ['"18446744073709551615"', '18446744073709551615'],
    ['1.795416630416e18', '1795416630416000000'],
    ['"0"', undefined],
    ['0', undefined],
    ['""', Error],
    ['"-1"', Error],
    ['"18446744073709551616"', Error],
    ['1.5', Error],
    ['"soon"', Error],
    ['true', Error],
    ['{}', Error],
  ])('has the time %s', (text, time) => {
    if (time === Error) expect(() => theLog(`{"timeUnixNano":${text}}`).timeUnixNano).toThrow(OtlpDecodeError);
    else expect(theLog(`{"timeUnixNano":${text}}`).timeUnixNano).toBe(time);
  });

  it.each([
    ['9', 9],
    ['"9"', 9],
    ['"SEVERITY_NUMBER_INFO"', 9],
    ['"SEVERITY_NUMBER_FATAL4"', 24],
    ['"INFO"', Error],
    ['"SEVERITY_NUMBER_"', Error],
  ])('has the severity %s', (text, severity) => {
    const log = theLog(`{"severityNumber":${text}}`);
    if (severity === Error) expect(() => log.severityNumber).toThrow(OtlpDecodeError);
    else expect(log.severityNumber).toBe(severity);
  });

  it.each(['""', '"00000000000000000000000000000000"', '"0af7"', '"0af7651916cd43dd8448eb211c80319g"', 'null'])(
    'has no trace where the id is %s',
    (text) => expect(theLog(`{"traceId":${text}}`).traceId).toBeUndefined(),
  );

  it('keeps attributes in order, with repeated keys and empty values', () => {
    const log = theLog(`{"attributes":[
      {"key":"thread.id","value":{"intValue":"2"}}, {"key":"thread.id","value":{"stringValue":"01-ab"}},
      {"key":"empty","value":{}}, {"key":"null","value":null}, {"key":"absent"}, {"value":{"stringValue":"keyless"}}, {},
      {"key":null,"value":{"boolValue":true}}, {"key":"last","value":{"stringValue":""}}]}`);
    expect(log.attributes).toEqual([
      ['thread.id', 2],
      ['thread.id', '01-ab'],
      ['empty', null],
      ['null', null],
      ['absent', null],
      ['', 'keyless'],
      ['', null],
      ['', true],
      ['last', ''],
    ]);
    expect(log.peek('thread.id')).toBeUndefined();
    expect(log.peek('last')).toBe('');
    expect(log.peek('')).toBe('keyless');
    expect(log.peek('empty')).toBeUndefined();
    expect(log.peek('nobody')).toBeUndefined();
  });

  it('uses the last of two members with one name', () => {
    expect(theLog('{"eventName":"a","eventName":"b","attributes":[{}],"attributes":[]}')).toMatchObject({
      name: 'b',
      attributes: [],
    });
  });

  it('peeks only at strings, not at other values that become text', () => {
    const log = theLog(`{"attributes":[{"key":"b","value":{"bytesValue":"AAAA"}},
      {"key":"i","value":{"intValue":"9007199254740993"}},{"key":"s","value":{"unheardOf":1,"stringValue":"x"}},
      {"key":"l","value":{"arrayValue":{"values":[]}}},{"key":"\\u0073\\\\","value":{"stringValue":"\\u00e9"}}]}`);
    expect(['b', 'i', 's', 'l', 's\\'].map((key) => log.peek(key))).toEqual([
      undefined,
      undefined,
      'x',
      undefined,
      'é',
    ]);
    expect(log.attributes.map(([key]) => key)).toEqual(['b', 'i', 's', 'l', 's\\']);
  });
});

describe('a value in JSON', () => {
  it.each<[string, AnyValue]>([
    ['null', null],
    ['{}', null],
    ['{"stringValue":null}', null],
    ['{"unheardOf":{"stringValue":"x"}}', null],
    ['{"stringValue":""}', ''],
    ['{"stringValue":"a\\u00e9\\n\\"\\\\\\/\\ud83d\\ude00"}', 'aé\n"\\/😀'],
    ['{"stringValue":"\\ud800x"}', '\uFFFDx'],
    ['{"stringValue":"x\\udc00"}', 'x\uFFFD'],
    ['{"stringValue":"a\nraw\tcontrol"}', 'a\nraw\tcontrol'],
    ['{"stringValue":"a\nraw\\tcontrol"}', 'a\nraw\tcontrol'],
    ['{"stringValue":"\uFEFFmark"}', '\uFEFFmark'],
    ['{"boolValue":true}', true],
    ['{"boolValue":false}', false],
    ['{"intValue":200}', 200],
    ['{"intValue":"200"}', 200],
    ['{"intValue":-0}', 0],
    ['{"intValue":"-12"}', -12],
    ['{"intValue":1e3}', 1000],
    ['{"intValue":2.0}', 2],
    ['{"intValue":9007199254740991}', 9_007_199_254_740_991],
    ['{"intValue":9007199254740993}', '9007199254740993'],
    ['{"intValue":"-9223372036854775808"}', '-9223372036854775808'],
    ['{"intValue":"0000000000000000007"}', 7],
    ['{"doubleValue":1.5}', 1.5],
    ['{"doubleValue":"1.5e3"}', 1500],
    ['{"doubleValue":-2E-2}', -0.02],
    ['{"doubleValue":"NaN"}', NaN],
    ['{"doubleValue":"Infinity"}', Infinity],
    ['{"doubleValue":"-Infinity"}', -Infinity],
    ['{"bytesValue":"-_8"}', '+/8='],
    ['{"bytesValue":"AAAA"}', 'AAAA'],
    ['{"arrayValue":{}}', []],
    ['{"arrayValue":{"values":null}}', []],
    ['{"arrayValue":{"values":[{"intValue":1},{},{"arrayValue":{"values":[{"boolValue":true}]}}]}}', [1, null, [true]]],
    ['{"kvlistValue":{"values":[]}}', {}],
    ['{"kvlistValue":{"values":[{"key":"a","value":{"intValue":1}},{"key":"b"}]}}', { a: 1, b: null }],
    ['{"stringValue":"first","intValue":"2"}', 2],
    ['{"intValue":"2","stringValue":null}', 2],
  ])('%j', (text, value) => {
    expect(theValue(text)).toEqual(value);
    // The same as an attribute, the first and a later one.
    const attribute = `{"key":"k","value":${text}}`;
    expect(
      theLog(`{"attributes":[${attribute},{"key":"z","value":{"stringValue":"z"}},${attribute}]}`).attributes,
    ).toEqual([
      ['k', value],
      ['z', 'z'],
      ['k', value],
    ]);
  });

  it.each([
    '1',
    '"text"',
    '[]',
    '{"stringValue":1}',
    '{"stringValue":"\\x"}',
    '{"stringValue":"\\u12"}',
    '{"boolValue":"true"}',
    '{"boolValue":1}',
    '{"intValue":1.5}',
    '{"intValue":"x"}',
    '{"intValue":""}',
    '{"intValue":"NaN"}',
    '{"intValue":01e}',
    '{"intValue":true}',
    '{"intValue":"9223372036854775808"}',
    '{"intValue":1e300}',
    '{"doubleValue":"one"}',
    '{"doubleValue":NaN}',
    '{"doubleValue":0x10}',
    '{"doubleValue":[]}',
    '{"bytesValue":"*"}',
    '{"bytesValue":"A"}',
    '{"arrayValue":[]}',
    '{"arrayValue":{"values":{}}}',
    '{"kvlistValue":{"values":[1]}}',
    '{"kvlistValue":{"values":[{"key":1}]}}',
  ])('%s is refused once it is read', (text) => {
    const log = theLog(`{"body":${text}}`);
    expect(() => log.body).toThrow(OtlpDecodeError);
    const attributes = theLog(`{"attributes":[{"key":"z","value":{"stringValue":"z"}},{"key":"k","value":${text}}]}`);
    expect(() => attributes.attributes).toThrow(OtlpDecodeError);
  });

  it('keeps every key of a list of pairs, under any name', () => {
    const value = theValue(`{"kvlistValue":{"values":[{"key":"__proto__","value":{"intValue":1}},
      {"key":"a","value":{"intValue":2}},{"key":"a","value":{"intValue":3}},{"key":"constructor","value":{"intValue":4}}]}}`);
    expect(Object.entries(value as object)).toEqual([
      ['__proto__', 1],
      ['a', 2],
      ['a#2', 3],
      ['constructor', 4],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('replaces bytes that are not UTF-8', () => {
    const before = utf8.encode('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a');
    const after = utf8.encode('z"}}]}]}]}');
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]]) {
      const [log] = read('logs', new Uint8Array([...before, ...bytes, ...after]));
      const body = (log as LogRecord).body as string;
      expect(body).toMatch(/^a\uFFFD+z$/);
      expect(body.isWellFormed()).toBe(true);
    }
  });
});

describe('a span in JSON', () => {
  it('has all of its fields', () => {
    const span = theSpan(`{"traceId":"0AF7651916CD43DD8448EB211C80319C","spanId":"B7AD6B7169203331","parentSpanId":"",
      "flags":257,"traceState":"","links":[{"traceId":"x","attributes":[]}],"name":"exec_command","kind":3,
      "startTimeUnixNano":"10","endTimeUnixNano":20,"droppedEventsCount":0,
      "status":{"code":2,"message":"refused"},"attributes":[{"key":"a","value":{"boolValue":false}}],
      "events":[{"name":"e","timeUnixNano":"11","attributes":[{"key":"b","value":{"intValue":1}}]},{}]}`);
    expect(span).toMatchObject({
      signal: 'span',
      name: 'exec_command',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      parentSpanId: undefined,
      kind: 3,
      startTimeUnixNano: '10',
      endTimeUnixNano: '20',
      statusCode: 2,
      statusMessage: 'refused',
      attributes: [['a', false]],
      events: [
        { name: 'e', timeUnixNano: '11', attributes: [['b', 1]] },
        { name: '', timeUnixNano: undefined, attributes: [] },
      ],
    });
  });

  it('accepts enums by name', () => {
    expect(theSpan('{"kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"}}')).toMatchObject({
      kind: 3,
      statusCode: 2,
      statusMessage: '',
    });
  });

  it('has defaults for all that is absent or null', () => {
    const empty = {
      name: '',
      kind: 0,
      statusCode: 0,
      statusMessage: '',
      events: [],
      attributes: [],
      traceId: undefined,
    };
    expect(theSpan('{}')).toMatchObject(empty);
    expect(theSpan('{"name":null,"kind":null,"status":null,"events":null}')).toMatchObject(empty);
    expect(theSpan('{"status":{}}').statusCode).toBe(0);
  });
});

describe('a data point in JSON', () => {
  it.each([
    ['gauge', '{"asDouble":0.5}', { value: 0.5, count: 1 }],
    ['sum', '{"asInt":187}', { value: 187, count: 1 }],
    ['sum', '{"asInt":"187","asDouble":null}', { value: 187, count: 1 }],
    ['sum', '{"asDouble":"NaN"}', { value: NaN, count: 1 }],
    ['gauge', '{}', { value: 0, count: 1 }],
    [
      'histogram',
      '{"count":2,"sum":7.5,"min":1,"bucketCounts":["1",1],"explicitBounds":[1]}',
      { value: 7.5, count: 2 },
    ],
    ['histogram', '{"count":"2"}', { value: 0, count: 2 }],
    ['exponentialHistogram', '{"count":"3","sum":1,"scale":2,"positive":{}}', { value: 1, count: 3 }],
    ['exponential_histogram', '{"count":"3","sum":1}', { type: 'exponentialHistogram', count: 3 }],
    ['summary', '{"count":"3","sum":1,"quantileValues":[{"quantile":0.5,"value":1}]}', { value: 1, count: 3 }],
  ])('of a %s: %s', (type, point, expected) => {
    expect(thePoint(type, point)).toMatchObject({ name: 'm', unit: '', temporality: 0, ...expected });
  });

  it('has its time and temporality', () => {
    const point = thePoint('sum', '{"timeUnixNano":"2","start_time_unix_nano":"1"}', '"aggregationTemporality":2,');
    expect(point).toMatchObject({ timeUnixNano: '2', startTimeUnixNano: '1', temporality: 2 });
    expect(thePoint('sum', '{}', '"aggregation_temporality":"AGGREGATION_TEMPORALITY_DELTA",').temporality).toBe(1);
  });

  it('is counted once for each point of each metric', () => {
    const metrics =
      '{"name":"a","gauge":{"data_points":[{},{}]}},{"name":"b"},{"name":"c","sum":null},{"sum":{"dataPoints":[{}]}}';
    const records = read('metrics', `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${metrics}]}]}]}`);
    expect(records.map((record) => record.name)).toEqual(['a', 'a', '']);
  });
});
