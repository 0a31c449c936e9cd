/** For tests: records with the attributes that a test is about. */
import type { AnyValue, Attributes, LogRecord, SpanRecord } from '../../../schemas/otlp/record.ts';

export type Values = Readonly<Record<string, AnyValue>>;

function shared(scope: string, attributes: Attributes, resource: Values) {
  return {
    resource: { attributes: Object.entries(resource), bytes: new Uint8Array() },
    scope: { name: scope, version: '' },
    bytes: new Uint8Array(),
    attributes,
    peek: (key: string): string | undefined => {
      const found = attributes.find(([name]) => name === key)?.[1];
      return typeof found === 'string' ? found : undefined;
    },
  };
}

export function madeLog(scope: string, values: Values, resource: Values = {}): LogRecord {
  return {
    ...shared(scope, Object.entries(values), resource),
    signal: 'log',
    name: '',
    timeUnixNano: undefined,
    observedTimeUnixNano: '1795500000000000000',
    severityNumber: 9,
    body: null,
    traceId: undefined,
    spanId: undefined,
  };
}

export function madeSpan(
  scope: string,
  name: string,
  values: Values,
  more: Partial<SpanRecord> = {},
  resource: Values = { 'service.name': 'my-agent' },
): SpanRecord {
  return {
    ...shared(scope, Object.entries(values), resource),
    signal: 'span',
    name,
    traceId: '5b8aa5a2d2c872e8321cf37308d69df2',
    spanId: '00f067aa0ba902b7',
    parentSpanId: undefined,
    kind: 1,
    startTimeUnixNano: '1795500000000000000',
    endTimeUnixNano: '1795500000005000000',
    statusCode: 0,
    statusMessage: '',
    events: [],
    ...more,
  };
}
