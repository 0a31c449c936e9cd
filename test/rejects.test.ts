/** What a real Vigil turns away can be listed, opened on the record and replayed, and the ledger adds up all the while. */
import { until } from './support/until.ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyRequest, type Value, toJson, toProtobuf } from '../collector/otlp/test-support/encoder.ts';
import type { AgentEvent } from '../schemas/records/agent-event.ts';
import { type Vigil, listAll, run, startVigil } from './support/vigil.ts';

const data = mkdtempSync(join(tmpdir(), 'vigil-rejects-'));
let vigil: Vigil;
let token: string;

interface Output {
  readonly code: number | null;
  readonly out: string;
  readonly lines: readonly string[];
}
/** Both streams of a command together. */
async function vigilCommand(...args: readonly string[]): Promise<Output> {
  const asked = run(args, { VIGIL_DATA: data });
  const code = await asked.ended();
  const out = asked.output();
  return { code, out, lines: out.split('\n').filter(Boolean) };
}
const rejects = (...args: readonly string[]): Promise<Output> => vigilCommand('rejects', ...args);

const text = (string: string): Value => ({ string });
/** Two records of Claude Code, each of a session of its own. */
const requestOf = (session: string): AnyRequest => ({
  signal: 'logs',
  groups: [
    {
      resource: [['service.name', text('claude-code')]],
      scopes: [
        {
          scope: { name: 'com.anthropic.claude_code.events', version: '1' },
          records: [1, 2].map((n) => ({
            time: 1_000_000n,
            attributes: [
              ['event.name', text('api_request')],
              ['session.id', text(`${session}-${n}`)],
              ['note', text('planted-original')],
            ],
          })),
        },
      ],
    },
  ],
});

async function send(body: Uint8Array, type: 'json' | 'x-protobuf'): Promise<Response> {
  const headers = { 'content-type': `application/${type}`, authorization: `Bearer ${token}` };
  return fetch(`${vigil.otlp}/v1/logs`, { method: 'POST', headers, body });
}
interface Listed {
  readonly id: string;
  readonly receivedAt: number;
  readonly reasons: Readonly<Record<string, number>>;
}
const listed = async (...args: readonly string[]): Promise<readonly Listed[]> =>
  (await rejects('list', '--json', ...args)).lines.map((line) => JSON.parse(line) as Listed);
const eventsOf = async (session: string): Promise<readonly AgentEvent[]> =>
  listAll<AgentEvent>(vigil.api, `/v1/events?tenant=acme&from=0&sessionId=${session}`);
/** Records of the sender by state, as its collector counts them now. */
async function account(): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  const metrics = await (await fetch(`${vigil.otlp}/metrics`)).text();
  for (const [, state = '', count] of metrics.matchAll(
    /^collector_ledger_records\{[^}]*state="(\w+)",[^}]*tenant="acme"[^}]*\} (\d+)$/gm,
  ))
    counts[state] = (counts[state] ?? 0) + Number(count);
  return counts;
}
async function settled(): Promise<Readonly<Record<string, number>>> {
  await until('nothing waits', async () => (await account())['waiting'] === 0);
  return account();
}

beforeAll(async () => {
  const created = await vigilCommand('tokens', 'create', 'laptop', '--tenant', 'acme', '--agent', 'codex', '--json');
  ({ token } = JSON.parse(created.out) as { token: string });
  vigil = await startVigil(data, { environment: { VIGIL_LOG_LEVEL: 'error' } });
}, 120_000);
afterAll(async () => {
  await vigil.stop();
  rmSync(data, { recursive: true, force: true });
}, 60_000);

describe('what was turned away', () => {
  const json = toJson(requestOf('in-json'));
  const protobuf = toProtobuf(requestOf('in-protobuf'));
  const malformed = Buffer.from('{"resourceLogs": planted-malformed');

  it('is listed, in the answer still turned away, and in no file in clear', async () => {
    const answers = [await send(json, 'json'), await send(protobuf, 'x-protobuf'), await send(malformed, 'json')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
    expect(await answers[0]?.json()).toEqual({
      partialSuccess: { rejectedLogRecords: '2', errorMessage: '2 agent_not_allowed' },
    });
    expect((await listed()).map(({ reasons }) => reasons)).toEqual([
      { agent_not_allowed: 2 },
      { agent_not_allowed: 2 },
      { malformed_request: 1 },
    ]);
    expect(await listed('--reason', 'malformed_request')).toHaveLength(1);
    expect(await listed('--tenant', 'other')).toEqual([]);
    expect((await rejects('list', '--sender', 'laptop', '--since', '1h')).lines[0]).toMatch(
      /^[0-9a-f]{32} {2}\S+Z {2}acme\/laptop +logs +json +\d+ bytes {2}2 agent_not_allowed$/,
    );
    const folder = join(data, 'quarantine');
    for (const name of readdirSync(folder))
      if (name.endsWith('.quarantine')) expect(readFileSync(join(folder, name)).includes('planted')).toBe(false);
    expect(statSync(join(data, 'quarantine.key')).mode & 0o777).toBe(0o600);
  }, 60_000);

  it('is shown as it was sent, one record or all, once it is written down who opens it and why', async () => {
    const [first, second, third] = await listed();
    const shown = run(['rejects', 'show', second?.id ?? '', '--why', 'ticket 7'], { VIGIL_DATA: data });
    const bytes: Buffer[] = [];
    shown.child.stdout?.on('data', (chunk: Buffer) => bytes.push(chunk));
    expect(await shown.ended()).toBe(0);
    await until('all is there', () => Buffer.concat(bytes).equals(Buffer.from(protobuf)));
    expect(shown.output()).toContain(
      `Turned away of it: 0-1 agent_not_allowed. Show one record with ${second?.id ?? ''}.N.`,
    );
    const one = await rejects('show', `${first?.id ?? ''}.1`, '--why', 'ticket 7');
    expect([one.code, Buffer.from(json).includes(one.out), one.out.includes('in-json-2')]).toEqual([0, true, true]);
    expect((await rejects('show', third?.id ?? '', '--why', 'ticket 8')).out).toBe(malformed.toString());
    expect(await rejects('show', `${third?.id ?? ''}.0`, '--why', 'x')).toMatchObject({
      code: 1,
      out: expect.stringContaining('is no OTLP and has no records'),
    });
    expect(await rejects('show', 'f'.repeat(32), '--why', 'x')).toMatchObject({
      code: 1,
      out: expect.stringContaining('is not in the quarantine'),
    });
    const opened = await rejects('openings');
    expect([opened.code, opened.lines.length]).toEqual([0, 4]);
    expect(opened.lines[2]).toMatch(/^\S+Z {2}.+ on .+ {2}show {4}[0-9a-f]{32} {2}ticket 8$/);
  }, 60_000);

  it('is replayed under the terms of now, as the sender’s and at its time, and a second time adds nothing', async () => {
    const [first, second] = await listed();
    const replay = async (id = ''): Promise<unknown> => {
      const { code, out } = await rejects('replay', id, '--why', 'terms were wrong', '--json');
      return [code, code === 0 ? JSON.parse(out) : out];
    };
    const none = { accepted: 0, duplicate: 0, skipped: 0, rejected: 0 };
    // Nothing has been mended yet.
    expect(await replay(first?.id)).toEqual([0, { ...none, records: 2, rejected: 2 }]);
    await vigilCommand('tokens', 'set', 'laptop', '--tenant', 'acme', '--agent', 'codex', '--agent', 'claude-code');
    await until('the terms are in force', async () =>
      (await send(toJson(requestOf('later')), 'json')).text().then((answer) => !answer.includes('agent_not_allowed')),
    );
    const before = await settled();
    expect(await replay(`${first?.id ?? ''}.1`)).toEqual([0, { ...none, records: 1, accepted: 1 }]);
    expect(await replay(first?.id)).toEqual([0, { ...none, records: 2, accepted: 1, duplicate: 1 }]);
    expect(await replay(second?.id)).toEqual([0, { ...none, records: 2, accepted: 2 }]);
    process.kill(vigil.roles().get('collector') ?? 0, 'SIGKILL');
    await until('the collector is back', () =>
      fetch(`${vigil.otlp}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    expect(await replay(first?.id)).toEqual([0, { ...none, records: 2, duplicate: 2 }]);
    for (const session of ['in-json-1', 'in-json-2', 'in-protobuf-1', 'in-protobuf-2']) {
      await until('the events are stored', async () => (await eventsOf(session)).length > 0);
      const events = await eventsOf(session);
      const at = session.startsWith('in-json') ? first?.receivedAt : second?.receivedAt;
      expect(events.map(({ sender, receivedAt }) => [sender, receivedAt])).toEqual([['laptop', at]]);
    }
    const after = await settled();
    const more = Object.fromEntries(
      Object.keys(after).map((state) => [state, (after[state] ?? 0) - (before[state] ?? 0)]),
    );
    expect(more).toMatchObject({ received: 7, published: 4, duplicate: 3, rejected: 0 });
    const verified = await vigilCommand('verify', 'ledger', '--api', vigil.api, '--tenant', 'acme', '--wait', '60');
    expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('The ledger adds up.')]);
  }, 180_000);

  it('is not opened where somebody changed the list of openings', async () => {
    const path = join(data, 'quarantine', 'openings.ndjson');
    writeFileSync(path, readFileSync(path, 'utf8').replace('ticket 7', 'ticket 9'));
    const [first] = await listed();
    expect(await rejects('openings')).toMatchObject({
      code: 1,
      out: expect.stringContaining('the list of openings was tampered with: line 1 was not written'),
    });
    expect(await rejects('show', first?.id ?? '', '--why', 'x')).toMatchObject({
      code: 1,
      out: expect.stringContaining('nothing is opened before that is cleared up'),
    });
  }, 60_000);
});
