/** Jest's global setup: a folder where the first test that needs a broker starts the one that all of the run share. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup() {
  if (process.env.VIGIL_TEST_KAFKA !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'vigil-kafka-run-'));
  writeFileSync(join(folder, 'run'), String(process.pid));
  process.env.VIGIL_TEST_KAFKA = folder;
}
