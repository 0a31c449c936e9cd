import { afterAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../files/package-root.ts';
import { type ProcessIdentity, thisProcess } from './process-identity.ts';
import { lockFor, waitUntilFree } from './process-lock.ts';

const folders: string[] = [];
const children: ChildProcess[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'vigil-lock-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

/** Creates what a killed process that held the lock leaves behind. */
function leave(path: string, process: Partial<ProcessIdentity>, ageMs = 0): string {
  const file = `${path}.0123456789abcdef`;
  writeFileSync(file, `${JSON.stringify({ ...thisProcess(), ...process })}\nheld\n`);
  const time = new Date(Date.now() - ageMs);
  utimesSync(file, time, time);
  return file;
}

const goneId = (): number => spawnSync(process.execPath, ['-e', '']).pid;

/**
 * Starts a process of the built program that claims the lock on request and reports the result: `held` or the error
 * message, and `free` after a release.
 */
function starter(path: string) {
  const built = pathToFileURL(join(packageRoot, 'dist', 'platform', 'process', 'process-lock.js')).href;
  const script = `
    const { lockFor } = await import(${JSON.stringify(built)});
    let lock;
    process.stdin.on('data', () => {
      try {
        if (lock !== undefined) { lock.release(); lock = undefined; console.log('free'); return; }
        lock = lockFor(${JSON.stringify(path)}, 'the folder');
        console.log('held');
      } catch (error) { console.log(error.message); }
    });
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  return {
    child,
    next,
    tell: () => {
      child.stdin.write('.');
      return next();
    },
  };
}

describe('lockFor', () => {
  it('names the living holder in one sentence, also when that is this process', () => {
    const path = join(folder(), 'vigil.lock');
    const lock = lockFor(path, 'the data folder /x');
    expect(() => lockFor(path, 'the data folder /x')).toThrow(
      `the data folder /x is in use by another Vigil (process ${process.pid})`,
    );
    lock.release();
  });

  it('can be claimed again after its release, and leaves no files', () => {
    const path = join(folder(), 'deep', 'vigil.lock');
    lockFor(path, 'the folder').release();
    lockFor(path, 'the folder').release();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it('reports a folder that is not writable', () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    expect(() => lockFor(join(file, 'vigil.lock'), 'the folder')).toThrow(
      /^cannot write the folder: a file is in the place of a folder$/,
    );
  });

  it.each([
    { name: 'has ended', process: () => ({ pid: goneId() }) },
    { name: 'has ended, and another process has its id', process: () => ({ pid: process.ppid, startedAt: '1' }) },
    { name: 'had our own process id', process: () => ({ startedAt: '1' }) },
    {
      name: 'ran before the machine was restarted',
      process: () => ({ machine: thisProcess().machine.replace(/[0-9a-f]{4}-/, '0000-') }),
    },
  ])('takes over from a process that $name', ({ process: of }) => {
    const path = join(folder(), 'vigil.lock');
    const left = leave(path, of());
    const lock = lockFor(path, 'the folder');
    expect(readdirSync(join(path, '..'))).not.toContain(left);
    lock.release();
  });

  it('treats a holder in another container as alive while its file is fresh', async () => {
    const path = join(folder(), 'vigil.lock');
    const elsewhere = { machine: 'another/boot/pid:[1]' };
    leave(path, elsewhere);
    expect(() => lockFor(path, 'the folder')).toThrow(/in use by another Vigil/);
    leave(path, elsewhere, 60_000);
    lockFor(path, 'the folder').release();

    const holder = starter(path);
    await holder.next();
    expect(await holder.tell()).toBe('held');
    const [file = ''] = readdirSync(join(path, '..'));
    const before = new Date(Date.now() - 60_000);
    const text = readFileSync(join(path, '..', file), 'utf8');
    writeFileSync(join(path, '..', file), text.replace(/"machine":"[^"]*"/, '"machine":"another/boot/pid:[1]"'));
    utimesSync(join(path, '..', file), before, before);
    expect(() => lockFor(path, 'the folder')).toThrow(/in use by another Vigil/);
  });

  it('gives a lock that was left behind to exactly one of many, and later to the next ones', async () => {
    const path = join(folder(), 'vigil.lock');
    const starters = Array.from({ length: 6 }, () => starter(path));
    await Promise.all(starters.map((each) => each.next()));
    for (let round = 0; round < 15; round += 1) {
      leave(path, { pid: goneId() });
      const answers = await Promise.all(starters.map((each) => each.tell()));
      expect(answers.filter((answer) => answer === 'held')).toHaveLength(1);
      const winner = starters[answers.indexOf('held')];
      for (const answer of answers)
        expect(answer).toMatch(
          new RegExp(`^held$|is in use by another Vigil \\(process ${winner?.child.pid ?? 0}\\)$`),
        );
      expect(await winner?.tell()).toBe('free');
    }
  });

  it('is free immediately after its holder is killed', async () => {
    const path = join(folder(), 'vigil.lock');
    const holder = starter(path);
    await holder.next();
    expect(await holder.tell()).toBe('held');
    await expect(waitUntilFree(path, 'the folder', 50)).rejects.toThrow(/in use by another Vigil/);
    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    await waitUntilFree(path, 'the folder', 0);
    lockFor(path, 'the folder').release();
  });
});
