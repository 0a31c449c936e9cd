/**
 * What a parsed line does to files and to the network, as far as its own words tell: redirections, and the programs of the
 * tables beside this file. A path or host that is merely mentioned (in a message, a pattern, a program that is not listed)
 * is none, what only the running shell knows is left as written or out, and nothing is guessed.
 *
 * The work is linear in the line; the number of effects is bounded and what is beyond it is counted.
 */
import type { ParsedLine, Redirection, SimpleCommand } from '../parsed.ts';
import { authorityAddress, portOf } from '../hosts.ts';
import { ARCHIVERS } from './archives.ts';
import type { ProgramReader } from './call.ts';
import type { Cause, Effect, NetworkEffect } from './effect.ts';
import { Findings } from './findings.ts';
import { HTTP_CLIENTS } from './http-clients.ts';
import { READERS } from './readers.ts';
import { REMOTE_HOSTS } from './remote-hosts.ts';
import { SERVICES } from './services.ts';
import { CMD, POWERSHELL, WINDOWS_PROGRAMS } from './windows-programs.ts';
import { WRITERS } from './writers.ts';

export interface Effects {
  /** In source order, each once. */
  readonly effects: readonly Effect[];
  /** Effects beyond the limit, which are not given. */
  readonly surplus: number;
}

/** Effects told of one line; more of them are a list of files, not a deed each. */
export const EFFECTS_PER_LINE = 64;
/** Effects of one command among which its hosts are looked for. */
const EFFECTS_PER_COMMAND = 1024;

const POSIX_PROGRAMS = programs(
  READERS,
  WRITERS,
  ARCHIVERS,
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

export function effectsOf(line: ParsedLine, limit = EFFECTS_PER_LINE): Effects {
  let findings: Findings | undefined;
  for (const { commands } of line.pipelines)
    for (const command of commands) {
      const reader = readerOf(command, line.shell);
      if (reader === undefined && command.redirections.length === 0) continue;
      report(command, reader, (findings ??= new Findings({ effects: limit })));
    }
  return findings ?? NONE;
}

/** The hosts that one command connects to. */
export function networkEffectsOf(command: SimpleCommand, shell: ParsedLine['shell']): readonly NetworkEffect[] {
  const reader = readerOf(command, shell);
  if (reader === undefined && command.redirections.length === 0) return [];
  const findings = new Findings({ effects: EFFECTS_PER_COMMAND });
  report(command, reader, findings);
  return findings.effects.filter((effect) => effect.kind === 'network');
}

function readerOf({ program }: SimpleCommand, shell: ParsedLine['shell']): ProgramReader | undefined {
  return PROGRAMS[shell].get(shell === 'posix' ? program : program.toLowerCase());
}

function report(command: SimpleCommand, reader: ProgramReader | undefined, to: Findings): void {
  to.of(causeOf(command), command.folder);
  reader?.({ name: command.program.toLowerCase(), arguments: command.arguments, assignments: command.assignments }, to);
  for (const redirection of command.redirections) redirected(redirection, to);
}

function programs(...tables: readonly Readonly<Record<string, ProgramReader>>[]): Map<string, ProgramReader> {
  return new Map(tables.flatMap((table) => Object.entries(table)));
}

/** Cmdlets by their full names, which mean the same in whatever shell they were written for; aliases do not. */
function cmdletsIn(table: Readonly<Record<string, ProgramReader>>): Readonly<Record<string, ProgramReader>> {
  return Object.fromEntries(Object.entries(table).filter(([name]) => name.includes('-')));
}

/** Wrappers behind which other files lie: another machine, a container, another root. */
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
  const opened = (): void => {
    if (operator === '<' || operator === '<&') to.read(target);
    else if (operator === '<>') to.file('update', target, 'open');
    else if (operator.endsWith('>>')) to.file('update', target, 'append');
    else to.create(target);
  };
  if (around === undefined) opened();
  else to.within(around.folder, opened);
}
