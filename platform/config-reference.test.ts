import { expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigSchema } from './config.ts';

const PAGE = join(import.meta.dirname, '..', 'docs', 'reference', 'configuration.md');

function page(): string {
  const rows = Object.entries(ConfigSchema.shape).map(([name, schema]) => {
    const parsed = schema.safeParse(undefined);
    const value = parsed.success ? (parsed.data as string | number | boolean | undefined) : undefined;
    const told = value === true ? 1 : value === false ? 0 : value === join(homedir(), '.vigil') ? '~/.vigil' : value;
    const shown = told === undefined ? '' : `\`${String(told)}\``;
    return `| \`${name}\` | ${shown} | ${schema.description ?? ''} |`;
  });
  return `# Configuration

Settings are environment variables. A value out of bounds, or a \`VIGIL_\` variable that does not exist, stops the start with a sentence that
names it. This page is generated: \`UPDATE_REFERENCE=1 npm test\`.

| variable | default | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}

it('docs/reference/configuration.md says what the schema says', () => {
  if (process.env['UPDATE_REFERENCE'] === '1') {
    mkdirSync(dirname(PAGE), { recursive: true });
    writeFileSync(PAGE, page());
  }
  expect(readFileSync(PAGE, 'utf8')).toBe(page());
  for (const [name, schema] of Object.entries(ConfigSchema.shape))
    expect([name, schema.description]).toEqual([name, expect.stringMatching(/.{10,}/)]);
});
