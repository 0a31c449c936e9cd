/** Real connections to both doors, as many as one address or one sender may have and one more. */
import { afterEach, describe, expect, it } from '@jest/globals';
import * as grpc from '@grpc/grpc-js';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { type Socket, connect } from 'node:net';
import { listen } from '../../platform/http/listen.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { newToken } from '../../access/tokens/token.ts';
import { grpcClient } from '../../test/support/grpc.ts';
import { TEST_LIMITS, type TestReceiver, createTestReceiver } from '../../test/support/receiver.ts';
import { until } from '../../test/support/until.ts';
import type { Door } from '../doors/door.ts';
import { createGrpcDoor } from '../doors/grpc.ts';
import { createHttpDoor } from '../doors/http.ts';
import { type Connection, createConnections } from './connections.ts';

let door: Door;
let port: number;
let test: TestReceiver;
const ends: (() => void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await door.stop();
});

async function start(protocol: 'http' | 'grpc', perAddress: number, perSender: number): Promise<void> {
  test = createTestReceiver(TEST_LIMITS, { perAddress, perSender });
  door = protocol === 'http' ? createHttpDoor({ ...test, ready: () => Promise.resolve() }) : createGrpcDoor(test);
  port = await listen(door.server, { host: '127.0.0.1', port: 0, purpose: 'OTLP', setting: 'none' });
}
/** Without a word. */
async function hold(count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  for (const socket of sockets) ends.push(() => socket.destroy());
  const standing = async (): Promise<number> =>
    Number(/collector_connections\{.*\} (\d+)/.exec(await test.metrics.exposition())?.[1]);
  const before = count;
  await until('they stand', async () => (await standing()) >= before);
  return sockets;
}
/** Sends on a separate kept-alive connection, as an agent does. */
function agent(
  token?: string,
): () => Promise<{ readonly status: number | undefined; readonly headers: IncomingHttpHeaders }> {
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  ends.push(() => kept.destroy());
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return () =>
    new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path: '/v1/logs', method: 'POST', headers, agent: kept },
        (response) => {
          response.resume().once('end', () => resolve({ status: response.statusCode, headers: response.headers }));
        },
      );
      sent.once('error', reject);
      sent.end('{}');
    });
}
const refusedOf = async (limit: string): Promise<number> =>
  Number(
    new RegExp(`collector_connections_refused_total\\{.*limit="${limit}"\\} (\\d+)`).exec(
      await test.metrics.exposition(),
    )?.[1] ?? 0,
  );

describe('one address', () => {
  it('has as many as it may; one more is asked to retry, closed, counted, and accepted when there is room', async () => {
    await start('http', 3, 100);
    const [first] = await hold(3);
    const send = agent();
    const answer = await send();
    expect([answer.status, answer.headers['retry-after'], answer.headers.connection]).toEqual([503, '1', 'close']);
    expect(test.taken).toEqual([]);
    expect(await refusedOf('address')).toBe(1);
    expect(await test.metrics.exposition()).toMatch(
      /collector_refusals_total\{.*reason="busy_connections_address"\} 1/,
    );
    first?.destroy();
    await until('there is room', async () => (await send()).status === 200);
  });

  it('may have a few refused connections with an answer; more get none', async () => {
    await start('http', 1, 100);
    await hold(1);
    const surplus = Array.from({ length: 60 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    for (const socket of surplus) ends.push(() => socket.destroy());
    await until('those beyond are closed', () => surplus.filter((socket) => socket.closed).length >= 28);
    expect(surplus.filter((socket) => socket.closed).length).toBeLessThanOrEqual(60);
    expect(await refusedOf('address')).toBe(60);
    // Silent connections are also closed soon.
    await until('all are closed', () => surplus.every((socket) => socket.closed));
  });

  it('gets UNAVAILABLE with RetryInfo by gRPC', async () => {
    await start('grpc', 1, 100);
    const [held] = await hold(1);
    const client = grpcClient(`127.0.0.1:${port}`, {});
    ends.push(() => client.close());
    const refused = await client.send('logs', new Uint8Array()).then(
      () => undefined,
      (error: unknown) => error as grpc.ServiceError,
    );
    expect([refused?.code, refused?.details]).toEqual([
      grpc.status.UNAVAILABLE,
      'this address has too many connections at this moment',
    ]);
    expect(refused?.metadata.get('grpc-status-details-bin')).toHaveLength(1);
    held?.destroy();
    await until('there is room', () =>
      client.send('logs', new Uint8Array()).then(
        () => true,
        () => false,
      ),
    );
  });

  it('is a network of 64 bits where it is IPv6, and IPv4 in any form', () => {
    const at = (remoteAddress: string, remotePort: number) =>
      ({ remoteAddress, remotePort, once: () => undefined, destroy: () => undefined }) as unknown as Socket;
    const refusals = (addresses: readonly string[]): number => {
      const connections = createConnections({
        protocol: 'http',
        limits: { perAddress: 1, perSender: 9 },
        metrics: createMetrics(),
      });
      let listener: (socket: Socket) => void = () => undefined;
      connections.watch({
        on: (event: string, handler: typeof listener) => event === 'connection' && (listener = handler),
      } as never);
      const sockets = addresses.map((address, index) => at(address, index + 1));
      for (const socket of sockets) listener(socket);
      return sockets.filter((socket) => connections.objectionTo(socket as Connection) !== undefined).length;
    };
    expect(refusals(['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1'])).toBe(1);
    expect(refusals(['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.2'])).toBe(1);
    expect(refusals(['::1', '::1', 'fe80::1'])).toBe(1);
  });
});

describe('one sender', () => {
  it('has as many as it may, and leaves those of others alone', async () => {
    await start('http', 100, 2);
    const made = newToken();
    test.clients = [
      {
        tenant: 'acme',
        sender: 'ci',
        use: 'telemetry',
        credentials: [{ kind: 'token', id: made.id, sha256: made.sha256, createdAt: 0 }],
      },
    ];
    const own = [agent(made.token), agent(made.token)];
    for (const send of [...own, ...own]) expect((await send()).status).toBe(200);
    const third = await agent(made.token)();
    expect([third.status, third.headers['retry-after'], third.headers.connection]).toEqual([503, '1', 'close']);
    expect((await agent('secret')()).status).toBe(200);
    expect((await agent()()).status).toBe(200);
    expect((await own[0]?.())?.status).toBe(200);
    expect(await refusedOf('sender')).toBe(1);
  });
});
