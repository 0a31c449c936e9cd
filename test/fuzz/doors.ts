/**
 * Inputs through a collector that runs as its users' does, by OTLP/HTTP and OTLP/gRPC: whole, compressed, cut off, framed wrongly,
 * under wrong names. Each answer must be OTLP's, none a fault of the collector; it lives, keeps its memory bounded, and its
 * ledger adds up.
 */
import { until } from '../support/until.ts';
import type { Input } from './split.ts';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { METHOD } from '../support/grpc.ts';
import { type Process, freePort, run } from '../support/programs/vigil.ts';
import { problemWithAnswer } from './answers.ts';
import { type Pick, pickFrom } from './inputs.ts';
import type { Random } from '../support/telemetry/mutate.ts';

/** Statuses that tell a sender something; 500 is a fault of ours. */
const HTTP_STATUSES = new Set([200, 400, 404, 405, 408, 413, 415, 429, 503]);
const GRPC_FAULTS = new Set(['2', '13']);
/** HTTP/2 error codes: PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, ENHANCE_YOUR_CALM. */
const FAULT_RESETS = new Set([1, 2, 3, 11]);
const ANSWER_MS = 60_000;

export interface Doors {
  /** @returns what is wrong with the answer, or undefined */
  send(input: Input): Promise<string | undefined>;
  /** Anonymous memory of the collector (MiB). */
  memoryMiB(): number;
  /** Ends it. @returns what is wrong with the end or with the ledger, or undefined */
  finish(): Promise<string | undefined>;
}

export async function openDoors(random: Random): Promise<Doors> {
  const data = mkdtempSync(join(tmpdir(), 'vigil-fuzz-'));
  const [port, grpcPort] = [await freePort(), await freePort()];
  const environment = {
    VIGIL_DATA: data,
    VIGIL_OTLP_PORT: String(port),
    VIGIL_OTLP_GRPC_PORT: String(grpcPort),
    VIGIL_LOG_LEVEL: 'error',
  };
  const collector = run(['collector'], environment);
  const otlp = `http://127.0.0.1:${port}`;
  await until('the collector listens', () =>
    fetch(`${otlp}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const pick = pickFrom(random);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let session: ClientHttp2Session | undefined;
  const sessionNow = (): ClientHttp2Session => {
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(`http://127.0.0.1:${grpcPort}`);
      session.on('error', () => undefined);
    }
    return session;
  };
  return {
    send: async (input) => {
      if (collector.child.exitCode !== null) return `the collector ended: ${collector.output().slice(-2_000)}`;
      return random() < 0.5 ? sendHttp(agent, port, input, random, pick) : sendGrpc(sessionNow(), input, random, pick);
    },
    memoryMiB: () => anonymousMiB(collector),
    finish: async () => {
      const wrong = await ledgerProblem(otlp);
      agent.destroy();
      session?.destroy();
      collector.child.kill('SIGTERM');
      const code = await collector.ended();
      rmSync(data, { recursive: true, force: true });
      return (
        wrong ??
        (code === 0 && collector.output() === ''
          ? undefined
          : `it ended with ${String(code)}: ${collector.output().slice(0, 2_000)}`)
      );
    },
  };
}

function sendHttp(agent: Agent, port: number, input: Input, random: Random, pick: Pick): Promise<string | undefined> {
  const { signal, encoding, body } = input;
  const type = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
  const [name, sent] = compressed(body, random, pick);
  const headers: Record<string, string> = {
    'content-type':
      random() < 0.02 ? pick(['text/plain', '', 'application/json; charset=utf-16', 'application/x-protobuf;x']) : type,
    ...(name === undefined ? {} : { 'content-encoding': name }),
    ...(random() < 0.1 ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(sent.length) }),
  };
  const path = random() < 0.01 ? pick(['/', '/v1', '/v1/nothing', '/v1/logs/', '/v1/logs?x=1']) : `/v1/${signal}`;
  const cutAt = random() < 0.01 ? Math.floor(random() * sent.length) : undefined;
  return new Promise((resolve) => {
    const request = httpRequest({
      agent,
      host: '127.0.0.1',
      port,
      path,
      method: random() < 0.005 ? 'PUT' : 'POST',
      headers,
    });
    request.setTimeout(ANSWER_MS, () => {
      resolve('no answer came');
      request.destroy();
    });
    // A request that is cut off, or rejected before it was sent completely, needs no answer.
    request.on('error', () => resolve(undefined));
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', () => resolve(undefined));
      response.on('end', () => {
        const { statusCode = 0 } = response;
        const contentType = String(response.headers['content-type']);
        const as = contentType.startsWith('application/json')
          ? 'json'
          : contentType === 'application/x-protobuf'
            ? 'protobuf'
            : undefined;
        if (!HTTP_STATUSES.has(statusCode)) resolve(`status ${statusCode}`);
        else if (as === undefined) resolve(`status ${statusCode} with an answer in ${contentType}`);
        else resolve(problemWithAnswer(as, statusCode === 200, Buffer.concat(parts)));
      });
    });
    if (cutAt === undefined) request.end(sent);
    else request.write(sent.subarray(0, cutAt), () => setImmediate(() => request.destroy(new Error('cut off'))));
  });
}

async function sendGrpc(session: ClientHttp2Session, { signal, body }: Input, random: Random, pick: Pick) {
  const [name, sent] = compressed(body, random, pick);
  const flag = random() < 0.02 ? Math.floor(random() * 256) : name === undefined ? 0 : 1;
  const length = random() < 0.02 ? Math.floor(random() * 2 ** 32) : sent.length;
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length, 1);
  const whole = Buffer.concat([head, sent, ...(random() < 0.01 ? [head, sent] : [])]);
  const framed = random() < 0.02 ? whole.subarray(0, Math.floor(random() * whole.length)) : whole;
  const headers: Record<string, string> = {
    ':method': 'POST',
    ':path': random() < 0.01 ? '/nothing/Export' : METHOD[signal],
    'content-type': random() < 0.01 ? pick(['application/grpc-web', 'application/json']) : 'application/grpc',
    te: 'trailers',
    ...(name === undefined || random() < 0.02 ? {} : { 'grpc-encoding': name }),
  };
  const stream = session.request(headers);
  stream.on('error', () => undefined);
  const answer: Record<string, unknown> = {};
  stream.on('response', (received) => Object.assign(answer, received));
  stream.on('trailers', (received: object) => Object.assign(answer, received));
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  const timer = setTimeout(() => {
    answer['late'] = true;
    stream.close();
  }, ANSWER_MS);
  if (random() < 0.005) stream.close(8);
  else stream.end(framed);
  await new Promise((resolve) => stream.once('close', resolve));
  clearTimeout(timer);
  if (answer['late'] === true) return 'no answer came';
  const status = answer['grpc-status'] as string | undefined;
  if (FAULT_RESETS.has(stream.rstCode)) return `the call was reset with code ${stream.rstCode}`;
  // Reset by the sender, or another media type.
  if (status === undefined) return answer[':status'] === 500 ? 'status 500' : undefined;
  if (GRPC_FAULTS.has(status)) return `grpc-status ${status}: ${String(answer['grpc-message'])}`;
  if (!/^\d+$/.test(status)) return `grpc-status ${status}`;
  return status === '0' ? problemWithAnswer('protobuf', true, Buffer.concat(parts).subarray(5)) : undefined;
}

/** As it is, mostly; else as some coding says, rightly or wrongly. */
function compressed(body: Buffer, random: Random, pick: Pick): readonly [name: string | undefined, body: Buffer] {
  const chance = random();
  if (chance < 0.7) return [undefined, body];
  if (chance < 0.85) return ['gzip', gzipSync(body)];
  if (chance < 0.9) return ['deflate', deflateSync(body)];
  if (chance < 0.95) return ['gzip', gzipSync(body).subarray(0, Math.floor(random() * body.length))];
  return [pick(['gzip', 'br', 'identity', 'zstd', 'x']), body];
}

function anonymousMiB({ child }: Process): number {
  const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) / 1024;
}

async function ledgerProblem(otlp: string): Promise<string | undefined> {
  const text = await (await fetch(`${otlp}/metrics`)).text();
  const off = [...text.matchAll(/^collector_ledger_imbalance_records\{[^}]*\} (\S+)/gm)].filter(([, n]) => n !== '0');
  return off.length === 0 ? undefined : `the ledger is out of balance: ${off.map(([line]) => line).join('; ')}`;
}
