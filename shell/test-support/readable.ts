/** A parsed line as short text, for the tables of the tests: `sudo>env: curl -s <u> | sh` reads at a glance. */
import type { ParsedLine, SimpleCommand } from '../parsed.ts';

/** One text per pipeline: wrappers before a colon, words that hold blanks in brackets, redirections at the end. */
export function readable(parsed: ParsedLine): readonly string[] {
  return parsed.pipelines.map(
    ({ commands, background }) => commands.map(readableCommand).join(' | ') + (background ? ' &' : ''),
  );
}

/** Programs of the pipelines and of the other data paths: `curl>sh`. */
export function readableFlows(parsed: ParsedLine): readonly string[] {
  return parsed.flows.map(({ commands }) => commands.map(({ program }) => program).join('>'));
}

function readableCommand(command: SimpleCommand): string {
  const { program, arguments: words, wrappers, assignments, redirections } = command;
  const parts = [
    ...assignments.map(({ name, value }) => `${name}=${bracketed(value)}`),
    ...(command.programPath === '' ? [] : [program]),
    ...words.map(bracketed),
    ...redirections.map(({ operator, fd, target }) => `${fd}${operator}${bracketed(target)}`),
  ];
  return `${wrappers.length === 0 ? '' : `${wrappers.join('>')}: `}${parts.join(' ')}`;
}

function bracketed(word: string): string {
  return word === '' || /\s/.test(word) ? `[${word}]` : word;
}
