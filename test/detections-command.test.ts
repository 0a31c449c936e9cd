/** `vigil detections`, as a person meets it. */
import { expect, it } from '@jest/globals';
import { run } from './support/programs/vigil.ts';

it('says in one sentence that there is no such folder', async () => {
  const missing = run(['detections', 'list', '--detections', 'nosuch']);
  expect([await missing.ended(), missing.output()]).toEqual([
    1,
    expect.stringMatching(/^vigil: cannot read detections: ENOENT: [^\n]*nosuch'\n$/),
  ]);
});
