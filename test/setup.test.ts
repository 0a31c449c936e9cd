/** `vigil setup` as an administrator runs it: what it prints, the files that it writes, and what it refuses. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recipesFor } from '../agents/index.ts';
import { run } from './support/programs/vigil.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-setup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ENDPOINT = 'https://vigil.example:4318';
const TOKEN = 'vigil_Abc-1.2~3+/==';

async function setup(...args: readonly string[]): Promise<readonly [code: number | null, output: string]> {
  const process = run(['setup', ...args]);
  return [await process.ended(), process.output()];
}

const read = (...path: readonly string[]): string => readFileSync(join(folder, ...path), 'utf8');

describe('the files for', () => {
  it('Codex send every user’s logs with the credential of the device', async () => {
    const [code, said] = await setup(
      '--managed',
      'codex',
      '--out',
      join(folder, 'codex'),
      '--endpoint',
      `${ENDPOINT}/`,
      '--credential',
      TOKEN,
    );
    expect([code, said]).toEqual([0, expect.stringContaining('/etc/codex/requirements.toml')]);
    expect(readdirSync(join(folder, 'codex')).sort()).toEqual(['config.toml', 'requirements.toml']);
    for (const name of ['config.toml', 'requirements.toml']) {
      const [comment, ...lines] = read('codex', name).split('\n');
      expect([comment?.startsWith('# '), ...lines]).toEqual([
        true,
        '[otel]',
        `exporter = { otlp-http = { endpoint = "${ENDPOINT}/v1/logs", protocol = "json", headers = { "authorization" = "Bearer ${TOKEN}" } } }`,
        'metrics_exporter = "none"',
        'trace_exporter = "none"',
        '',
      ]);
      expect(statSync(join(folder, 'codex', name)).mode & 0o777).toBe(0o600);
    }
  });

  it('Claude Code set its environment, details of tools included', async () => {
    const [code, said] = await setup(
      '--managed',
      'claude-code',
      '--out',
      join(folder, 'claude'),
      '--endpoint',
      ENDPOINT,
      '--credential',
      TOKEN,
    );
    expect([code, said]).toEqual([0, expect.stringContaining('C:\\Program Files\\ClaudeCode\\managed-settings.json')]);
    expect(JSON.parse(read('claude', 'managed-settings.json'))).toMatchObject({
      env: {
        CLAUDE_CODE_ENABLE_TELEMETRY: '1',
        OTEL_LOG_TOOL_DETAILS: '1',
        OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT,
        OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${TOKEN}`,
      },
    });
  });

  it.each(['gemini-cli', 'qwen-code'])('%s have the credential apart, in the environment', async (agent) => {
    const [code, said] = await setup(
      '--managed',
      agent,
      '--out',
      join(folder, agent),
      '--endpoint',
      ENDPOINT,
      '--credential',
      TOKEN,
    );
    expect([code, said]).toEqual([0, expect.stringContaining(`/etc/${agent}/settings.json`)]);
    expect(JSON.parse(read(agent, 'settings.json'))).toMatchObject({
      telemetry: { enabled: true, otlpEndpoint: ENDPOINT, otlpProtocol: 'http', logPrompts: true },
    });
    const [, header = ''] = /^OTEL_EXPORTER_OTLP_HEADERS=Authorization=(.*)\n$/.exec(read(agent, 'environment')) ?? [];
    expect(decodeURIComponent(header)).toBe(`Bearer ${TOKEN}`);
  });
});

describe('without --managed it prints what to write', () => {
  it('for every agent and a collector on this machine', async () => {
    const [code, said] = await setup();
    expect(code).toBe(0);
    for (const { title, lines } of recipesFor({ endpoint: 'http://127.0.0.1:4318', credential: undefined }))
      for (const text of [`${title}, in `, ...lines]) expect(said).toContain(text);
    expect(said).not.toContain('TOKEN');
  });

  it('for one agent and a collector elsewhere, which needs a credential', async () => {
    const [code, said] = await setup('gemini-cli', '--endpoint', ENDPOINT);
    expect([code, said]).toEqual([0, expect.stringContaining(`"otlpEndpoint": "${ENDPOINT}"`)]);
    expect(said).toContain('HEADERS="Authorization=Bearer%20TOKEN"');
    expect(said).not.toContain('Codex');
    expect((await setup('codex', '--endpoint', ENDPOINT, '--credential', TOKEN))[1]).toContain(`"Bearer ${TOKEN}"`);
  });
});

it('overwrites nothing without --force, and with it all or nothing', async () => {
  const out = join(folder, 'taken');
  const args = ['--managed', 'codex', '--out', out, '--endpoint', ENDPOINT];
  expect((await setup(...args))[0]).toBe(0);
  expect(read('taken', 'config.toml')).not.toContain('headers');
  rmSync(join(out, 'requirements.toml'));
  writeFileSync(join(out, 'config.toml'), 'mine');
  expect(await setup(...args)).toEqual([
    1,
    `vigil: ${join(out, 'config.toml')}: already there; --force writes over it\n`,
  ]);
  expect([readdirSync(out), read('taken', 'config.toml')]).toEqual([['config.toml'], 'mine']);
  expect((await setup(...args, '--force'))[0]).toBe(0);
  expect(read('taken', 'config.toml')).toContain('[otel]');
});

it.each([
  [['cursor'], /^vigil: no agent "cursor" is known: it is one of codex, claude-code, .*\n/],
  [['codex', '--out', folder], /^vigil: --out and --force are for --managed\n/],
  [['codex', '--managed', 'codex'], /^vigil: "codex" is not expected here\n/],
  [['--managed', 'codex'], /^vigil: --managed, --out and --endpoint are needed\n/],
  [
    ['--managed', 'toString', '--out', folder, '--endpoint', ENDPOINT],
    /^vigil: there are no managed settings for "toString": it is one of codex, claude-code, gemini-cli, qwen-code\n/,
  ],
  [
    ['--managed', 'codex', '--out', folder, '--endpoint', `${ENDPOINT}/v1/logs`],
    /^vigil: --endpoint .* is not the base address of a collector/,
  ],
  [
    ['--managed', 'codex', '--out', folder, '--endpoint', 'https://user:word@vigil.example'],
    /^vigil: --endpoint .* is not the base address/,
  ],
  [
    ['--managed', 'codex', '--out', folder, '--endpoint', ENDPOINT, '--credential', 'a" } }\n[x]'],
    /^vigil: --credential is not a bearer token/,
  ],
])('refuses %j in a sentence', async (args, sentence) => {
  expect(await setup(...args)).toEqual([2, expect.stringMatching(sentence)]);
});
