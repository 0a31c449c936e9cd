/**
 * `npm run bench -- --part sync [--rounds N]`: measures how long a commit of the spool waits for the disk: in turn at
 * the end of a growing file and over an existing file, while another writer fills the page cache like a broker does.
 */
import { closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, write, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { percentile, result } from './support/measure.ts';

const COMMITS = 500;
const COMMIT = Buffer.alloc(60 * 1024, 1);
const BETWEEN_MS = 8;
const CHUNK = Buffer.alloc(1024 ** 2, 2);
const OTHER_EVERY_MS = 50;
const OTHER_BYTES = 512 * 1024 ** 2;

const writeAt = promisify(write);
const syncData = promisify(fdatasync);

export async function benchSync(folder: string, rounds: number): Promise<void> {
  const over = new AbortController();
  const other = (async () => {
    const file = openSync(join(folder, 'other'), 'w');
    for (let at = 0; !over.signal.aborted; at += CHUNK.length) {
      if (at >= OTHER_BYTES) ftruncateSync(file, (at = 0));
      await writeAt(file, CHUNK, 0, CHUNK.length, at);
      await sleep(OTHER_EVERY_MS);
    }
    closeSync(file);
  })();
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of ['grown', 'written_over'] as const) {
      const file = openSync(join(folder, kind), 'w');
      if (kind === 'written_over') {
        for (let at = 0; at < COMMITS * COMMIT.length; at += CHUNK.length) writeSync(file, CHUNK, 0, CHUNK.length, at);
        fsyncSync(file);
      }
      const waitsMs: number[] = [];
      for (let n = 0; n < COMMITS; n += 1) {
        const begun = performance.now();
        await writeAt(file, COMMIT, 0, COMMIT.length, n * COMMIT.length);
        await syncData(file);
        waitsMs.push(performance.now() - begun);
        await sleep(BETWEEN_MS);
      }
      closeSync(file);
      waitsMs.sort((a, b) => a - b);
      for (const share of [0.5, 0.99]) result(`sync.${kind}_p${100 * share}`, percentile(waitsMs, share), 'ms');
    }
  }
  over.abort();
  await other;
}
