/** Parses command lines strictly, with a text for `--help`. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { messageOf } from '../platform/shell-error.ts';

/** The command line is wrong, and the message says why. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T; strict: true; allowPositionals: true }>>;

/**
 * Prints `help` and exits when `--help` is given.
 *
 * @param words how many words are allowed besides the options
 * @throws UsageError
 */
export function readArguments<T extends Options>(
  args: readonly string[],
  options: T,
  help: string,
  words: number,
): Values<T> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(help);
    process.exit(0);
  }
  let parsed: Values<T>;
  try {
    parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${help}`);
  }
  const surplus = parsed.positionals[words];
  if (surplus !== undefined) throw new UsageError(`${JSON.stringify(surplus)} is not expected here\n\n${help}`);
  const empty = Object.entries(parsed.values).find(([, value]) => value === '');
  if (empty !== undefined) throw new UsageError(`--${empty[0]} is empty\n\n${help}`);
  return parsed;
}
