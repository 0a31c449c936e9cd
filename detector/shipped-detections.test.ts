/** Every detection that comes with Vigil does what its own fixtures say. */
import { describe, expect, it } from '@jest/globals';
import { hash128 } from '../platform/hash.ts';
import { feedersOf } from './agent-fields.ts';
import { SHIPPED_DETECTIONS, describeProblem, loadDetections } from './load.ts';
import { testDetection } from './test-detection.ts';

const { detections, problems } = await loadDetections([SHIPPED_DETECTIONS], { hash128 });

describe('the shipped detections', () => {
  it('are all sound', () => {
    expect(problems.map(describeProblem)).toEqual([]);
    expect(detections.length).toBeGreaterThanOrEqual(12);
  });

  it.each(detections.map((loaded) => ({ ...loaded, id: loaded.detection.id })))('$id', ({ file, detection, rule, id }) => {
    const failed = testDetection(detection, rule, { hash128 }).filter(({ passed }) => !passed);
    expect(failed).toEqual([]);
    expect(file.endsWith(`/${id}.yaml`)).toBe(true);
    // A detection that no agent can feed is a promise that is not kept.
    expect(feedersOf(detection.requires)).not.toEqual([]);
  }); // prettier-ignore
});
