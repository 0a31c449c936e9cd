/** The files that `find` hands on to other commands, as far as its words name them. */
import type { ParsedLine, Pipeline, SimpleCommand } from '../parsed.ts';
import { inFolder } from './call.ts';

/** Roots and patterns of one `find` that are combined. */
const MAX_ROOTS = 16;

/** By command, what a `find` of the line hands to it through `-exec` or `xargs`. */
export function foundFiles(line: ParsedLine): ReadonlyMap<SimpleCommand, readonly string[]> {
  const found = new Map<SimpleCommand, readonly string[]>();
  let last: SimpleCommand | undefined;
  for (const pipeline of line.pipelines)
    for (const [index, command] of pipeline.commands.entries()) {
      const source = sourceOf(command, last, pipeline, index);
      if (source !== undefined) found.set(command, foundBy(source.arguments));
      if (command.program === 'find') last = command;
    }
  return found;
}

function sourceOf(
  command: SimpleCommand,
  last: SimpleCommand | undefined,
  pipeline: Pipeline,
  index: number,
): SimpleCommand | undefined {
  if (last !== undefined && command.wrappers.includes('find -exec')) return last;
  if (!command.wrappers.includes('xargs')) return undefined;
  return pipeline.commands.slice(0, index).find(({ program }) => program === 'find');
}

/** The command with these files in the place of `{}`; `xargs` appends them where there is none. */
export function withFound(command: SimpleCommand, found: readonly string[]): readonly string[] {
  const hasPlace = command.arguments.some((word) => word.includes('{}'));
  if (!hasPlace) return command.wrappers.includes('xargs') ? [...command.arguments, ...found] : command.arguments;
  return command.arguments.flatMap((word) =>
    word.includes('{}') ? found.map((path) => word.replaceAll('{}', () => path)) : [word],
  );
}

/** What a `find` with these words finds: its roots, each with the names that it looks for. */
export function foundBy(words: readonly string[]): readonly string[] {
  const roots = rootsOf(words).slice(0, MAX_ROOTS);
  const names: string[] = [];
  const whole: string[] = [];
  for (let at = 1; at < words.length && names.length + whole.length < MAX_ROOTS; at++) {
    const test = words[at - 1] ?? '';
    const value = words[at] ?? '';
    if (/^(?:!|-not)$/.test(words[at - 2] ?? '')) continue;
    if (/^-i?name$/.test(test)) names.push(value);
    else if (/^-i?(?:path|wholename)$/.test(test)) whole.push(value);
  }
  if (names.length === 0 && whole.length === 0) return roots;
  return [...roots.flatMap((root) => names.map((name) => inFolder(root, name))), ...whole];
}

/** Where `find` starts: its words before the first test. */
function rootsOf(words: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => /^[-(!]/.test(word) && !/^-(?:[HLP]|D|O\d?)$/.test(word));
  const roots = (first < 0 ? words : words.slice(0, first)).filter((word) => !word.startsWith('-'));
  return roots.length > 0 ? roots : ['.'];
}
