import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { thisProcess } from '../process/process-identity.ts';
import { openEnvironment } from './environment.ts';
import { openFolderLock } from './folder-lock.ts';

let folder = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: readonly string[]): ChildProcess {
  const program = fileURLToPath(new URL('test-support/file-user.ts', import.meta.url));
  const register = fileURLToPath(new URL('../../test/support/clickhouse/clickhouse-register.mjs', import.meta.url));
  const child = spawn(process.execPath, ['--import', register, program, folder, ...args], { stdio: 'inherit' });
  children.push(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function numberOfKeys(): number {
  const exclusion = openFolderLock(folder);
  const environment = openEnvironment(join(folder, 'shared.mdb'), { create: false, mapBytes: 1024 ** 2, exclusion });
  const count = environment?.store.getCount() ?? 0;
  environment?.release();
  exclusion.release();
  return count;
}

describe('a file that several processes write, while others open it, close it and are killed', () => {
  it('has every commit', async () => {
    const writers = ['a', 'b'].map((name) => start('write', name, '3000'));
    const ends = Promise.all(writers.map((writer) => once(writer, 'exit')));
    for (const giveUpAt = Date.now() + 45_000; writers.some(({ exitCode }) => exitCode === null);) {
      if (Date.now() > giveUpAt) throw new Error('a writer stands still');
      const opener = start('open');
      await Promise.race([ends, sleep(700 + Math.random() * 300)]);
      await kill(opener);
    }
    expect(await ends).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(numberOfKeys()).toBe(6_000);
  }, 60_000);
});

describe('the queue', () => {
  it('advances when the action ends, and when it throws', () => {
    const lock = openFolderLock(folder);
    expect(lock.hold(() => lstatSync(join(folder, 'turn')).isSymbolicLink())).toBe(true);
    expect(existsSync(join(folder, 'turn'))).toBe(false);
    expect(() =>
      lock.hold(() => {
        throw new RangeError('within');
      }),
    ).toThrow(RangeError);
    expect(lock.hold(() => lock.hold(() => 'within itself'))).toBe('within itself');
    lock.release();
  });

  it.each([
    { left: 'by a process that is gone', name: JSON.stringify({ ...thisProcess(), startedAt: '1' }) },
    { left: 'with a name that says nothing', name: 'x' },
  ])('left $left is taken over', ({ name }) => {
    symlinkSync(name, join(folder, 'turn'));
    const lock = openFolderLock(folder);
    expect(lock.hold(() => lstatSync(join(folder, 'turn')).isSymbolicLink())).toBe(true);
    lock.release();
  });

  it('that does not advance, because its holder is frozen or another file blocks it, is skipped', () => {
    symlinkSync(JSON.stringify(thisProcess()), join(folder, 'turn'));
    const lock = openFolderLock(folder);
    const pauses = jest.spyOn(Atomics, 'wait');
    const pausesOfHold = (): number => {
      pauses.mockClear();
      expect(lock.hold(() => 'done')).toBe('done');
      return pauses.mock.calls.length;
    };
    expect(pausesOfHold()).toBeGreaterThan(1);
    // It does not wait a second time for the same link.
    expect([pausesOfHold(), pausesOfHold(), pausesOfHold()]).toEqual([0, 0, 0]);
    pauses.mockRestore();
    rmSync(join(folder, 'turn'));
    expect(lock.hold(() => lstatSync(join(folder, 'turn')).isSymbolicLink())).toBe(true);
    writeFileSync(join(folder, 'turn'), 'a file');
    expect(lock.hold(() => 'done')).toBe('done');
    lock.release();
  });
});
