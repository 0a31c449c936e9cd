import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../log.ts';
import { layRequest, leaveRequest, serveRequests } from './requests-folder.ts';

const parent = mkdtempSync(join(tmpdir(), 'vigil-requests-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let number = 0;
const newFolder = (): string => join(parent, String((number += 1)));

it('carries out requests left before it started, then new ones', async () => {
  const folder = newFolder();
  const done: string[] = [];
  const carry = (name: string) => async () => Promise.resolve(done.push(name)).then(() => undefined);
  layRequest(folder, 'a');
  const served = serveRequests(folder, { a: carry('a'), b: carry('b') }, silentLog);
  await served.first;
  expect(done).toEqual(['a']);
  await leaveRequest(folder, 'b', { timeoutMs: 20_000 });
  expect(done).toEqual(['a', 'b']);
  await served.stop();
  expect(readdirSync(folder)).toEqual([]);
});

it('reports the reason of a failure, once', async () => {
  const folder = newFolder();
  let failing = true;
  const carry = async (): Promise<void> =>
    failing ? Promise.reject(new Error('the disk is full')) : Promise.resolve();
  const served = serveRequests(folder, { a: carry }, silentLog);
  await expect(leaveRequest(folder, 'a', { timeoutMs: 20_000 })).rejects.toMatchObject({
    code: 'REQUEST_FAILED',
    message: 'the disk is full',
  });
  failing = false;
  await leaveRequest(folder, 'a', { timeoutMs: 20_000 });
  await served.stop();
  expect(readdirSync(folder)).toEqual([]);
});

it('leaves the request in progress for the next start when it stops', async () => {
  const folder = newFolder();
  layRequest(folder, 'a');
  const served = serveRequests(
    folder,
    {
      a: (stopping) =>
        new Promise((_, reject) => stopping.addEventListener('abort', () => reject(new Error('stopped')))),
    },
    silentLog,
  );
  await served.stop();
  expect(readdirSync(folder)).toEqual(['a']);
});

it('is withdrawn when no process answers', async () => {
  const folder = newFolder();
  await expect(leaveRequest(folder, 'a', { timeoutMs: 10 })).rejects.toMatchObject({ code: 'NO_ANSWER' });
  expect(readdirSync(folder)).toEqual([]);
});
