/** OTLP/gRPC through a whole collector: what came by it fares as it would have by HTTP, and is accounted for. */
import { afterEach, expect, it } from '@jest/globals';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesField, concat, fixed64Field, varintField } from '../collector/otlp/test-support/encoder.ts';
import { type TestCollector, startTestCollector } from './support/collector.ts';
import { type GrpcClient, grpcClient } from './support/grpc.ts';

const CAPTURES = join(import.meta.dirname, '..', 'agents', 'claude-code', 'captures', 'hello-grpc');
const FILES = [
  ['traces', '001.traces.grpc'],
  ['logs', '002.logs.grpc'],
  ['metrics', '003.metrics.grpc'],
] as const;
const SIGNALS = FILES.map(([signal, file]) => [signal, readFileSync(join(CAPTURES, file)).subarray(5)] as const);

let collector: TestCollector;
let client: GrpcClient;
async function start(environment = {}): Promise<void> {
  collector = await startTestCollector(false, environment);
  client = grpcClient(collector.grpc);
}
afterEach(async () => {
  client.close();
  await collector.stop();
});

it('gives the events of a captured session, and knows them again when they come by HTTP', async () => {
  await start();
  for (const [signal, body] of SIGNALS) expect(await client.send(signal, body)).toHaveLength(0);
  const events = await collector.events();
  expect(new Set(events.map(({ agentName, sessionId }) => `${agentName}/${sessionId}`)).size).toBe(1);
  const received = await collector.recordsThatAre('received');
  expect([received, await collector.recordsThatAre('rejected'), await collector.recordsThatAre('duplicate')]).toEqual([
    expect.any(Number),
    0,
    0,
  ]);
  for (const [signal, body] of SIGNALS) {
    const answer = await fetch(`${collector.otlp}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(body),
    });
    expect(answer.status).toBe(200);
  }
  expect(await collector.events()).toEqual(events);
  expect(await collector.recordsThatAre('received')).toBe(2 * received);
  expect(await collector.recordsThatAre('duplicate')).toBe(await collector.recordsThatAre('published'));
});

it('tells a sender how many records of a request could not be decoded, and publishes the others', async () => {
  await start();
  const pair = (key: string, value: string): Uint8Array =>
    bytesField(6, concat(bytesField(1, key), bytesField(2, bytesField(1, value))));
  const named = concat(pair('event.name', 'api_request'), pair('session.id', 'grpc'));
  const records = [concat(fixed64Field(1, 1_000_000n), named), concat(varintField(1, 1), named)];
  const scope = bytesField(1, bytesField(1, 'com.anthropic.claude_code.events'));
  const group = concat(scope, ...records.map((record) => bytesField(2, record)));
  expect(await client.send('logs', bytesField(1, bytesField(2, group)))).toEqual(
    Buffer.from(bytesField(1, concat(varintField(1, 1), bytesField(2, '1 malformed_record')))),
  );
  expect(await collector.events()).toHaveLength(1);
  expect(await collector.recordsThatAre('rejected')).toBe(1);
});

it('asks to come again when the spool has no room, and has kept nothing of what it refused', async () => {
  await start({ VIGIL_SPOOL_BYTES: '1' });
  for (const [signal, body] of SIGNALS)
    await expect(client.send(signal, body)).rejects.toMatchObject({
      code: 14,
      details: expect.stringMatching(/^the spool holds/) as unknown,
    });
  expect(await collector.recordsThatAre('received')).toBe(0);
});

it('takes what the OpenTelemetry exporter sends, plain and gzip', async () => {
  await start();
  for (const compression of ['none', 'gzip'] as const) {
    const exporter = new OTLPTraceExporter({ url: `http://${collector.grpc}`, compression: compression as never });
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const span = provider.getTracer('lab').startSpan('chat demo');
    span.setAttributes({
      'gen_ai.operation.name': 'chat',
      'gen_ai.conversation.id': compression,
      'gen_ai.request.model': 'demo',
    });
    span.end();
    await provider.forceFlush();
    await provider.shutdown();
  }
  const events = await collector.events();
  expect(new Set(events.map(({ sessionId }) => sessionId))).toEqual(new Set(['none', 'gzip']));
  expect(await collector.recordsThatAre('received')).toBe(2);
});
