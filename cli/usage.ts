/** Command lines: parsed strictly, with a text for `--help`. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { messageOf } from '../platform/shell-error.ts';

/** The command line is wrong; the message says how. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T; strict: true; allowPositionals: true }>>;

/** Prints `help` and ends the process when `--help` is asked for. @throws UsageError */
export function readArguments<T extends Options>(args: readonly string[], options: T, help: string): Values<T> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(help);
    process.exit(0);
  }
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${help}`);
  }
}
