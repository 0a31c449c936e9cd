import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recipesFor } from './recipes.ts';

it.each(recipesFor('http://127.0.0.1:4318'))('the README has the lines for $agent', ({ agent, where, lines }) => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const [, section = ''] = readme.split(`**${agent}**`);
  expect(section.split('**')[0]).toContain(where);
  expect(section.split('**')[0]).toContain(`\n${lines.join('\n')}\n`);
});
