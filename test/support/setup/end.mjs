/** Jest's global teardown: ends the shared services that tests started. */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export default async function teardown() {
  const folder = process.env.VIGIL_TEST_SHARED;
  if (folder === undefined || !existsSync(folder)) return;
  const guards = readdirSync(folder).filter((name) => name.endsWith('.guard'));
  await Promise.all(guards.map((name) => end(Number(readFileSync(join(folder, name), 'utf8')))));
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

async function end(guard) {
  try {
    process.kill(guard, 'SIGTERM');
    for (let waited = 0; waited < 100; waited += 1) {
      process.kill(guard, 0);
      await sleep(50);
    }
  } catch {
    // It has ended.
  }
}
