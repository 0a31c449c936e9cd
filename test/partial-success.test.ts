/** A sender learns how many records of a request could not be decoded, and the others are published. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bytesField, concat, fixed64Field, varintField } from '../collector/otlp/test-support/encoder.ts';
import { type TestCollector, startTestCollector } from './support/collector.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.stop());

const SCOPE = 'com.anthropic.claude_code.events';
const send = async (path: string, type: string, body: string | Uint8Array): Promise<readonly [number, Buffer]> => {
  const response = await fetch(`${collector.otlp}${path}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as string,
  });
  return [response.status, Buffer.from(await response.arrayBuffer())];
};
const jsonLog = (time: string, session: string): string =>
  `{"timeUnixNano":"${time}","attributes":[{"key":"event.name","value":{"stringValue":"api_request"}},{"key":"session.id","value":{"stringValue":"${session}"}}]}`;
const jsonLogs = (...records: readonly string[]): string =>
  `{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"${SCOPE}"},"logRecords":[${records.join()}]}]}]}`;

describe('a request with a malformed record', () => {
  it('in JSON is answered with the number of those rejected', async () => {
    const [status, body] = await send(
      '/v1/logs',
      'application/json',
      jsonLogs(jsonLog('1000000', 'json'), jsonLog('never', 'json'), jsonLog('3000000', 'json')),
    );
    expect([status, JSON.parse(body.toString())]).toEqual([
      200,
      { partialSuccess: { rejectedLogRecords: '1', errorMessage: '1 malformed_record' } },
    ]);
    expect((await collector.events()).filter(({ sessionId }) => sessionId === 'json')).toHaveLength(2);
  });

  it('in protobuf likewise', async () => {
    const pair = (key: string, value: string): Uint8Array =>
      bytesField(6, concat(bytesField(1, key), bytesField(2, bytesField(1, value))));
    const named = concat(pair('event.name', 'api_request'), pair('session.id', 'protobuf'));
    const records = [concat(fixed64Field(1, 1_000_000n), named), concat(varintField(1, 1), named)];
    const group = concat(bytesField(1, bytesField(1, SCOPE)), ...records.map((record) => bytesField(2, record)));
    const [status, body] = await send('/v1/logs', 'application/x-protobuf', bytesField(1, bytesField(2, group)));
    // partial_success 1 { rejected_log_records 1, error_message 2 }
    expect([status, body]).toEqual([
      200,
      Buffer.from(bytesField(1, concat(varintField(1, 1), bytesField(2, '1 malformed_record')))),
    ]);
    expect((await collector.events()).filter(({ sessionId }) => sessionId === 'protobuf')).toHaveLength(1);
  });

  it('counts in the ledger as rejected', async () => {
    expect(await collector.recordsThatAre('rejected')).toBe(2);
    expect(await collector.recordsThatAre('received')).toBe(5);
  });
});

describe('a request that is refused whole', () => {
  it.each([
    ['is no JSON', '/v1/logs', '{"resourceLogs":[', /at byte 17/],
    [
      'is of another signal',
      '/v1/traces',
      jsonLogs(),
      /this is a request of logs, not of traces: send it to \/v1\/logs/,
    ],
  ])('because it %s gets 400 and the reason', async (_what, path, text, message) => {
    const [status, body] = await send(path, 'application/json', text);
    expect([status, JSON.parse(body.toString())]).toEqual([
      400,
      { code: 3, message: expect.stringMatching(message) as unknown },
    ]);
  });
});
