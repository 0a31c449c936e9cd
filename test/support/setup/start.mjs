/** Jest's global setup: the folder in which the first test that needs a shared service starts it. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup() {
  // Each project has this setup; the run has one folder.
  if (process.env.VIGIL_TEST_SHARED !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'vigil-run-'));
  writeFileSync(join(folder, 'owner'), String(process.pid));
  process.env.VIGIL_TEST_SHARED = folder;
}
