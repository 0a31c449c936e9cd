/** With a key, the data folder of a real Vigil holds nothing in plaintext that agents sent, except in the embedded warehouse. */
import { until } from './support/until.ts';
import { afterAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type AnyRequest, type Value, toJson } from '../collector/otlp/test-support/encoder.ts';
import type { AgentEvent } from '../schemas/records/agent-event.ts';
import { type Vigil, freePort, listAll, run, startVigil } from './support/programs/vigil.ts';

const root = mkdtempSync(join(tmpdir(), 'vigil-encryption-'));
const running = new Set<Vigil>();
afterAll(async () => {
  for (const vigil of running) await vigil.stop();
  rmSync(root, { recursive: true, force: true });
}, 60_000);
const folder = (name: string): string => {
  const path = join(root, name);
  mkdirSync(path);
  return path;
};
const KEY = randomBytes(32).toString('base64');
const quiet = { VIGIL_LOG_LEVEL: 'error' };

async function start(data: string, environment: Readonly<Record<string, string>>): Promise<Vigil> {
  const vigil = await startVigil(data, { environment: { ...quiet, ...environment } });
  running.add(vigil);
  return vigil;
}
async function stop(vigil: Vigil): Promise<void> {
  await vigil.stop();
  running.delete(vigil);
}

/** Is in the session, the user, the command and an attribute of an event, and in what is rejected. */
const PLANTED = 'planted-clear-text';
const text = (string: string): Value => ({ string });
const requestOf = (n: number): AnyRequest => ({
  signal: 'logs',
  groups: [
    {
      resource: [['service.name', text('claude-code')]],
      scopes: [
        {
          scope: { name: 'com.anthropic.claude_code.events', version: '1' },
          records: [
            {
              time: 1_000_000n,
              attributes: [
                ['event.name', text('tool_result')],
                ['session.id', text(`${PLANTED}-session-${n}`)],
                ['user.email', text(`${PLANTED}@example.com`)],
                ['tool_name', text('Bash')],
                ['success', text('true')],
                ['tool_input', text(JSON.stringify({ command: `ls ${PLANTED}-command` }))],
              ],
            },
          ],
        },
      ],
    },
  ],
});

async function send(vigil: Vigil, n: number): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const post = async (body: Uint8Array): Promise<number> =>
    (await fetch(`${vigil.otlp}/v1/logs`, { method: 'POST', headers, body })).status;
  const malformed = Buffer.from(
    `{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"com.anthropic.claude_code.events"},"logRecords":["${PLANTED}-rejected"]}]}]}`,
  );
  expect([await post(toJson(requestOf(n))), await post(malformed)]).toEqual([200, 200]);
  await until('the event is stored', async () => (await eventsOf(vigil, n)).length > 0);
}
const eventsOf = (vigil: Vigil, n: number): Promise<readonly AgentEvent[]> =>
  listAll<AgentEvent>(vigil.api, `/v1/events?from=0&sessionId=${PLANTED}-session-${n}`);

/** Files of the folder, without the warehouse. */
function filesIn(data: string): readonly string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(data, join(parentPath, name)))
    .filter((name) => !name.startsWith('warehouse/'))
    .sort();
}
const inClear = (data: string): readonly string[] =>
  filesIn(data).filter((name) => readFileSync(join(data, name)).includes('planted-clear'));
const rolesOf = (name: string): boolean => !name.includes('.lock');
const contents = (data: string): readonly (readonly [string, string])[] =>
  filesIn(data)
    .filter(rolesOf)
    .map((name) => [name, readFileSync(join(data, name)).toString('base64')]);

async function refusal(data: string, environment: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const port = async (): Promise<string> => String(await freePort());
  const ports = ['--otlp-port', await port(), '--otlp-grpc-port', await port(), '--http-port', await port()];
  const started = run(['up', '--data', data, ...ports, ...args], environment);
  return [await started.ended(), started.output()];
}

describe('a data folder', () => {
  it('holds in plaintext what agents send, where no key is set', async () => {
    const data = folder('clear');
    const vigil = await start(data, {});
    await send(vigil, 1);
    await stop(vigil);
    const found = inClear(data);
    for (const place of [
      /^spool\/segments\/.*\.seg$/,
      /^spool\/meta\.mdb$/,
      /^log\/topics\/agent\.events\.v1\/.*\.mdb$/,
      /^log\/topics\/agent\.rejects\.v1\/.*\.mdb$/,
    ])
      expect(found).toContainEqual(expect.stringMatching(place));
    const before = contents(data);
    expect(await refusal(data, { VIGIL_DATA_KEY: KEY })).toEqual([
      1,
      `vigil: the data in ${data} is not encrypted; VIGIL_DATA_KEY works only for a new folder: move this folder away, or unset the key\n`,
    ]);
    expect(contents(data)).toEqual(before);
  }, 120_000);

  it('shows nothing with a key, goes on with it after a stop and a kill, and is refused to any other', async () => {
    const data = folder('sealed');
    let vigil = await start(data, { VIGIL_DATA_KEY: KEY });
    await send(vigil, 1);
    expect(inClear(data)).toEqual([]);
    expect(filesIn(data)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^spool\/segments\//),
        expect.stringMatching(/^log\/topics\//),
        expect.stringMatching(/^quarantine\/\d+\.quarantine$/),
      ]),
    );
    expect(filesIn(data)).not.toContain('quarantine.key');
    process.kill(vigil.roles().get('collector') ?? 0, 'SIGKILL');
    process.kill(vigil.roles().get('detector') ?? 0, 'SIGKILL');
    await until('the collector is back', () =>
      fetch(`${vigil.otlp}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    await send(vigil, 2);
    await stop(vigil);

    const before = contents(data);
    const other = randomBytes(32).toString('hex');
    expect(await refusal(data, { VIGIL_DATA_KEY: other })).toEqual([
      1,
      `vigil: the data in ${data} is encrypted with another key than the configured one\n`,
    ]);
    expect(await refusal(data, {})).toEqual([
      1,
      `vigil: the data in ${data} is encrypted; set VIGIL_DATA_KEY or VIGIL_DATA_KEY_FILE to its key\n`,
    ]);
    expect(await refusal(data, { VIGIL_DATA_KEY: 'short' })).toEqual([
      1,
      'vigil: VIGIL_DATA_KEY must be 32 bytes as 64 hex digits or in base64 (openssl rand -base64 32)\n',
    ]);
    for (const key of [other, undefined]) {
      const role = run(['detector'], { VIGIL_DATA: data, ...(key === undefined ? {} : { VIGIL_DATA_KEY: key }) });
      expect([await role.ended(), role.output()]).toEqual([1, expect.stringMatching(/another key|is encrypted/)]);
    }
    expect(contents(data)).toEqual(before);

    vigil = await start(data, { VIGIL_DATA_KEY: KEY });
    await send(vigil, 3);
    expect((await eventsOf(vigil, 1)).length).toBe(1);
    const verified = run(['verify', 'ledger', '--api', vigil.api, '--wait', '60']);
    expect([await verified.ended(), verified.output()]).toEqual([
      0,
      expect.stringMatching(/ 3 published .* 3 rejected /),
    ]);
    const shown = run(['rejects', 'list'], { VIGIL_DATA: data });
    expect([await shown.ended(), shown.output()]).toEqual([
      0,
      expect.stringMatching(/^[0-9a-f]{32} .* 1 malformed_record\n/),
    ]);
    const id = shown.output().slice(0, 32);
    const open = (key: string) =>
      run(['rejects', 'show', `${id}.0`, '--why', 'test'], { VIGIL_DATA: data, VIGIL_DATA_KEY: key });
    const [with_, without] = [open(KEY), open(other)];
    expect([await with_.ended(), with_.output()]).toEqual([0, `"${PLANTED}-rejected"`]);
    expect([await without.ended(), without.output()]).toEqual([
      1,
      expect.stringContaining('is encrypted with another key'),
    ]);
    await stop(vigil);
    expect(inClear(data)).toEqual([]);
  }, 240_000);
});
