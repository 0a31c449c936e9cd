import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as grpc from '@grpc/grpc-js';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ServerHttp2Session,
  type OutgoingHttpHeaders,
  connect,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { listen } from '../../platform/http/listen.ts';
import { newToken } from '../../access/tokens/token.ts';
import { ShellError } from '../../platform/shell-error.ts';
import { METHOD, grpcClient } from '../../test/support/grpc.ts';
import { TEST_LIMITS, type TestReceiver, createTestReceiver } from '../../test/support/receiver.ts';
import type { Door } from './door.ts';
import { frameMessage } from './grpc-message.ts';
import { type GrpcDeps, createGrpcDoor } from './grpc.ts';
import { createHttpDoor } from './http.ts';
import type { OtlpSignal } from '../../schemas/otlp/request.ts';
import { bytesField, concat, varintField } from '../otlp/test-support/encoder.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'agents', 'claude-code', 'captures', 'hello-grpc');
const capture = (file: string): Buffer => readFileSync(join(CAPTURES, file));

/** A request of two log records, and one of the same with spaces' worth of padding in an unknown field. */
const LOGS = bytesField(1, bytesField(2, concat(bytesField(2, ''), bytesField(2, ''))));
const padded = (bytes: number): Buffer => Buffer.from(concat(LOGS, bytesField(99, '\0'.repeat(bytes))));

let test: TestReceiver;
let door: Door;
let port: number;
let session: ClientHttp2Session;
const closing: { close(): void }[] = [];

async function start(limits = TEST_LIMITS, times: Pick<GrpcDeps, 'timeoutMs' | 'idleMs'> = {}): Promise<void> {
  test = createTestReceiver(limits);
  door = createGrpcDoor({ ...test, ...times });
  port = await listen(door.server, { host: '127.0.0.1', port: 0, purpose: 'OTLP/gRPC', setting: 'none' });
  session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  closing.push(session);
}
beforeEach(() => start());
afterEach(async () => {
  for (const each of closing.splice(0)) each.close();
  await door.stop();
});

function client(options: grpc.ChannelOptions = {}) {
  const made = grpcClient(`127.0.0.1:${port}`, options);
  closing.push(made);
  return made;
}

interface Answer {
  readonly status: number | undefined;
  readonly message: string;
  readonly details: Buffer | undefined;
}

/** A call as its bytes are; `frames` undefined leaves it open after the headers. */
async function call(frames: Uint8Array | undefined, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': METHOD.logs,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  if (frames !== undefined) stream.end(frames);
  const told: Record<string, unknown> = {};
  stream.on('response', (received) => Object.assign(told, received));
  stream.on('trailers', (received: object) => Object.assign(told, received));
  stream.resume();
  await once(stream, 'close');
  const details = told['grpc-status-details-bin'] as string | undefined;
  return {
    status: told['grpc-status'] === undefined ? undefined : Number(told['grpc-status']),
    message: decodeURIComponent((told['grpc-message'] as string | undefined) ?? ''),
    details: details === undefined ? undefined : Buffer.from(details, 'base64'),
  };
}

const counted = async (status: string, signal: OtlpSignal = 'logs'): Promise<number> => {
  const pattern = new RegExp(
    `^collector_requests_total\\{protocol="grpc",signal="${signal}",status="${status}"\\} (\\d+)$`,
    'm',
  );
  return Number(pattern.exec(await test.metrics.exposition())?.[1] ?? 0);
};
describe('the OTLP/gRPC receiver', () => {
  it.each<[OtlpSignal, string, number]>([
    ['traces', '001.traces.grpc', 6],
    ['logs', '002.logs.grpc', 10],
    ['metrics', '003.metrics.grpc', 7],
  ])('takes captured %s as they came, and from a client of its own', async (signal, file, records) => {
    expect(await call(capture(file), { ':path': METHOD[signal] })).toMatchObject({ status: 0 });
    expect(await client().send(signal, capture(file).subarray(5))).toEqual(Buffer.alloc(0));
    const taken = { origin: { tenant: 'default', sender: 'local' }, signal, records };
    expect(test.taken).toEqual([taken, taken]);
    expect(await counted('OK', signal)).toBe(2);
  });

  it('goes on with a connection on which many large calls were refused before they had been read', async () => {
    const large = frameMessage(padded(100_000));
    for (let round = 0; round < 30; round += 1)
      await Promise.all(
        Array.from({ length: 16 }, async () =>
          expect(await call(large, { ':path': '/nothing/Export' })).toMatchObject({ status: 12 }),
        ),
      );
    expect(await call(frameMessage(LOGS))).toMatchObject({ status: 0 });
    expect([session.closed, session.destroyed]).toEqual([false, false]);
  });

  it('tells exactly how many records it rejected', async () => {
    test.outcome = () => Promise.resolve({ rejected: 2, message: '2 missing_session' });
    expect(await client().send('logs', LOGS)).toEqual(
      Buffer.from(bytesField(1, concat(varintField(1, 2), bytesField(2, '2 missing_session')))),
    );
  });

  it.each([
    ['gzip', grpc.compressionAlgorithms.gzip],
    ['deflate', grpc.compressionAlgorithms.deflate],
  ])('takes %s', async (_name, algorithm) => {
    const sender = client({ 'grpc.default_compression_algorithm': algorithm });
    await sender.send('logs', padded(15_000));
    expect(test.taken).toMatchObject([{ records: 2 }]);
    const bytes = /^collector_request_bytes_total\{protocol="grpc",signal="logs"\} (\d+)$/m;
    expect(Number(bytes.exec(await test.metrics.exposition())?.[1])).toBeLessThan(1_000);
  });

  it('takes a message cut anywhere into frames', async () => {
    const whole = frameMessage(LOGS);
    for (let at = 1; at < whole.length; at += 1) {
      const stream = session.request({
        ':method': 'POST',
        ':path': METHOD.logs,
        'content-type': 'application/grpc+proto',
      });
      stream.write(whole.subarray(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      stream.end(whole.subarray(at));
      stream.resume();
      await once(stream, 'close');
    }
    expect(await counted('OK')).toBe(whole.length - 1);
  });

  it('accepts many concurrent calls on one connection', async () => {
    await door.stop();
    await start({ ...TEST_LIMITS, inflightBytes: 10_000_000 });
    test.outcome = () => new Promise((resolve) => setTimeout(resolve, 5, { rejected: 0, message: '' }));
    const sender = client();
    await Promise.all(Array.from({ length: 300 }, () => sender.send('logs', padded(9_000))));
    expect(test.taken).toHaveLength(300);
  });

  it('gives a known credential its tenant and sender', async () => {
    await client().send('logs', LOGS, { authorization: 'Bearer secret' });
    expect(test.taken[0]?.origin).toEqual({ tenant: 'acme', sender: 'laptop' });
  });

  const { INVALID_ARGUMENT, UNAUTHENTICATED, UNIMPLEMENTED } = grpc.status;
  const compressed = (body: Uint8Array): Buffer => {
    const framed = frameMessage(body);
    framed[0] = 1;
    return framed;
  };
  it.each<[string, Uint8Array | undefined, OutgoingHttpHeaders, number, RegExp]>([
    ['what is not OTLP', frameMessage(Buffer.from([0x0a, 0xff])), {}, INVALID_ARGUMENT, /at byte|varint|length/],
    [
      'a request of another signal',
      frameMessage(capture('001.traces.grpc').subarray(5)),
      {},
      INVALID_ARGUMENT,
      /wire type/,
    ],
    ['no message', Buffer.alloc(0), {}, INVALID_ARGUMENT, /without a message/],
    [
      'half a message',
      frameMessage(LOGS).subarray(0, 8),
      {},
      INVALID_ARGUMENT,
      /ends inside its message, after 8 bytes/,
    ],
    [
      'half a length',
      frameMessage(LOGS).subarray(0, 3),
      {},
      INVALID_ARGUMENT,
      /ends inside its message, after 3 bytes/,
    ],
    ['two messages', concat(frameMessage(LOGS), frameMessage(LOGS)), {}, INVALID_ARGUMENT, /more than one message/],
    ['unknown flags', Buffer.from([2, 0, 0, 0, 0]), {}, INVALID_ARGUMENT, /flags/],
    ['a message above the limit', frameMessage(padded(10_000)), {}, INVALID_ARGUMENT, /larger than 10000 bytes/],
    [
      'a length above the limit of what never comes',
      Buffer.from([0, 0x7f, 0, 0, 0]),
      {},
      INVALID_ARGUMENT,
      /larger than 10000 bytes/,
    ],
    [
      'a message that swells above the limit',
      compressed(gzipSync(padded(1_000_000))),
      { 'grpc-encoding': 'gzip' },
      INVALID_ARGUMENT,
      /larger than 20000 bytes/,
    ],
    ['what is not gzip', compressed(LOGS), { 'grpc-encoding': 'gzip' }, INVALID_ARGUMENT, /not valid gzip/],
    ['what does not say how it is compressed', compressed(gzipSync(LOGS)), {}, INVALID_ARGUMENT, /grpc-encoding/],
    ['another compression', compressed(LOGS), { 'grpc-encoding': 'snappy' }, UNIMPLEMENTED, /not by "snappy"/],
    ['an unknown credential', frameMessage(LOGS), { authorization: 'Bearer wrong' }, UNAUTHENTICATED, /credential/],
    [
      'an unknown credential before its message is there',
      undefined,
      { authorization: 'Bearer wrong' },
      UNAUTHENTICATED,
      /credential/,
    ],
    [
      'an unknown service',
      frameMessage(LOGS),
      { ':path': '/grpc.health.v1.Health/Check' },
      UNIMPLEMENTED,
      /LogsService\/Export/,
    ],
    ['an unknown method', frameMessage(LOGS), { ':path': `${METHOD.logs}2` }, UNIMPLEMENTED, /LogsService\/Export/],
  ])('refuses %s for good', async (_what, frames, headers, status, message) => {
    expect(await call(frames, headers)).toEqual({
      status,
      message: expect.stringMatching(message),
      details: undefined,
    });
    // The connection stays open.
    const before = test.taken.length;
    expect(await call(frameMessage(LOGS))).toMatchObject({ status: 0 });
    expect(test.taken).toHaveLength(before + 1);
    expect(test.taken.filter(({ records }) => records !== 2)).toEqual([]);
  });

  it('tells a library’s client of a refusal while it is still sending', async () => {
    const sender = client();
    for (let round = 0; round < 20; round += 1) {
      await expect(sender.send('logs', padded(3_000_000))).rejects.toMatchObject({ code: INVALID_ARGUMENT });
      await expect(sender.send('logs', padded(3_000_000), { authorization: 'Bearer wrong' })).rejects.toMatchObject({
        code: UNAUTHENTICATED,
      });
    }
    await sender.send('logs', LOGS);
  });

  it('answers 415 to a request that is not gRPC', async () => {
    const stream = session.request({ ':method': 'POST', ':path': METHOD.logs, 'content-type': 'application/json' });
    stream.end('{}');
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(headers[':status']).toBe(415);
    const socket = connectSocket(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket.resume(), 'close');
    expect(await call(frameMessage(LOGS))).toMatchObject({ status: 0 });
    expect(test.errors).toEqual([]);
  });

  it('refuses a header above its limit, and continues', async () => {
    await expect(client().send('logs', LOGS, { note: 'x'.repeat(20_000) })).rejects.toMatchObject({
      code: expect.any(Number) as unknown,
    });
    expect(test.taken).toEqual([]);
    await client().send('logs', LOGS, { note: 'x'.repeat(10_000) });
    expect(test.taken).toHaveLength(1);
  });

  it('asks the sender to retry, and says when, while it has no room and when the disk fails', async () => {
    const { UNAVAILABLE } = grpc.status;
    const retryInfo = (message: string): Buffer =>
      Buffer.from(
        concat(
          varintField(1, UNAVAILABLE),
          bytesField(2, message),
          bytesField(
            3,
            concat(
              bytesField(1, 'type.googleapis.com/google.rpc.RetryInfo'),
              bytesField(2, bytesField(1, varintField(1, 1))),
            ),
          ),
        ),
      );
    test.refusal = 'der Spool ist voll: 100 % “belegt”';
    await expect(client().send('logs', LOGS)).rejects.toMatchObject({ code: UNAVAILABLE, details: test.refusal });
    expect(await call(frameMessage(LOGS))).toEqual({
      status: UNAVAILABLE,
      message: test.refusal,
      details: retryInfo(test.refusal),
    });
    test.refusal = undefined;
    test.outcome = () => Promise.reject(new ShellError('SPOOL_FAILED', 'no space left', { retryable: true }));
    expect(await call(frameMessage(LOGS))).toEqual({
      status: UNAVAILABLE,
      message: 'no space left',
      details: retryInfo('no space left'),
    });
    expect(await counted('UNAVAILABLE')).toBe(3);
  });

  it('does not reveal its own faults', async () => {
    test.outcome = () => Promise.reject(new Error('secret detail'));
    await expect(client().send('logs', LOGS)).rejects.toMatchObject({ code: 13, details: 'internal error' });
    expect(test.errors).toEqual(['request failed']);
  });

  it('counts a sender that disconnects mid-request, and releases its memory, without an error', async () => {
    let stream: ClientHttp2Stream | undefined;
    for (const [index, hangUp] of [(): void => stream?.close(8), (): void => session.destroy()].entries()) {
      const arrived = once(door.server, 'stream');
      stream = session.request({ ':method': 'POST', ':path': METHOD.logs, 'content-type': 'application/grpc' });
      stream.on('error', () => undefined);
      stream.write(frameMessage(padded(9_500)).subarray(0, 9_000));
      await arrived;
      await new Promise((resolve) => setTimeout(resolve, 20));
      hangUp();
      while ((await counted('CANCELLED')) <= index) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect([test.errors, test.taken]).toEqual([[], []]);
  });

  it('reports the retry time to a sender over its quota', async () => {
    const token = newToken();
    test.clients = [
      {
        tenant: 'acme',
        sender: 'phone',
        use: 'telemetry',
        quota: { requestsPerMinute: 1 },
        credentials: [{ kind: 'token', createdAt: 0, ...token }],
      },
    ];
    const authorization = `Basic ${Buffer.from(`phone:${token.token}`).toString('base64')}`;
    expect(await call(frameMessage(LOGS), { authorization })).toMatchObject({ status: 0 });
    const over = await call(frameMessage(LOGS), { authorization });
    expect(over).toMatchObject({
      status: grpc.status.RESOURCE_EXHAUSTED,
      message: 'the sender has used up its 1 requests per minute',
    });
    // RetryInfo of retry_delay 1, a Duration of seconds 1: as long as it takes, not the second of other refusals.
    const delay = over.details?.at(-1) ?? 0;
    expect([over.details?.toString('latin1'), delay > 1]).toEqual([
      expect.stringContaining('google.rpc.RetryInfo'),
      true,
    ]);
    expect(test.taken).toHaveLength(1);
  });

  it('takes nothing from a page that was led here', async () => {
    expect(await call(frameMessage(LOGS), { ':authority': 'evil.example' })).toMatchObject({
      status: 7,
      message: expect.stringMatching(/"evil\.example" is not a name/) as unknown,
    });
    expect(await call(frameMessage(LOGS), { origin: 'https://evil.example' })).toMatchObject({ status: 7 });
    expect(test.taken).toEqual([]);
  });

  it('lets a stalled sender retry', async () => {
    await door.stop();
    await start(TEST_LIMITS, { timeoutMs: 50 });
    const answer = await new Promise<Answer>((resolve) => void call(undefined).then(resolve));
    expect(answer).toMatchObject({
      status: grpc.status.DEADLINE_EXCEEDED,
      message: expect.stringMatching(/0\.05 seconds/) as unknown,
    });
    expect(answer.details?.toString('latin1')).toContain('google.rpc.RetryInfo');
  });

  it('closes an idle connection without a visible effect for its sender', async () => {
    await door.stop();
    await start(TEST_LIMITS, { idleMs: 50 });
    const open = new Set<ServerHttp2Session>();
    let opened = 0;
    door.server.on('session', (each: ServerHttp2Session) => {
      opened += 1;
      open.add(each);
      each.once('close', () => open.delete(each));
    });
    const sender = client();
    for (let round = 0; round < 3; round += 1) {
      await sender.send('logs', LOGS);
      while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(opened).toBeGreaterThanOrEqual(3);
    expect(test.taken).toHaveLength(3);
  });

  it('holds no more in memory than it may, together with OTLP/HTTP', async () => {
    await door.stop();
    await start({ ...TEST_LIMITS, inflightBytes: 30_000 });
    const http = createHttpDoor({ ...test, ready: () => Promise.resolve() });
    const httpPort = await listen(http.server, { host: '127.0.0.1', port: 0, purpose: 'OTLP', setting: 'none' });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    test.outcome = () => released.then(() => ({ rejected: 0, message: '' }));
    const post = (headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`http://127.0.0.1:${httpPort}/v1/logs`, {
        method: 'POST',
        body: new Uint8Array(padded(9_900)),
        headers: { 'content-type': 'application/x-protobuf', ...headers },
      });
    const held = [post(), post({ authorization: 'Bearer secret' }), client().send('logs', padded(9_900))];
    while (test.taken.length < held.length) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await call(frameMessage(padded(9_900)))).toMatchObject({
      status: 14,
      message: expect.stringMatching(/too many/) as unknown,
    });
    expect((await post()).status).toBe(503);
    release();
    await Promise.all(held);
    expect(await call(frameMessage(padded(9_900)))).toMatchObject({ status: 0 });
    await http.stop();
  });

  it('keeps within its memory limit while it decompresses small messages', async () => {
    await door.stop();
    await start({ ...TEST_LIMITS, inflightBytes: 50_000 });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    test.outcome = () => released.then(() => ({ rejected: 0, message: '' }));
    const sender = client({ 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
    let refused = 0;
    const codeOf = (error: unknown): number => {
      refused += 1;
      return (error as grpc.ServiceError).code;
    };
    const answers = Array.from({ length: 12 }, () => sender.send('logs', padded(15_000)).then(() => 0, codeOf));
    while (refused + test.taken.length < answers.length) await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    const codes = await Promise.all(answers);
    expect(new Set(codes)).toEqual(new Set([0, grpc.status.UNAVAILABLE]));
    expect(codes.filter((code) => code === 0).length).toBeLessThanOrEqual(3);
    await sender.send('logs', padded(15_000));
  });

  it('on stop answers calls in progress, waits for no idle connection, and cuts calls that do not end', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    test.outcome = () => released.then(() => ({ rejected: 0, message: '' }));
    const answer = client().send('logs', LOGS);
    const stalled = call(undefined);
    while (test.taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const stopped = door.stop();
    release();
    expect(await answer).toEqual(Buffer.alloc(0));
    await stopped;
    expect(await stalled).toMatchObject({ status: undefined });
    await expect(client().send('logs', LOGS)).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
    await start();
  });
});
