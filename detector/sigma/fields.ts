/**
 * The names a rule can use: every field of an event, what a command line was parsed into, and Sigma's own names for
 * processes, files and connections. One table gives meaning, documentation and reading.
 */
import { hostsMentioned, isAddress, canonicalHost } from '../../shell/hosts.ts';
import type { LineFacts } from '../../shell/line-facts.ts';
import type { ParsedLine, Pipeline, SimpleCommand } from '../../shell/parsed.ts';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { columnOf } from '../../schemas/records/column.ts';
import { canonicalPath } from '../../shell/paths.ts';
import { comparable, deletesOf, hostsOf, opened, type PlacedPath, readsOf, writesOf } from './command-effects.ts';
import type { FieldValue } from './view.ts';

type Values = readonly FieldValue[] | undefined;

/** One simple command with its surroundings. */
export interface Place {
  readonly command: SimpleCommand;
  /** Its pipeline first, then every other data path through it. */
  readonly chains: readonly Chain[];
  /** The folder that it runs in, where that is known. */
  readonly cwd: string | undefined;
  readonly facts: LineFacts;
}

export interface Chain {
  readonly pipeline: Pipeline;
  /** Position of the command within it. */
  readonly index: number;
}

/** The source of a field's values: an event, its line, and one of the line's commands. */
export interface Source {
  readonly event: AgentEvent;
  readonly line: ParsedLine | undefined;
  readonly place: Place | undefined;
  /** The line has more commands than rules see. */
  readonly cut: boolean;
}

export interface FieldDefinition {
  readonly name: string;
  readonly of: 'event' | 'command' | 'pipeline' | 'line' | 'sigma';
  readonly description: string;
  readonly read: (source: Source) => Values;
}

/** Characters of a command that are compared; a longer one has a data file pasted into it. */
const MAX_LINE = 65_536;
/** Words or programs of one pipeline; more of them are data. */
const MAX_WORDS = 512;

function ofEvent(name: string, description: string, read: (event: AgentEvent) => Values): FieldDefinition {
  return { name, of: 'event', description, read: ({ event }) => read(event) };
}

function ofCommand(
  name: string,
  description: string,
  read: (command: SimpleCommand, place: Place) => Values,
): FieldDefinition {
  const readPlace = ({ place }: Source) => (place === undefined ? undefined : read(place.command, place));
  return { name, of: name.startsWith('pipeline.') ? 'pipeline' : 'command', description, read: readPlace };
}

function ofFiles(
  name: string,
  description: string,
  read: (effects: ReturnType<LineFacts['effectsOfCommand']>) => readonly PlacedPath[],
): FieldDefinition {
  return {
    name,
    of: 'command',
    description,
    read: ({ event, place }) =>
      place === undefined ? undefined : [...new Set(read(effectsOf(place)).map((path) => comparable(path, event.cwd)))],
  };
}

function ofLine(
  name: string,
  description: string,
  read: (line: ParsedLine, source: Source) => Values,
): FieldDefinition {
  return {
    name,
    of: 'line',
    description,
    read: (source) => (source.line === undefined ? undefined : read(source.line, source)),
  };
}

/** Community rules know no derived events: the command already has these fields. */
function ofSigma(name: string, description: string, read: (source: Source) => Values): FieldDefinition {
  return {
    name,
    of: 'sigma',
    description,
    read: (source) => (source.event.derivedFrom === undefined ? read(source) : undefined),
  };
}

const EVENT_FIELDS: readonly FieldDefinition[] = AgentEvent.keyof()
  .options.filter((name) => name !== 'attributes')
  .map((name) =>
    ofEvent(name, columnOf(AgentEvent.shape[name], name).description, (event) => {
      const value = event[name];
      if (value === undefined) return undefined;
      return Array.isArray(value) ? value : [value];
    }),
  );

const DERIVED_FIELDS: readonly FieldDefinition[] = [
  ofEvent(
    'file.path',
    'filePath with the home folder as `~`, forward slashes, no dots; relative paths taken from cwd',
    ({ filePath, cwd }) => one(filePath === undefined ? undefined : canonicalPath(filePath, cwd)),
  ),
  {
    name: 'network.host',
    of: 'event',
    description:
      'Host connected to: networkHost, or those that a command connects to; lower case, IPv4 dotted however it was written, IPv6 in its shortest form',
    read: ({ event, place }) => {
      if (event.networkHost !== undefined) return one(canonicalHost(event.networkHost) ?? event.networkHost);
      return place === undefined ? undefined : some(hostsOf(effectsOf(place)));
    },
  },
];

const COMMAND_FIELDS: readonly FieldDefinition[] = [
  ofCommand('command.program', 'What really runs: base name, wrappers removed', ({ program }) => one(program)),
  ofCommand(
    'command.tool',
    'The program where it is one that is installed: none for a script by its path or a word of the shell itself',
    (command) => one(installedTool(command)),
  ),
  ofCommand('command.programPath', 'The program as written, home folder as `~`', ({ programPath }, { cwd }) =>
    one(programPath.includes('/') ? canonicalPath(programPath, cwd) : programPath),
  ),
  ofCommand('command.arguments', 'Each word after the program, quoting resolved', (command) => command.arguments),
  ofCommand('command.line', 'Program and arguments joined by blanks, wrappers and redirections left out', (command) =>
    one(lineOf(command.program, command)),
  ),
  ofCommand(
    'command.flags',
    'Flags as written, short ones also one by one (`-rf`: `-rf`, `-r`, `-f`), long ones also without their value',
    (command) => flagsOf(command.arguments),
  ),
  ofCommand('command.operands', 'Arguments that are no flags', (command) =>
    command.arguments.filter((word) => !word.startsWith('-') || word === '-'),
  ),
  ofCommand(
    'command.wrappers',
    'Wrappers removed, outermost first: `sudo`, `env`, `bash -c`, …',
    (command) => command.wrappers,
  ),
  ofCommand('command.assignments', 'Names of the variables set for the command', (command) =>
    command.assignments.map(({ name }) => name),
  ),
  ofCommand('command.assignmentValues', 'Those variables as `NAME=value`', (command) =>
    command.assignments.map(({ name, value }) => `${name}=${value}`),
  ),
  ofCommand('command.redirections.operator', 'Operators of its redirections', (command) =>
    command.redirections.map(({ operator }) => operator),
  ),
  ofCommand('command.redirections.target', 'Targets of its redirections', (command) =>
    command.redirections.map(({ target }) => target),
  ),
  ofCommand('command.input', 'Text of its here-document or here-string', (command) => one(command.input)),
  ofCommand('command.origin', '`line`, `substitution`, `process-substitution` or `script`', (command) =>
    one(command.origin),
  ),
  ofFiles(
    'command.reads',
    'Files it reads, certainly or possibly, in the form of file.path; a moved file too',
    readsOf,
  ),
  ofFiles(
    'command.writes',
    'Files it creates or changes, certainly or possibly, in the form of file.path; not where only mode, owner or time change',
    writesOf,
  ),
  ofFiles(
    'command.deletes',
    'Files it deletes or moves away, certainly or possibly, in the form of file.path',
    deletesOf,
  ),
  ofCommand(
    'command.paths',
    'Every argument or redirection target that looks like a path, in the form of file.path',
    (command, { cwd }) => mentionedPaths(command, cwd),
  ),
  ofCommand(
    'command.hosts',
    'Every host it connects to or mentions in its words and its here-document',
    (command, place) => [...new Set([...hostsOf(effectsOf(place)), ...mentionedHosts(command)])],
  ),
  ofCommand(
    'pipeline.source',
    'First program of a pipeline of two or more, or of another way that data takes to the command',
    (_, { chains }) =>
      chains.flatMap(({ pipeline: { commands } }) => (commands.length > 1 ? programsOf(commands.slice(0, 1)) : [])),
  ),
  ofCommand(
    'pipeline.sink',
    'Last program of a pipeline of two or more, or of another way that data takes from the command',
    (_, { chains }) =>
      chains.flatMap(({ pipeline: { commands } }) => (commands.length > 1 ? programsOf(commands.slice(-1)) : [])),
  ),
  ofCommand('pipeline.programs', 'All programs of the pipeline', (_, { chains }) =>
    programsOf(chains[0]?.pipeline.commands ?? []),
  ),
  ofCommand('pipeline.arguments', 'All arguments of all programs of the pipeline', (_, { chains }) =>
    (chains[0]?.pipeline.commands ?? []).flatMap((command) => command.arguments).slice(0, MAX_WORDS),
  ),
  ofCommand(
    'pipeline.before',
    'Programs whose output reaches this command, also through groups, `<(…)` and `sh -c "$(…)"`',
    (_, { chains }) => chains.flatMap(({ pipeline, index }) => programsOf(pipeline.commands.slice(0, index))),
  ),
  ofCommand('pipeline.after', 'Programs that this command’s output reaches, by the same ways', (_, { chains }) =>
    chains.flatMap(({ pipeline, index }) => programsOf(pipeline.commands.slice(index + 1))),
  ),
];

const LINE_FIELDS: readonly FieldDefinition[] = [
  ofLine('line.programs', 'All programs of the whole line', (line) => [
    ...new Set(line.pipelines.flatMap(({ commands }) => commands.map(({ program }) => program))),
  ]),
  ofLine(
    'line.parse',
    '`complete`, or `partial` where some text could not be read or there was too much',
    (line, { cut }) => [cut ? 'partial' : line.parse],
  ),
  ofLine('line.shell', '`posix`, `powershell` or `cmd`', (line) => [line.shell]),
];

/** Fields of Sigma's process_creation, file_event, network_connection and dns categories; parents are not known. */
const SIGMA_FIELDS: readonly FieldDefinition[] = [
  ofSigma('CommandLine', 'The command with the program as written; in a pipeline also the whole of it', ({ place }) =>
    place === undefined ? undefined : commandLines(place),
  ),
  ofSigma('Image', 'Path of the program; a bare name is given the path `/usr/bin/…`', ({ place }) =>
    place === undefined ? undefined : one(imageOf(place.command)),
  ),
  ofSigma('OriginalFileName', 'Base name of the program', ({ place }) => one(place?.command.program)),
  ofSigma('CurrentDirectory', 'Working directory', ({ event, place }) => one(place?.cwd ?? event.cwd)),
  ofSigma('User', 'Account or e-mail address', ({ event }) => one(event.userId ?? event.userEmail)),
  ofSigma('Computer', 'Host', ({ event }) => one(event.host)),
  ofSigma(
    'TargetFilename',
    'File written or deleted, by a tool or by a command, as an absolute path where it is known',
    ({ event, place }) => targetsOf(event, place),
  ),
  ofSigma('DestinationHostname', 'Host connected to', (source) =>
    networkHosts(source)?.filter((host) => !isAddress(host)),
  ),
  ofSigma('DestinationIp', 'Address connected to', (source) => networkHosts(source)?.filter(isAddress)),
  ofSigma('DestinationPort', 'Port connected to', ({ event }) => one(event.networkPort)),
  ofSigma('QueryName', 'Name looked up: the host connected to', (source) =>
    networkHosts(source)?.filter((host) => !isAddress(host)),
  ),
];

/** Every field but `attributes.<key>`, of which there is one per key of the event. */
export const FIELDS: readonly FieldDefinition[] = [
  ...EVENT_FIELDS,
  ...DERIVED_FIELDS,
  ...COMMAND_FIELDS,
  ...LINE_FIELDS,
  ...SIGMA_FIELDS,
];

const BY_NAME: ReadonlyMap<string, FieldDefinition> = new Map(FIELDS.map((field) => [field.name, field]));
const ATTRIBUTE = 'attributes.';

export function fieldDefinition(name: string): FieldDefinition | undefined {
  return BY_NAME.get(name);
}

/** Whether a rule can use this name; one that is not known is most likely misspelt. */
export function isKnownField(name: string): boolean {
  return BY_NAME.has(name) || (name.startsWith(ATTRIBUTE) && name.length > ATTRIBUTE.length);
}

export function readAttribute(name: string, { attributes }: AgentEvent): Values {
  if (!name.startsWith(ATTRIBUTE)) return undefined;
  const key = name.slice(ATTRIBUTE.length);
  return Object.hasOwn(attributes, key) ? one(attributes[key]) : undefined;
}

function one(value: FieldValue | undefined): Values {
  return value === undefined ? undefined : [value];
}

function some(values: readonly FieldValue[]): Values {
  return values.length > 0 ? values : undefined;
}

function mentionedHosts(command: SimpleCommand): readonly string[] {
  return hostsMentioned([...wordsOf(command), ...(command.input === undefined ? [] : [command.input])]);
}

function wordsOf(command: SimpleCommand): readonly string[] {
  return [...command.arguments, ...command.redirections.map(({ target }) => target)];
}

function lineOf(program: string, command: SimpleCommand): string {
  let line = program;
  for (const word of command.arguments) {
    if (line.length > MAX_LINE) break;
    line += ` ${word}`;
  }
  return line.slice(0, MAX_LINE);
}

/** Words that the shell itself runs, and keywords of scripts. */
const SHELL_WORDS = new Set([
  '',
  '.',
  ':',
  '[',
  '[[',
  '((',
  'alias',
  'bg',
  'break',
  'builtin',
  'case',
  'cd',
  'command',
  'continue',
  'declare',
  'dirs',
  'disown',
  'echo',
  'eval',
  'exec',
  'exit',
  'export',
  'false',
  'fc',
  'fg',
  'getopts',
  'hash',
  'help',
  'history',
  'jobs',
  'kill',
  'let',
  'local',
  'mapfile',
  'popd',
  'printf',
  'pushd',
  'pwd',
  'read',
  'readarray',
  'readonly',
  'return',
  'set',
  'shift',
  'shopt',
  'source',
  'test',
  'times',
  'trap',
  'true',
  'type',
  'typeset',
  'ulimit',
  'umask',
  'unalias',
  'unset',
  'wait',
]);

function installedTool({ program, programPath }: SimpleCommand): string | undefined {
  const isFound =
    !programPath.includes('/') || /^(?:\/usr(?:\/local)?|\/opt\/[\w.-]+)?\/s?bin\/[^/]+$/.test(programPath);
  // A name that only the running shell knows is not the name of a tool.
  return isFound && !SHELL_WORDS.has(program) && /^[\w.+-]+$/.test(program) ? program : undefined;
}

function flagsOf(args: readonly string[]): readonly string[] {
  const flags = new Set<string>();
  for (const word of args) {
    if (word === '--') break;
    if (!word.startsWith('-') || word.length < 2) continue;
    flags.add(word);
    const equals = word.indexOf('=');
    if (equals > 0) flags.add(word.slice(0, equals));
    if (/^-[A-Za-z0-9]{2,16}$/.test(word)) for (const letter of word.slice(1)) flags.add(`-${letter}`);
  }
  return [...flags];
}

function effectsOf({ command, facts }: Place): ReturnType<LineFacts['effectsOfCommand']> {
  return facts.effectsOfCommand(command);
}

/** Contains a folder, or begins with a dot, a tilde or a variable; also after `=` and `@`. */
const PATH_LIKE = /^(?:~|\.[\w-]|\$\{?HOME\b|%USERPROFILE%|[^\s=@]{0,512}[\\/])/i;

function mentionedPaths(command: SimpleCommand, cwd: string | undefined): readonly string[] {
  const found = new Set<string>();
  for (const word of wordsOf(command)) {
    if (word.length > 4096 || word.includes('\n') || word.includes('://')) continue;
    const value = /^[^\s=@/]{0,256}[=@]@?(.+)$/.exec(word)?.[1];
    for (const path of value === undefined ? [word] : [word, value]) {
      if (PATH_LIKE.test(path)) found.add(canonicalPath(path.replace(/^@/, ''), cwd));
    }
  }
  return [...found];
}

function programsOf(commands: readonly SimpleCommand[]): readonly string[] {
  return [...new Set(commands.map(({ program }) => program))];
}

function commandLines({ command, chains }: Place): readonly string[] {
  const own = lineOf(command.programPath, command);
  const pipeline = chains[0]?.pipeline;
  if (pipeline === undefined || pipeline.commands.length < 2) return [own];
  let whole = '';
  for (const member of pipeline.commands) {
    if (whole.length > MAX_LINE) break;
    whole += `${whole === '' ? '' : ' | '}${lineOf(member.programPath, member)}`;
  }
  return [own, whole.slice(0, MAX_LINE)];
}

function imageOf({ program, programPath }: SimpleCommand): string {
  return /[\\/]/.test(programPath) ? programPath : `/usr/bin/${program}`;
}

function targetsOf(event: AgentEvent, place: Place | undefined): Values {
  const operation = event.fileOperation;
  if (event.filePath !== undefined && operation !== 'read' && operation !== 'search')
    return one(
      event.filePath.startsWith('/') || event.cwd === undefined ? event.filePath : `${event.cwd}/${event.filePath}`,
    );
  if (place === undefined) return undefined;
  const effects = effectsOf(place);
  return some([...writesOf(effects), ...deletesOf(effects)].map((path) => opened(path, event.cwd)));
}

function networkHosts(source: Source): readonly string[] | undefined {
  return BY_NAME.get('network.host')?.read(source)?.map(String);
}
