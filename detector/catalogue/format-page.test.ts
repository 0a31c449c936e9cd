import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { formatPage } from './format-page.ts';

const PAGE = new URL('../../docs/reference/detection-format.md', import.meta.url);

it('docs/reference/detection-format.md is what the schema and the fields say', () => {
  const wanted = formatPage();
  if (process.env['UPDATE_REFERENCE'] === '1') writeFileSync(PAGE, wanted);
  expect(readFileSync(PAGE, 'utf8')).toBe(wanted);
});

it('has a meaning for every key and every field', () => {
  expect(
    formatPage()
      .split('\n')
      .filter((line) => /\|\s*\|$/.test(line)),
  ).toEqual([]);
});
