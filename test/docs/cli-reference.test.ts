/** `docs/reference/cli.md` is what `vigil --help` and each command's `--help` print. */
import { expect, it } from '@jest/globals';
import { run } from '../support/vigil.ts';
import { generatedNote, referencePage } from './reference-page.ts';

/** A line of the list of commands: two spaces, the name, spaces, the summary. */
const COMMAND = /^ {2}(?<name>[a-z]+) +(?<summary>\S.*)$/;

async function helpOf(...args: string[]): Promise<string> {
  const process = run([...args, '--help'], { COLUMNS: '120' });
  expect([args, await process.ended()]).toEqual([args, 0]);
  return process.output().trimEnd();
}

async function page(): Promise<string> {
  const usage = await helpOf();
  const commands = usage.split('\n').flatMap((line) => {
    const { name, summary } = COMMAND.exec(line)?.groups ?? {};
    return name === undefined || summary === undefined ? [] : [{ name, summary }];
  });
  expect(commands.length).toBeGreaterThan(10);
  const byHelp = new Map<string, { name: string; summary: string }[]>();
  for (const command of commands) {
    const help = await helpOf(command.name);
    byHelp.set(help, [...(byHelp.get(help) ?? []), command]);
  }
  return [
    '# Command line',
    '',
    generatedNote('the help of the program', 'test/docs/cli-reference'),
    '',
    'In a checkout, `npm run vigil -- COMMAND` runs a command after `npm run build`, and `npm run --silent vigil -- COMMAND` prints nothing else.',
    'A command that fails ends with exit code 1, a wrong command line with 2.',
    '',
    ...fenced(usage),
    ...[...byHelp].flatMap(([help, sharing]) => [
      `## ${sharing.map(({ name }) => `vigil ${name}`).join(', ')}`,
      '',
      ...fenced(help),
    ]),
  ].join('\n');
}

const fenced = (text: string): readonly string[] => ['```text', text, '```', ''];

it('docs/reference/cli.md is what the program prints', async () => {
  const wanted = await page();
  expect(referencePage('cli.md', wanted)).toBe(wanted);
});
