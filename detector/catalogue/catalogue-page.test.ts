import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { hash128 } from '../../platform/hash.ts';
import { type Entry, cataloguePage } from './catalogue-page.ts';
import { SHIPPED_DETECTIONS, loadDetections } from './load.ts';
import { techniqueOf } from './techniques.ts';

const PAGE = new URL('../../docs/reference/detections.md', import.meta.url);

let entries: readonly Entry[];
beforeAll(async () => {
  const { detections } = await loadDetections([SHIPPED_DETECTIONS], { hash128 });
  entries = detections.map(({ file, detection }) => ({ file, rule: detection }));
});

describe('docs/reference/detections.md', () => {
  it('is what the detections say', () => {
    const wanted = cataloguePage(entries);
    if (process.env['UPDATE_REFERENCE'] === '1') writeFileSync(PAGE, wanted);
    expect(readFileSync(PAGE, 'utf8')).toBe(wanted);
  });

  it('has as many as the README and the changelog say', () => {
    for (const name of ['README.md', 'CHANGELOG.md'])
      expect(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')).toContain(`${entries.length} detections`);
  });

  it('has a name for every technique', () => {
    const ids = entries.flatMap(({ rule }) => [...rule.attack, ...rule.atlas, ...rule.owasp]);
    expect(ids.filter((id) => techniqueOf(id) === undefined)).toEqual([]);
  });
});

it.each([
  ['T1059.004', 'https://attack.mitre.org/techniques/T1059/004/'],
  ['T1005', 'https://attack.mitre.org/techniques/T1005/'],
  ['AML.T0112.000', 'https://atlas.mitre.org/techniques/AML.T0112.000'],
])('%s is at %s', (id, url) => {
  expect(techniqueOf(id)?.url).toBe(url);
});

it('has no name for a technique that no shipped detection refers to', () => {
  expect(techniqueOf('T9999')).toBeUndefined();
});
