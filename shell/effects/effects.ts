/**
 * What a parsed line does to files and to the network, by its own words: redirections, and the programs of the tables in this
 * folder. A path or host that is only mentioned (in a message, a pattern, a program that is not listed) is no effect, and
 * nothing is guessed. The work is linear in the line; the number of effects is limited and the rest is counted.
 *
 * Two projections use the same tables: the effects of a line from which events are derived, and all effects of one command,
 * by which rules judge it.
 */
import type { ParsedLine, Redirection, SimpleCommand } from '../parsed.ts';
import { authorityAddress, portOf } from '../hosts.ts';
import { ARCHIVERS } from './programs/archives.ts';
import type { ProgramReader } from './call.ts';
import { EDITORS } from './programs/editors.ts';
import type { Cause, Effect } from './effect.ts';
import { ENCRYPTION } from './programs/encryption.ts';
import { Findings } from './findings.ts';
import { withFound } from './found.ts';
import { HTTP_CLIENTS } from './programs/http-clients.ts';
import { READERS } from './programs/readers.ts';
import { REMOTE_HOSTS } from './programs/remote-hosts.ts';
import { SCRIPTS } from './programs/scripts.ts';
import { SERVICES } from './programs/services.ts';
import { CMD, POWERSHELL, WINDOWS_PROGRAMS } from './programs/windows-programs.ts';
import { WRITERS } from './programs/writers.ts';

export interface Effects {
  /** In source order, each once. */
  readonly effects: readonly Effect[];
  /** Effects beyond the limit, which are not included. */
  readonly surplus: number;
}

/** Events derived from one line; more of them are a list of files, not separate actions. */
export const EFFECTS_PER_LINE = 64;
/** Effects of one command that rules see: so many that a list of harmless names hides none. */
export const EFFECTS_PER_COMMAND = 1_024;

const POSIX_PROGRAMS = programs(
  READERS,
  WRITERS,
  ARCHIVERS,
  EDITORS,
  ENCRYPTION,
  SCRIPTS,
  HTTP_CLIENTS,
  REMOTE_HOSTS,
  SERVICES,
  WINDOWS_PROGRAMS,
  cmdletsIn(POWERSHELL),
);
const PROGRAMS: Readonly<Record<ParsedLine['shell'], ReadonlyMap<string, ProgramReader>>> = {
  posix: POSIX_PROGRAMS,
  powershell: new Map([...POSIX_PROGRAMS, ...programs(POWERSHELL)]),
  cmd: new Map([...POSIX_PROGRAMS, ...programs(CMD)]),
};

const NONE: Effects = { effects: [], surplus: 0 };

/** The effects of a line from which events are derived: see `isEvent`. */
export function effectsOf(line: ParsedLine, limit = EFFECTS_PER_LINE): Effects {
  let findings: Findings | undefined;
  for (const { commands } of line.pipelines)
    for (const command of commands) {
      const reader = readerOf(command.program, line.shell);
      if (reader === undefined && command.redirections.length === 0) continue;
      findings ??= new Findings({ limit, only: 'events' });
      report(command, command.arguments, reader, findings);
    }
  return findings ?? NONE;
}

/**
 * All effects of one command, the possible ones and those on other machines included.
 *
 * @param found files that a `find` hands to it, see `foundFiles`
 */
export function commandEffects(
  command: SimpleCommand,
  shell: ParsedLine['shell'],
  found: readonly string[] = [],
): readonly Effect[] {
  const reader = readerOf(command.program, shell);
  // On a file system that ignores case, `CAT` runs `cat`.
  const likely = reader === undefined ? readerOf(command.program.toLowerCase(), shell) : undefined;
  if (reader === undefined && likely === undefined && command.redirections.length === 0) return [];
  const findings = new Findings({ limit: EFFECTS_PER_COMMAND, only: 'everything' });
  report(command, command.arguments, reader, findings);
  findings.possibly(() => {
    if (likely !== undefined) report(command, command.arguments, likely, findings);
    if (found.length > 0) report(command, withFound(command, found), reader ?? likely, findings);
  });
  return findings.effects;
}

/** `python3.12` is `python3`; names of other programs end in digits that matter (`7z`). */
const VERSIONED = /^(python|perl|ruby|php|node|lua)[\d.]+$/;

function readerOf(program: string, shell: ParsedLine['shell']): ProgramReader | undefined {
  const table = PROGRAMS[shell];
  const name = shell === 'posix' ? program : program.toLowerCase();
  const reader = table.get(name);
  if (reader !== undefined) return reader;
  const base = VERSIONED.exec(name)?.[1];
  return base === undefined ? undefined : table.get(base);
}

function report(
  command: SimpleCommand,
  words: readonly string[],
  reader: ProgramReader | undefined,
  to: Findings,
): void {
  to.of(causeOf(command), command.folder);
  reader?.({ name: command.program.toLowerCase(), arguments: words, assignments: command.assignments }, to);
  for (const redirection of command.redirections) redirected(redirection, to);
}

/** A program of two tables is read by both: `python` runs a script and installs packages. */
function programs(...tables: readonly Readonly<Record<string, ProgramReader>>[]): Map<string, ProgramReader> {
  const readers = new Map<string, ProgramReader>();
  for (const [name, reader] of tables.flatMap((table) => Object.entries(table))) {
    const known = readers.get(name);
    readers.set(name, known === undefined ? reader : inTurn(known, reader));
  }
  return readers;
}

function inTurn(first: ProgramReader, second: ProgramReader): ProgramReader {
  return (call, to) => {
    first(call, to);
    second(call, to);
  };
}

/** Cmdlets whose names mean the same in every shell: the full ones, and the aliases that no other program has. */
function cmdletsIn(table: Readonly<Record<string, ProgramReader>>): Readonly<Record<string, ProgramReader>> {
  return Object.fromEntries(
    Object.entries(table).filter(([name]) => name.includes('-') || name === 'iwr' || name === 'irm'),
  );
}

/** Wrappers whose command sees other files: on another machine, in a container, under another root. */
const ELSEWHERE =
  /^(?:ssh|mosh|docker|podman|nerdctl|docker-compose|podman-compose|kubectl|oc|chroot|nsenter|wsl)(?: |$)/;

function causeOf({ program, exitStatus, wrappers }: SimpleCommand): Cause {
  const elsewhere = wrappers.find((wrapper) => ELSEWHERE.test(wrapper));
  return elsewhere === undefined ? { program, exitStatus } : { program, exitStatus, elsewhere };
}

function redirected({ operator, target, around }: Redirection, to: Findings): void {
  if (operator === '<<<' || (operator.includes('&') && /^(?:\d+|-|\d+-)$/.test(target))) return;
  const device = /^\/dev\/(tcp|udp)\/([^/]{1,253})\/(\w{1,32})$/.exec(target);
  if (device !== null) {
    const address = authorityAddress(device[2] ?? '', device[1]);
    const port = portOf(device[3]);
    if (address !== undefined) to.network(port === undefined ? address : { ...address, port });
    return;
  }
  const open = (): void => {
    if (operator === '<' || operator === '<&') to.read(target);
    else if (operator === '<>') to.file('update', target, 'open');
    else if (operator.endsWith('>>')) to.file('update', target, 'append');
    else to.create(target);
  };
  if (around === undefined) open();
  else to.within(around.folder, open);
}
