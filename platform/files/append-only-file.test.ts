import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendOnlyFile, readAt } from './append-only-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-append-'));
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('appendOnlyFile', () => {
  it('appends behind what was there, in any order of writing', async () => {
    const file = appendOnlyFile(openSync(path, 'w+'), 0);
    await file.append((write, start) => write(Buffer.from('one '), start));
    await file.append(async (write, start) => {
      const end = await write(Buffer.from('body'), start + 4);
      await write(Buffer.from('len '), start);
      return end;
    });
    expect(readFileSync(path, 'utf8')).toBe('one len body');
    expect(file.sizeBytes()).toBe(12);
    expect(readAt(file.file, 4, 100).toString()).toBe('len body');
    file.close();
  });

  it('cuts a failed append back and appends again', async () => {
    const file = appendOnlyFile(openSync(path, 'w+'), 0);
    await file.append((write, start) => write(Buffer.from('kept'), start));
    const full = new Error('no space left');
    const failing = file.append(async (write, start) => {
      await write(Buffer.from('half of it'), start);
      throw full;
    });
    await expect(failing).rejects.toBe(full);
    expect(readFileSync(path, 'utf8')).toBe('kept');
    expect(file.isBroken()).toBe(false);
    await file.append((write, start) => write(Buffer.from('!'), start));
    expect(readFileSync(path, 'utf8')).toBe('kept!');
    file.close();
  });

  it('appends nothing more when a failed append could not be cut back', async () => {
    const file = appendOnlyFile(openSync(path, 'w+'), 0);
    closeSync(file.file);
    await expect(file.append((write, start) => write(Buffer.from('x'), start))).rejects.toThrow(/EBADF/);
    expect(file.isBroken()).toBe(true);
    await expect(file.append((_, start) => Promise.resolve(start))).rejects.toThrow(/nothing more is appended/);
    expect(file.sizeBytes()).toBe(0);
  });
});
