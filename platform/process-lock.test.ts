import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFor } from './process-lock.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'vigil-lock-'));

describe('lockFor', () => {
  it('names the living holder in one sentence', () => {
    const path = join(folder(), 'vigil.lock');
    writeFileSync(path, String(process.ppid));
    expect(() => lockFor(path, 'the data folder /x')).toThrow(
      `the data folder /x is in use by another Vigil (process ${process.ppid})`,
    );
  });

  it('takes over from a process that is gone', () => {
    const path = join(folder(), 'vigil.lock');
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(path, String(gone));
    expect(() => lockFor(path, 'the folder').release()).not.toThrow();
  });

  it('can be taken again after its release', () => {
    const path = join(folder(), 'deep', 'vigil.lock');
    lockFor(path, 'the folder').release();
    lockFor(path, 'the folder').release();
  });

  it('says so when the folder cannot be written', () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    expect(() => lockFor(join(file, 'vigil.lock'), 'the folder')).toThrow(/cannot write the folder/);
  });
});
