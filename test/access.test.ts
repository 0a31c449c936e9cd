/** Who may send, and how much, at a real Vigil whose collector listens beyond loopback: TLS, tokens, certificates, quotas. */
import { AGENTS } from '../agents/index.ts';
import { until } from './support/until.ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as grpc from '@grpc/grpc-js';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type AnyRequest, type Value, toJson, toProtobuf } from '../collector/otlp/test-support/encoder.ts';
import type { AgentEvent } from '../schemas/records/agent-event.ts';
import { type Authority, type Issued, type Subject, createAuthority } from './support/certificates.ts';
import { grpcClient } from './support/grpc.ts';
import { type Vigil, listAll, run, startVigil } from './support/programs/vigil.ts';

const data = mkdtempSync(join(tmpdir(), 'vigil-access-'));
const files = {
  VIGIL_TLS_CERT: join(data, 'tls.crt'),
  VIGIL_TLS_KEY: join(data, 'tls.key'),
  VIGIL_TLS_CLIENT_CA: join(data, 'ca.crt'),
};
const beyond = { VIGIL_OTLP_HOST: '0.0.0.0', VIGIL_LOG_LEVEL: 'warn' };
const server: Subject = { dns: ['localhost'], ip: ['127.0.0.1'] };

/** What a command prints on standard output; the rest of its words are for people. */
async function tokens(...args: readonly string[]): Promise<Record<string, unknown>> {
  const asked = run(['tokens', ...args, '--json'], { VIGIL_DATA: data });
  const code = await asked.ended();
  if (code !== 0) throw new Error(asked.output());
  return JSON.parse(asked.output()) as Record<string, unknown>;
}

let authority: Authority;
let vigil: Vigil;
let laptop: { token: string; id: string };
function write({ certificate, key }: Issued): void {
  for (const [path, text] of [
    [files.VIGIL_TLS_CERT, certificate],
    [files.VIGIL_TLS_KEY, key],
  ] as const) {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}
beforeAll(async () => {
  authority = await createAuthority();
  write(await authority.issue(server));
  writeFileSync(files.VIGIL_TLS_CLIENT_CA, authority.certificate);
  laptop = (await tokens('create', 'laptop', '--tenant', 'acme', '--actor', 'ada')) as typeof laptop;
  vigil = await startVigil(data, { args: ['--demo'], environment: { ...beyond, ...files } });
}, 120_000);
afterAll(async () => {
  await vigil.stop();
  rmSync(data, { recursive: true, force: true });
}, 60_000);

/** A Claude Code log of one session; a payload may claim anything. */
const text = (string: string): Value => ({ string });
const CLAIMS = ['tenant', 'vigil.tenant', 'sender'].map((key) => [key, text('victim')] as const);
const requestOf = (session: string): AnyRequest => ({
  signal: 'logs',
  groups: [
    {
      resource: [['service.name', text('claude-code')], ...CLAIMS],
      scopes: [
        {
          scope: { name: 'com.anthropic.claude_code.events', version: '1' },
          records: [
            {
              time: 1_000_000n,
              attributes: [
                ['event.name', text('api_request')],
                ['session.id', text(session)],
                ['user.email', text('eve@example.com')],
              ],
            },
          ],
        },
      ],
    },
  ],
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}
function ask(
  path: string,
  headers: OutgoingHttpHeaders,
  body?: Uint8Array,
  own: Partial<Issued> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ca: authority.certificate,
      agent: false,
      cert: own.certificate,
      key: own.key,
    };
    const sent = request(new URL(path, vigil.otlp.replace('http:', 'https:')), options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
const send = (session: string, authorization?: string, own?: Partial<Issued>): Promise<Answer> =>
  ask(
    '/v1/logs',
    { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    toJson(requestOf(session)),
    own,
  );
const bearer = ({ token }: { readonly token: string }): string => `Bearer ${token}`;
async function call(
  session: string,
  authorization?: string,
  own?: Issued,
): Promise<{ readonly code: number; readonly details?: string }> {
  const [ca, key, cert] = [authority.certificate, own?.key, own?.certificate].map((pem) =>
    pem === undefined ? null : Buffer.from(pem),
  );
  const client = grpcClient(vigil.grpc.replace('http://', ''), {}, grpc.credentials.createSsl(ca, key, cert));
  try {
    await client.send('logs', toProtobuf(requestOf(session)), authorization === undefined ? {} : { authorization });
    return { code: grpc.status.OK };
  } catch (error) {
    return error as grpc.ServiceError;
  } finally {
    client.close();
  }
}
const eventOf = async (tenant: string, session: string): Promise<AgentEvent> => {
  const path = `/v1/events?tenant=${tenant}&from=0&sessionId=${session}`;
  let found: readonly AgentEvent[] = [];
  await until(
    `the event of ${session} is stored`,
    async () => (found = await listAll<AgentEvent>(vigil.api, path)).length > 0,
  );
  return found[0] as AgentEvent;
};

describe('a start beyond loopback', () => {
  it.each([
    ['TLS and credentials', {}, ['TLS (VIGIL_TLS_CERT and VIGIL_TLS_KEY)', 'credentials (vigil tokens create']],
    [
      'credentials',
      { VIGIL_TLS_CERT: files.VIGIL_TLS_CERT, VIGIL_TLS_KEY: files.VIGIL_TLS_KEY },
      ['without: credentials (vigil tokens create'],
    ],
  ])('without %s is refused, by the collector alone and with all others', async (_what, settings, sentences) => {
    for (const command of ['collector', 'up']) {
      const started = run([command], {
        ...beyond,
        ...settings,
        VIGIL_DATA: join(data, 'none'),
        VIGIL_OTLP_PORT: '0',
        VIGIL_OTLP_GRPC_PORT: '0',
        VIGIL_HTTP_PORT: '0',
      });
      expect(await started.ended()).toBe(1);
      for (const sentence of sentences) expect(started.output()).toContain(sentence);
    }
  });
});

it('says at the start that agents need a credential', () => {
  expect(vigil.process.output()).toMatch(
    /OTLP {4}https:\/\/127\.0\.0\.1:\d+ \(HTTP\), https:[^]*Access {2}needs a credential: vigil tokens create/,
  );
  // … and where it belongs, with each.
  const output = vigil.process.output();
  expect(output).toContain('headers = { "authorization" = "Bearer TOKEN" }');
  // Codex has it in its file, all others in the environment.
  const inEnvironment = output.match(/export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer(?: |%20)TOKEN"/g);
  expect(inEnvironment).toHaveLength(AGENTS.length - 1);
});

describe('a token', () => {
  it('sends by HTTP and gRPC, and its records belong to its sender, regardless of the payload', async () => {
    const before = Date.now();
    expect((await send('http', bearer(laptop))).status).toBe(200);
    expect((await send('basic', `Basic ${Buffer.from(`laptop:${laptop.token}`).toString('base64')}`)).status).toBe(200);
    expect(await call('grpc', bearer(laptop))).toEqual({ code: 0 });
    for (const session of ['http', 'basic', 'grpc']) {
      const event = await eventOf('acme', session);
      expect(event).toMatchObject({
        tenant: 'acme',
        sender: 'laptop',
        actor: 'ada',
        userEmail: 'eve@example.com',
        agentName: 'claude-code',
      });
      expect(event.receivedAt).toBeGreaterThanOrEqual(before);
      expect(event.receivedAt).toBeLessThanOrEqual(Date.now());
      // Where the claims are kept: apart.
      expect(
        Object.entries(event.attributes)
          .filter(([, value]) => value === 'victim')
          .map(([key]) => key)
          .sort(),
      ).toEqual(['claimed.vigil.tenant', 'sender', 'tenant']);
    }
    expect(await listAll(vigil.api, '/v1/events?tenant=victim&from=0')).toEqual([]);
  });

  it('is needed, and the right one', async () => {
    expect((await send('none')).status).toBe(401);
    expect((await send('wrong', 'Bearer wrong')).status).toBe(401);
    expect(await call('none')).toMatchObject({ code: grpc.status.UNAUTHENTICATED, details: 'a credential is needed' });
    const plain = await fetch(`${vigil.otlp}/v1/logs`, { method: 'POST', body: '{}' }).then(
      () => 'answered',
      () => 'not answered',
    );
    expect(plain).toBe('not answered');
  });

  it('is rotated with an overlap and revoked while the collector runs, and nothing tells it again', async () => {
    const first = (await tokens('create', 'phone', '--expires', '90d')) as typeof laptop;
    await until('it is known', async () => (await send('phone-1', bearer(first))).status === 200);
    const second = (await tokens('rotate', first.id, '--overlap', '1h')) as typeof laptop;
    await until('the new one is known', async () => (await send('phone-2', bearer(second))).status === 200);
    expect((await send('phone-3', bearer(first))).status).toBe(200);
    const third = (await tokens('rotate', second.id, '--overlap', '0m')) as typeof laptop;
    await until('the second has ended', async () => (await send('phone-4', bearer(second))).status === 401);
    expect((await send('phone-5', bearer(third))).status).toBe(200);
    await tokens('revoke', third.id);
    await until('it is refused', async () => (await send('phone-6', bearer(third))).text.includes('was revoked'));
    const asked = run(['tokens', 'list', '--json'], { VIGIL_DATA: data });
    await asked.ended();
    const states = asked
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; state: string });
    expect(Object.fromEntries(states.map(({ id, state }) => [id, state]))).toMatchObject({
      [laptop.id]: 'active',
      [first.id]: 'active',
      [second.id]: 'expired',
      [third.id]: 'revoked',
    });
    for (const { token } of [laptop, first, second, third]) expect(asked.output()).not.toContain(token.slice(-64));
  });

  it('is made by several commands at once without loss', async () => {
    const made = await Promise.all(['a', 'b', 'c'].map((name) => tokens('create', `at-once-${name}`)));
    for (const each of made)
      await until('it is known', async () => (await send('at-once', bearer(each as typeof laptop))).status === 200);
  });

  it('is refused above its sender’s quota, until it may come again', async () => {
    const meter = (await tokens('create', 'meter', '--records-per-minute', '1')) as typeof laptop;
    await until('it is known', async () => (await send('meter', bearer(meter))).status === 200);
    const over = await send('meter-2', bearer(meter));
    expect([over.status, Number(over.headers['retry-after']) > 0]).toEqual([429, true]);
    expect(await call('meter-3', bearer(meter))).toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
    await tokens('set', 'meter', '--records-per-minute', 'none');
    await until('the quota is gone', async () => (await send('meter-4', bearer(meter))).status === 200);
  });

  it('sends for the agents it may, and reads no metrics; another kind does', async () => {
    const codex = (await tokens('create', 'codex-only', '--agent', 'codex', '--agent', 'opencode')) as typeof laptop;
    const scraper = (await tokens('create', 'prometheus', '--for', 'metrics')) as typeof laptop;
    let answer = await send('agents', bearer(codex));
    await until('it is known', async () => (answer = await send('agents', bearer(codex))).status === 200);
    expect(JSON.parse(answer.text)).toEqual({
      partialSuccess: { rejectedLogRecords: '1', errorMessage: '1 agent_not_allowed' },
    });
    const metricsBy = (each: typeof laptop): Promise<Answer> => ask('/metrics', { authorization: bearer(each) });
    await until('the other is known', async () => (await metricsBy(scraper)).status === 200);
    const { text } = await metricsBy(scraper);
    expect(text).toMatch(
      /^collector_ledger_records\{signal="logs",state="rejected",reason="agent_not_allowed",tenant="default",sender="codex-only"\} [1-9]/m,
    );
    expect(text).toMatch(/^collector_refusals_total\{tenant="default",sender="meter",reason="quota_records"\} [1-9]/m);
    expect(text).toMatch(new RegExp(`^collector_credential_last_used_seconds\\{credential="${laptop.id}"\\} \\d`, 'm'));
    expect(
      new Set([...text.matchAll(/^collector_ledger_imbalance_records\{[^}]*\} (.*)$/gm)].map(([, n]) => n)),
    ).toEqual(new Set(['0']));
    expect([
      (await metricsBy(laptop)).status,
      (await ask('/metrics', {})).status,
      (await ask('/readyz', {})).status,
    ]).toEqual([403, 401, 200]);
  });
});

describe('a client certificate', () => {
  it('is its sender by name, by HTTP and gRPC', async () => {
    const own = await authority.issue({ commonName: 'build-7' });
    expect((await send('certificate', undefined, own)).status).toBe(200);
    expect(await call('certificate-grpc', undefined, own)).toEqual({ code: 0 });
    for (const session of ['certificate', 'certificate-grpc'])
      expect(await eventOf('default', session)).toMatchObject({
        sender: 'build-7',
        actor: 'build-7/user:eve@example.com',
      });
  });

  it('may be of a sender with terms, and be revoked', async () => {
    const own = await authority.issue({ commonName: 'Ada’s machine', dns: ['ada.example'] });
    const { id } = (await tokens(
      'create',
      'ada',
      '--tenant',
      'acme',
      '--certificate',
      'ada.example',
      '--actor',
      'ada',
    )) as typeof laptop;
    await until('it is the sender’s', async () => {
      await send('named', undefined, own);
      return (await listAll<AgentEvent>(vigil.api, '/v1/events?tenant=acme&from=0&sessionId=named')).some(
        ({ sender, actor }) => sender === 'ada' && actor === 'ada',
      );
    });
    await tokens('revoke', id);
    await until('it is refused', async () => (await send('named', undefined, own)).status === 401);
  });

  it('of a stranger is refused, and does not pass as none', async () => {
    const strange = await (await createAuthority('stranger')).issue({ commonName: 'build-7' });
    const answer = await send('stranger', undefined, strange);
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('client certificate is not accepted')]);
    expect(await call('stranger', undefined, strange)).toMatchObject({ code: grpc.status.UNAUTHENTICATED });
  });
});

it('takes a new certificate without a restart, on both ports, and speaks what they are for', async () => {
  const meet = (url: string, protocols: readonly string[]) =>
    new Promise<readonly unknown[]>((resolve, reject) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port: Number(new URL(url).port),
          ca: authority.certificate,
          ALPNProtocols: [...protocols],
        },
        () => {
          resolve([socket.getPeerCertificate().subject.CN, socket.alpnProtocol]);
          socket.destroy();
        },
      );
      socket.once('error', reject);
    });
  write(await authority.issue({ ...server, commonName: 'renewed' }));
  for (const [url, protocol] of [
    [vigil.otlp, 'http/1.1'],
    [vigil.grpc, 'h2'],
  ] as const)
    await until(`${protocol} has it`, async () => {
      const [name, spoken] = await meet(url, ['h2', 'http/1.1']);
      expect(spoken).toBe(protocol);
      return name === 'renewed';
    });
  await expect(meet(vigil.grpc, ['http/1.1'])).rejects.toMatchObject({ code: expect.any(String) as unknown });
  expect((await send('renewed', bearer(laptop))).status).toBe(200);
  expect(await call('renewed', bearer(laptop))).toEqual({ code: 0 });
});

it('plays the demo to a collector that takes TLS only, and removes it again', async () => {
  await until('it has been played', () => vigil.process.output().includes('The demo has been played'));
  const removed = run(['demo', 'remove'], { VIGIL_DATA: data });
  expect([await removed.ended(), await listAll(vigil.api, '/v1/events?tenant=demo&from=0')]).toEqual([0, []]);
}, 180_000);
