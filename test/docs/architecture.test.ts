/** The table of rooms in `docs/concepts/architecture.md` is the table that the structure check enforces. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { packageRoot } from '../../platform/files/package-root.ts';
import { ROOMS } from '../structure/rooms.mjs';

const page = readFileSync(join(packageRoot, 'docs', 'concepts', 'architecture.md'), 'utf8');

function tableBelow(heading: string): readonly (readonly string[])[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) => row.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '')));
}

it('lists every room with its import arrows', () => {
  const wanted = Object.entries(ROOMS).map(([room, { imports }]) => {
    const names = imports === 'all' ? ['all'] : imports.map((name) => `\`${name}\``);
    return [`\`${room}/\``, names.length === 0 ? 'nothing' : names.join(', ')];
  });
  expect(tableBelow('Rooms').map((row) => [row[0], row[2]])).toEqual(wanted);
});

it('has a row for each of the eight changes', () => {
  const rows = tableBelow('Eight changes and where they go');
  expect(rows).toHaveLength(8);
  for (const row of rows) expect(row).toHaveLength(4);
});
