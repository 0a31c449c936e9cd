/** Jest's global teardown: ends the shared broker, if any test started it. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export default async function teardown() {
  const folder = process.env.VIGIL_TEST_KAFKA;
  if (folder === undefined || !existsSync(join(folder, 'run'))) return;
  if (existsSync(join(folder, 'guard'))) {
    const guard = Number(readFileSync(join(folder, 'guard'), 'utf8'));
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
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}
