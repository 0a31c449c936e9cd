import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../test/support/until.ts';
import { type Followed, followFiles } from './follow-files.ts';

let folder: string;
let path: string;
let followed: Followed<string> | undefined;
const changes: string[] = [];
const failures: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-follow-'));
  path = join(folder, 'file');
  changes.length = failures.length = 0;
});
afterEach(() => {
  followed?.stop();
  rmSync(folder, { recursive: true });
});

function follow(): Followed<string> {
  return (followed = followFiles({
    paths: [path],
    parse: ([content]) => {
      if (content?.toString() === 'broken') throw new Error('it is broken');
      return content?.toString() ?? 'nothing';
    },
    onChange: (value) => changes.push(value),
    onFailure: (error) => failures.push(String(error)),
    pollMs: 10,
  }));
}

it('sees a file appear, change in place twice within one clock tick, be replaced and disappear', async () => {
  const { value } = follow();
  expect(value()).toBe('nothing');
  writeFileSync(path, 'one');
  await until('it came', () => value() === 'one');
  writeFileSync(path, 'two');
  writeFileSync(path, 'six');
  await until('it changed', () => value() === 'six');
  writeFileSync(`${path}.new`, 'other');
  renameSync(`${path}.new`, path);
  await until('it was replaced', () => value() === 'other');
  rmSync(path);
  await until('it went', () => value() === 'nothing');
  expect(failures).toEqual([]);
});

it('keeps the previous value while there is none, and reports that once', async () => {
  writeFileSync(path, 'one');
  const { value } = follow();
  writeFileSync(path, 'broken');
  await until('it is reported', () => failures.length > 0);
  // Another look at the same contents would report it again; the next change is noticed by one.
  writeFileSync(path, 'broken');
  writeFileSync(join(folder, 'other'), '');
  expect(value()).toBe('one');
  writeFileSync(path, 'two');
  await until('it is whole again', () => value() === 'two');
  expect([failures, changes]).toEqual([['Error: it is broken'], ['two']]);
});

it('fails immediately when there is no first value', () => {
  writeFileSync(path, 'broken');
  expect(() => follow()).toThrow('it is broken');
});
