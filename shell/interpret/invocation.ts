/** What a program's words make it run: one step of unwrapping `sudo env bash -c '…'`, from the outside in. */
import { joinWords, readOptions, suffixOf, type OptionSpec } from './options.ts';
import { programName } from './program-name.ts';
import { alsoRuns, type Inner } from './remote.ts';
import type { Dialect, Word } from '../syntax/syntax.ts';
import { powerShellScript, windowsShellScript } from './windows-scripts.ts';
import { SHELLS, WRAPPERS, type WrapperSpec } from './wrapper-table.ts';

export type Invocation =
  /** Runs nothing but itself. */
  | { readonly kind: 'program' }
  /** The command is in the words that remain. */
  | {
      readonly kind: 'wrapper';
      readonly label: string;
      readonly words: readonly Word[];
      readonly assignments: readonly Word[];
    }
  /** The command is a text to be parsed in its place. */
  | { readonly kind: 'script'; readonly label: string; readonly script: Word; readonly dialect: Dialect }
  /** Runs itself, and what it is given. */
  | { readonly kind: 'also'; readonly inner: readonly Inner[] }
  /** A shell that reads its script from standard input. */
  | { readonly kind: 'stdin'; readonly label: string };

const PROGRAM: Invocation = { kind: 'program' };

/** Finds out what `words` (the program first) run. */
export function invocationOf(words: readonly Word[]): Invocation {
  const [head] = words;
  if (head === undefined) return PROGRAM;
  const name = programName(head);
  if (SHELLS.has(name)) return shell(words, name);
  const spec = WRAPPERS.get(name);
  if (spec !== undefined) return wrapper(words, name, spec);
  switch (name) {
    case 'env':
      return env(words);
    case 'eval':
      return script(joinWords(words.slice(1)), 'eval');
    case 'watch': {
      const options = readOptions(words, 1, { short: 'nq', long: ['interval', 'equexit'] });
      const rest = words.slice(options.at);
      if (options.flags.has('x') || options.flags.has('exec')) return inner(rest, 'watch', []);
      return script(joinWords(rest), 'watch');
    }
    case 'su':
    case 'runuser':
      return switchUser(words, name);
    case 'script':
      return typescript(words);
    case 'flock':
      return flock(words);
    case 'parallel':
      return parallel(words);
    case 'at':
    case 'batch':
      return { kind: 'stdin', label: name };
    default: {
      const also = alsoRuns(name, words);
      return also.length === 0 ? windowsShell(words, name.toLowerCase()) : { kind: 'also', inner: also };
    }
  }
}

function windowsShell(words: readonly Word[], name: string): Invocation {
  if (name === 'powershell' || name === 'pwsh') {
    const opened = powerShellScript(words);
    return script(opened?.script, opened === undefined ? name : `${name} ${opened.option}`, 'powershell');
  }
  if (name === 'cmd' || name === '%comspec%') return script(windowsShellScript(words), 'cmd /c', 'cmd');
  return PROGRAM;
}

function inner(words: readonly Word[], label: string, assignments: readonly Word[]): Invocation {
  return words.length === 0 ? PROGRAM : { kind: 'wrapper', label, words, assignments };
}

function script(text: Word | undefined, label: string, dialect: Dialect = 'posix'): Invocation {
  return text === undefined ? PROGRAM : { kind: 'script', label, script: text, dialect };
}

function wrapper(words: readonly Word[], name: string, spec: WrapperSpec): Invocation {
  const options = readOptions(words, 1, spec);
  if (spec.inert?.some((flag) => options.flags.has(flag))) return PROGRAM;
  let at = options.at + (spec.operands ?? 0);
  const assignments: Word[] = [];
  while (spec.assignments === true) {
    const word = words[at];
    if (word?.valueAt === undefined) break;
    assignments.push(word);
    at += 1;
  }
  // `sudo -s` and `sudo -i` without a command are shells.
  const isLogin =
    options.flags.has('s') || options.flags.has('i') || options.flags.has('shell') || options.flags.has('login');
  if ((name === 'sudo' || name === 'doas') && isLogin && at >= words.length) return { kind: 'stdin', label: name };
  return inner(words.slice(at), name, assignments);
}

const ENV: OptionSpec = { short: 'uCPS', long: ['unset', 'chdir', 'split-string'] };

function env(words: readonly Word[]): Invocation {
  const options = readOptions(words, 1, ENV);
  let { at } = options;
  if (words[at]?.text === '-') at += 1;
  const assignments: Word[] = [];
  for (let word = words[at]; word?.text.includes('=') === true && isAssignment(word); word = words[++at]) {
    assignments.push(word);
  }
  const rest = words.slice(at);
  const split = options.values.get('S') ?? options.values.get('split-string');
  // `env -S 'python -u'` splits its text much as a shell would.
  if (split !== undefined) return script(joinWords([split, ...rest]), 'env');
  return inner(rest, 'env', assignments);
}

function isAssignment(word: Word): boolean {
  return word.valueAt !== undefined || /^[^=/\s]+=/.test(word.text.slice(0, 256));
}

/** Options of shells whose value is the next word: `-o pipefail`, `+O extglob`, `--rcfile f`. */
const SHELL_VALUES = /^(?:[-+][A-Za-z]*[oO]|--rcfile|--init-file|--init-command)$/;

function shell(words: readonly Word[], name: string): Invocation {
  let hasCommand = false;
  let at = 1;
  for (; at < words.length; at++) {
    const text = words[at]?.text ?? '';
    if (text === '--' || text === '-') {
      at += 1;
      break;
    }
    if (text.startsWith('--command=')) return script(suffixWord(words[at], 10), `${name} -c`);
    if (!/^[-+]./.test(text)) break;
    if (/^-[A-Za-z]*c/.test(text) || text === '--command') hasCommand = true;
    if (SHELL_VALUES.test(text)) at += 1;
  }
  const operand = words[at];
  if (hasCommand) return script(operand, `${name} -c`);
  if (operand === undefined || operand.text === '/dev/stdin') return { kind: 'stdin', label: name };
  const readsInput = words.slice(1, at).some((word) => /^-[A-Za-z]*s/.test(word.text));
  return readsInput ? { kind: 'stdin', label: name } : PROGRAM;
}

function suffixWord(word: Word | undefined, from: number): Word | undefined {
  return word && suffixOf(word, from);
}

const SWITCH_USER: OptionSpec = {
  short: 'cgGsuwT',
  long: ['command', 'session-command', 'group', 'supp-group', 'shell', 'user', 'whitelist-environment'],
};

/** `su [options] [-] [user]`, options before and after the user; `runuser -u user command`. */
function switchUser(words: readonly Word[], name: string): Invocation {
  const before = readOptions(words, 1, SWITCH_USER);
  const named = before.values.has('u') || before.values.has('user');
  if (name === 'runuser' && named) return inner(words.slice(before.at), name, []);
  let { at } = before;
  if (words[at]?.text === '-') at += 1;
  const after = readOptions(words, at + (words[at]?.text.startsWith('-') === false ? 1 : 0), SWITCH_USER);
  for (const { values } of [before, after]) {
    const command = values.get('c') ?? values.get('command') ?? values.get('session-command');
    if (command !== undefined) return script(command, `${name} -c`);
  }
  return { kind: 'stdin', label: name };
}

/** `script -c 'command' [file]`; on BSD `script [file [command …]]`. */
function typescript(words: readonly Word[]): Invocation {
  const options = readOptions(words, 1, { short: 'cEIOBTotm', long: ['command', 'echo', 'log-out'] });
  const command = options.values.get('c') ?? options.values.get('command');
  if (command !== undefined) return script(command, 'script -c');
  return inner(words.slice(options.at + 1), 'script', []);
}

function flock(words: readonly Word[]): Invocation {
  const options = readOptions(words, 1, { short: 'wE', long: ['timeout', 'wait', 'conflict-exit-code'] });
  const next = words[options.at + 1];
  if (next?.text === '-c' || next?.text === '--command') return script(words[options.at + 2], 'flock');
  return inner(words.slice(options.at + 1), 'flock', []);
}

const PARALLEL: OptionSpec = {
  short: 'jaINnLPSsd',
  long: [
    'jobs',
    'arg-file',
    'max-args',
    'max-lines',
    'max-procs',
    'sshlogin',
    'delay',
    'timeout',
    'joblog',
    'retries',
    'colsep',
    'workdir',
    'results',
    'delimiter',
  ],
};

/** `parallel command ::: arguments`; without a command the arguments are commands themselves. */
function parallel(words: readonly Word[]): Invocation {
  const options = readOptions(words, 1, PARALLEL);
  const marks = words.findIndex((word, at) => at >= options.at && /^:{3,4}\+?$/.test(word.text));
  const command = joinWords(words.slice(options.at, marks < 0 ? undefined : marks));
  if (command !== undefined) return script(command, 'parallel');
  if (marks < 0 || words[marks]?.text !== ':::') return { kind: 'stdin', label: 'parallel' };
  const inner = words.slice(marks + 1).filter((word) => word.text !== ':::');
  return { kind: 'also', inner: inner.map((text) => ({ label: 'parallel', script: text, dialect: 'posix' })) };
}
