import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recordedLines } from './recorded-lines.ts';

let folder = '';
let file = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-lines-'));
  file = join(folder, 'lines');
});
afterAll(() => rm(folder, { recursive: true }));

async function linesOf(path: string, maxBytes = 1_000_000): Promise<readonly (readonly [number, string])[]> {
  const lines: [number, string][] = [];
  for await (const { line, number } of recordedLines(path, maxBytes)) lines.push([number, line.toString()]);
  return lines;
}

const long = 'é'.repeat(200_000);
it.each([
  { name: 'nothing', written: '', lines: [] },
  { name: 'one byte', written: '1', lines: [[1, '1']] },
  {
    name: 'a line end at the end of the file',
    written: 'a\nb\n',
    lines: [
      [1, 'a'],
      [2, 'b'],
    ],
  },
  {
    name: 'no line end there',
    written: 'a\nb',
    lines: [
      [1, 'a'],
      [2, 'b'],
    ],
  },
  {
    name: 'Windows line ends, and blank lines',
    written: 'a\r\n\r\n  \nb\r',
    lines: [
      [1, 'a'],
      [4, 'b'],
    ],
  },
  {
    name: 'separators that only Unicode knows',
    written: '"a\u2028b\u2029c\u0085d"\n1\n',
    lines: [
      [1, '"a\u2028b\u2029c\u0085d"'],
      [2, '1'],
    ],
  },
  {
    name: 'lines longer than one read',
    written: `${long}\n${long}`,
    lines: [
      [1, long],
      [2, long],
    ],
  },
])('reads $name, plain and gzip', async ({ written, lines }) => {
  await writeFile(file, written);
  expect(await linesOf(file)).toEqual(lines);
  await writeFile(file, gzipSync(written));
  expect(await linesOf(file)).toEqual(lines);
  // Rotated logs are concatenated like this.
  await writeFile(file, Buffer.concat([gzipSync(written.slice(0, 1)), gzipSync(written.slice(1))]));
  expect(await linesOf(file)).toEqual(lines);
});

it.each([
  {
    name: 'an endless line',
    written: Buffer.from(`a\n${'b'.repeat(2_000)}`),
    says: /lines:2: the line is longer than 1000 bytes$/,
  },
  {
    name: 'an endless line in a small gzip file',
    written: gzipSync(Buffer.alloc(50_000_000, 'b')),
    says: /lines:1: the line is longer than 1000 bytes$/,
  },
  {
    name: 'truncated gzip data',
    written: gzipSync('a\n'.repeat(1_000)).subarray(0, 20),
    says: /^cannot read .*lines: .*unexpected end of file$/,
  },
  { name: 'data that only starts like gzip', written: Buffer.from('1f8b0000', 'hex'), says: /^cannot read .*lines: / },
])('rejects $name', async ({ written, says }) => {
  await writeFile(file, written);
  await expect(linesOf(file, 1_000)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(says) });
});

it('rejects a folder and a missing file', async () => {
  await expect(linesOf(folder)).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringMatching(/^cannot read .*EISDIR: /),
  });
  await expect(linesOf(join(folder, 'none'))).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringMatching(/^cannot read .*ENOENT: /),
  });
});

it.each(['plain', 'gzip'])('closes the file when no more lines are read: %s', async (form) => {
  const written = 'a\n'.repeat(1_000_000);
  await writeFile(file, form === 'gzip' ? gzipSync(written) : written);
  for await (const { number } of recordedLines(file, 1_000)) if (number === 3) break;
  while (isOpen(file)) await new Promise((resolve) => setTimeout(resolve, 10));
});

function isOpen(path: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(join('/proc/self/fd', fd)) === path;
    } catch {
      return false; // for the listing itself
    }
  });
}
