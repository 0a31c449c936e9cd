/** Checks every shipped detection: its fixtures, and the rules for its content. */
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { hash128 } from '../../platform/hash.ts';
import { type Loaded, SHIPPED_DETECTIONS, describeProblem, loadDetections } from '../catalogue/load.ts';
import { compileSelection, compileSigma } from '../sigma/compile.ts';
import { isKnownField } from '../sigma/fields.ts';
import { testDetection } from '../catalogue/test-detection.ts';

const tools = { hash128 };
let loaded: Loaded;

beforeAll(async () => {
  loaded = await loadDetections([SHIPPED_DETECTIONS], tools);
});

/** Returns all fields that a rule names. */
function fieldsOf({ detection }: Loaded['detections'][number]): readonly string[] {
  if (detection.kind === 'match') return compileSigma(detection.sigma).fields;
  const where = detection.where === undefined ? [] : compileSelection(detection.where).fields;
  const value = detection.kind === 'first-seen' ? (detection.value.match(/\{[^{}]+\}/g) ?? [detection.value]) : [];
  return [...where, ...value.map((name) => name.replaceAll(/[{}]/g, ''))];
}

describe('shipped detections', () => {
  it('all load', () => {
    expect(loaded.problems.map(describeProblem)).toEqual([]);
    expect(loaded.detections.length).toBeGreaterThanOrEqual(40);
  });

  it('pass their fixtures', () => {
    const failed = loaded.detections.flatMap(({ detection, rule }) =>
      testDetection(detection, rule, tools)
        .filter(({ passed }) => !passed)
        .map(({ expected, number, detail }) => `${detection.id}: ${expected} ${number}: ${detail}`),
    );
    expect(failed).toEqual([]);
  });

  it('have the name of their file and are in a category folder', () => {
    for (const { file, detection } of loaded.detections) {
      expect(basename(file, '.yaml')).toBe(detection.id);
      expect(file).toMatch(/^(?:command|file|network|approval|sandbox|usage|tool)\/[a-z0-9-]+\.yaml$/);
    }
    const subjects = new Set(loaded.detections.map(({ file }) => file.split('/')[0]));
    expect([...subjects].sort()).toEqual(['approval', 'command', 'file', 'network', 'sandbox', 'tool', 'usage']);
  });

  it('use only fields that exist', () => {
    const unknown = loaded.detections.flatMap((one) => fieldsOf(one).filter((name) => !isKnownField(name)));
    expect(unknown).toEqual([]);
  });

  it('use every selection they define', () => {
    for (const { detection } of loaded.detections) {
      if (detection.kind !== 'match') continue;
      const { condition, ...selections } = detection.sigma;
      const words = [condition].flat().join(' ');
      if (/\bof them\b/.test(words)) continue;
      const patterns = words.match(/[\w*]+/g) ?? [];
      const isUsed = (name: string) =>
        patterns.some((word) => word === name || (word.endsWith('*') && name.startsWith(word.slice(0, -1))));
      expect({ id: detection.id, unused: Object.keys(selections).filter((name) => !isUsed(name)) }).toEqual({
        id: detection.id,
        unused: [],
      });
    }
  });

  it('give the analyst all the required information', () => {
    const titles = new Set(loaded.detections.map(({ detection }) => detection.title));
    expect(titles.size).toBe(loaded.detections.length);
    for (const { detection } of loaded.detections) {
      expect(detection.title).not.toMatch(/[.:]$/);
      expect(detection.description.length).toBeGreaterThan(60);
      expect(['experimental', 'test']).toContain(detection.status);
      expect(detection.attack.length + detection.atlas.length).toBeGreaterThan(0);
      expect(detection.owasp.length).toBeGreaterThan(0);
    }
  });

  it('name a technique by its old and its new number', () => {
    // ATT&CK v19 revoked the old number in favour of the new one; analysts search for both.
    const renamed: Readonly<Record<string, string>> = {
      T1562: 'T1685',
      'T1562.001': 'T1685',
      'T1562.004': 'T1686',
      'T1562.008': 'T1685.002',
    };
    for (const { detection } of loaded.detections)
      for (const [old, current] of Object.entries(renamed))
        if (detection.attack.includes(old)) expect(detection.attack).toContain(current);
  });
});
