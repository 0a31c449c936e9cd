/** What `vigil backtest` reads, and who reads it. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { incidentRequests } from '../cli/demo/incident.ts';
import { VIGIL, run } from './support/programs/vigil.ts';

const data = mkdtempSync(join(tmpdir(), 'vigil-backtest-input-'));
const file = join(data, 'requests.ndjson');
const lines = incidentRequests(Date.UTC(2026, 2, 2)).map(({ body }) => JSON.stringify(JSON.parse(body)));
beforeAll(() => writeFileSync(file, lines.join('\n')));
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** What a shell command gives, and both its streams. */
const shell = (script: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
  spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], NODE: process.execPath, MAIN: VIGIL, FILE: file },
  });

it('reads the same from a file, from gzip and from standard input', () => {
  writeFileSync(join(data, 'requests.ndjson.gz'), gzipSync(lines.join('\n')));
  const plain = shell('"$NODE" "$MAIN" backtest --json --otlp "$FILE"');
  expect([plain.status, plain.stdout.split('\n').length > 5]).toEqual([0, true]);
  expect(shell('"$NODE" "$MAIN" backtest --json --otlp "$FILE.gz"').stdout).toBe(plain.stdout);
  expect(shell('"$NODE" "$MAIN" backtest --json --otlp - < "$FILE"').stdout).toBe(plain.stdout);
  expect(shell('cat "$FILE.gz" | "$NODE" "$MAIN" backtest --json --otlp -').stdout).toBe(plain.stdout);
}, 60_000);

it('takes an empty export for an empty request', async () => {
  const path = join(data, 'empty.ndjson');
  writeFileSync(path, `{}\n${lines[0] ?? ''}\n { } \r\n`);
  const backtest = run(['backtest', '--otlp', path]);
  expect([await backtest.ended(), backtest.output()]).toEqual([0, expect.stringContaining('3 requests, ')]);
  writeFileSync(path, '{}\n{"other":1}\n');
  const other = run(['backtest', '--otlp', path]);
  expect([await other.ended(), other.output()]).toEqual([
    1,
    expect.stringMatching(/^vigil: .*:2: this is not a request with logs, traces or metrics\n$/),
  ]);
}, 60_000);

it('bears a reader that goes away', () => {
  const { stderr } = shell('"$NODE" "$MAIN" backtest --json --otlp "$FILE" | true');
  expect(stderr).toMatch(/^\d+ requests, .* detections\n$/);
}, 60_000);

it('says in one sentence that a folder is no file', async () => {
  const folder = run(['backtest', '--otlp', data]);
  expect([await folder.ended(), folder.output()]).toEqual([
    1,
    expect.stringMatching(/^vigil: cannot read [^\n]*: EISDIR: [^\n]*\n$/),
  ]);
}, 60_000);
