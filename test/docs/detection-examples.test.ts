/** The detections that `docs/how-to/write-a-detection.md` prints are loaded, and their fixtures pass. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeProblem, loadDetections } from '../../detector/catalogue/load.ts';
import { testDetection } from '../../detector/catalogue/test-detection.ts';
import { packageRoot } from '../../platform/files/package-root.ts';
import { hash128 } from '../../platform/hash.ts';

const page = readFileSync(join(packageRoot, 'docs', 'how-to', 'write-a-detection.md'), 'utf8');
const examples = [...page.matchAll(/^```yaml\n(?<text>[^]*?)^```$/gm)].map(({ groups }) => groups?.['text'] ?? '');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-examples-'));
  for (const [index, text] of examples.entries()) writeFileSync(join(folder, `example-${index}.yaml`), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('loads all four and does what their fixtures say', async () => {
  const { detections, problems } = await loadDetections([folder], { hash128 });
  expect(problems.map(describeProblem)).toEqual([]);
  expect(detections.map(({ detection }) => detection.kind).sort()).toEqual([
    'baseline',
    'first-seen',
    'match',
    'match',
  ]);
  const results = detections.flatMap(({ detection, rule }) => testDetection(detection, rule, { hash128 }));
  expect(results.length).toBeGreaterThanOrEqual(12);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
});
