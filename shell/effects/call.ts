/** A simple command as the tables of programs see it, and how they are written. */
import type { SimpleCommand } from '../parsed.ts';
import { Arguments, type OptionForms } from './arguments.ts';
import type { Findings } from './findings.ts';

export type Call = Pick<SimpleCommand, 'arguments' | 'assignments'> & { readonly name: string };

/** Reports what a program does with its arguments. */
export type ProgramReader = (call: Call, to: Findings) => void;

export type Programs = Readonly<Record<string, ProgramReader>>;

/** A reader for all of these names. */
export function forNames(names: string, reader: ProgramReader): Programs {
  return Object.fromEntries(names.split(' ').map((name) => [name, reader]));
}

export function tableOf(tables: readonly Programs[]): Programs {
  return Object.fromEntries(tables.flatMap((table) => Object.entries(table)));
}

/** A reader of a program with these options. */
export function withOptions(
  forms: OptionForms,
  report: (args: Arguments, to: Findings, call: Call) => void,
): ProgramReader {
  return (call, to) => {
    report(new Arguments(call.arguments, forms), to, call);
  };
}

/** The last part of a path or of a URL's path; empty where it ends in a slash. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** A name within a folder. */
export function inFolder(folder: string, name: string): string {
  return /[\\/]$/.test(folder) ? folder + name : `${folder}/${name}`;
}
