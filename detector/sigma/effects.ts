/**
 * Files that a command reads, writes and deletes, as far as its own words tell. Only programs whose arguments are files
 * are listed: a path that is merely mentioned (in a message, a search pattern, `ls`) is none of these.
 */
import type { SimpleCommand } from '../../shell/parsed.ts';

export interface Effects {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly deletes: readonly string[];
}

/** Every argument that is no flag. */
const READERS = new Set([
  'cat',
  'bat',
  'batcat',
  'tac',
  'nl',
  'head',
  'tail',
  'less',
  'more',
  'most',
  'strings',
  'xxd',
  'od',
  'hexdump',
  'hd',
  'base64',
  'base32',
  'sort',
  'uniq',
  'cut',
  'paste',
  'tr',
  'rev',
  'fold',
  'fmt',
  'column',
  'wc',
  'diff',
  'comm',
  'cmp',
  'zcat',
  'gzcat',
  'bzcat',
  'xzcat',
  'gzip',
  'bzip2',
  'xz',
  'zstd',
  'source',
  '.',
  'open',
  'view',
  'vi',
  'vim',
  'nvim',
  'nano',
  'emacs',
  'scp',
  'rsync',
  'tar',
  'zip',
  '7z',
  'gpg',
  'age',
  'type',
  'get-content',
  'gc',
  'plutil',
  'sqlite3',
  'ssh-add',
  'unshadow',
  'john',
  'hashcat',
  'pbcopy',
  'xclip',
  'mapfile',
  'look',
]);
/** The first argument is a pattern or a script, the rest are files. */
const PATTERN_READERS = new Set([
  'grep',
  'egrep',
  'fgrep',
  'rg',
  'ag',
  'zgrep',
  'awk',
  'gawk',
  'mawk',
  'sed',
  'jq',
  'yq',
  'perl',
]);
/** All arguments but the last are read, the last is written. */
const COPIERS = new Set(['cp', 'mv', 'install', 'ln', 'link', 'rsync', 'scp', 'ditto', 'copy-item', 'move-item']);
/** Every argument is written. */
const WRITERS = new Set([
  'tee',
  'touch',
  'truncate',
  'mkfifo',
  'sponge',
  'set-content',
  'add-content',
  'out-file',
  'mkdir',
]);
const DELETERS = new Set([
  'rm',
  'unlink',
  'shred',
  'rmdir',
  'srm',
  'remove-item',
  'del',
  'erase',
  'trash',
  'trash-put',
]);
const EDITORS = new Set(['vi', 'vim', 'nvim', 'nano', 'emacs', 'ed', 'ex']);
/** Flags whose value is a file that is read, by program; `@` marks values that are a file only after an `@`. */
const READ_FLAGS: Readonly<Record<string, readonly string[]>> = {
  curl: [
    '-T',
    '--upload-file',
    '-K',
    '--config',
    '-d@',
    '--data@',
    '--data-binary@',
    '--data-raw@',
    '--data-urlencode@',
    '--data-ascii@',
    '--json@',
    '-F@',
    '--form@',
  ],
  wget: ['--post-file', '--body-file', '-i', '--input-file'],
  openssl: ['-in', '-inkey'],
  http: [],
  aws: [],
  gsutil: [],
};
const WRITE_FLAGS: Readonly<Record<string, readonly string[]>> = {
  curl: ['-o', '--output'],
  wget: ['-O', '--output-document'],
  openssl: ['-out'],
  sort: ['-o'],
  tar: [],
};

const MAX_PATHS = 1024;
const MAX_ROOTS = 16;

/** @param found files that a `find` hands to the command: in place of `{}`, or behind its own arguments by way of `xargs` */
export function effectsOf(written: SimpleCommand, found: readonly string[] = []): Effects {
  const command = found.length === 0 ? written : withFound(written, found);
  const program = command.program.toLowerCase();
  const args = command.arguments.slice(0, MAX_PATHS);
  const operands = args.filter((word, index) => !isFlag(word) || args.lastIndexOf('--', index) >= 0);
  const reads: string[] = [];
  const writes: string[] = [];
  const deletes: string[] = [];
  for (const { operator, target } of command.redirections) {
    if (operator === '<' || operator === '<>') reads.push(target);
    else if (operator.includes('>') && !/^(?:\d+|-)$/.test(target)) writes.push(target);
  }
  if (COPIERS.has(program)) {
    const targetFlag = valueOfFlag(args, ['-t', '--target-directory']);
    reads.push(...(targetFlag === undefined ? operands.slice(0, -1) : operands.filter((word) => word !== targetFlag)));
    writes.push(...copyTargets(operands, targetFlag));
    if (program === 'mv' || program === 'move-item') deletes.push(...operands.slice(0, -1));
  } else if (READERS.has(program)) reads.push(...operands);
  else if (PATTERN_READERS.has(program)) {
    const hasPattern = args.some((word) => /^(?:-e|-f|--regexp|--file)/.test(word));
    const files = hasPattern
      ? operands.filter((word) => word !== valueOfFlag(args, ['-e', '--regexp']))
      : operands.slice(1);
    const inPlace =
      (program === 'sed' || program === 'perl') && args.some((word) => /^(?:-[a-zA-Z]*i|--in-place)/.test(word));
    (inPlace ? writes : reads).push(...files);
  }
  if (WRITERS.has(program) || EDITORS.has(program)) writes.push(...operands);
  if (DELETERS.has(program)) deletes.push(...operands);
  if (program === 'find' && args.includes('-delete')) deletes.push(...findRoots(args));
  if (program === 'dd') {
    for (const word of args) if (word.startsWith('if=')) reads.push(word.slice(3));
    for (const word of args) if (word.startsWith('of=')) writes.push(word.slice(3));
  }
  reads.push(...flagFiles(args, READ_FLAGS[program]));
  writes.push(...flagFiles(args, WRITE_FLAGS[program]));
  return { reads, writes, deletes };
}

function withFound(command: SimpleCommand, found: readonly string[]): SimpleCommand {
  const named = command.arguments.flatMap((word) => (word === '{}' ? found : [word]));
  return { ...command, arguments: command.wrappers.includes('xargs') ? [...named, ...found] : named };
}

/** What a `find` hands on, as far as its words tell: its roots, each with the name that is looked for. */
export function foundBy(args: readonly string[]): readonly string[] {
  const roots = findRoots(args).slice(0, MAX_ROOTS);
  const names = args.filter((_, index) => /^-i?name$/.test(args[index - 1] ?? '')).slice(0, MAX_ROOTS);
  return names.length === 0 ? roots : roots.flatMap((root) => names.map((name) => `${root}/${name}`));
}

function isFlag(word: string): boolean {
  return word.startsWith('-') && word.length > 1;
}

/** A copy into a folder writes the folder's new file too: `cp key ~/.ssh/` writes `~/.ssh/key`. */
function copyTargets(operands: readonly string[], targetFlag: string | undefined): string[] {
  const target = targetFlag ?? operands[operands.length - 1];
  if (target === undefined || (targetFlag === undefined && operands.length < 2)) return [];
  const sources = targetFlag === undefined ? operands.slice(0, -1) : operands.filter((word) => word !== targetFlag);
  const inside = sources.map((source) => `${target.replace(/\/+$/, '')}/${source.slice(source.lastIndexOf('/') + 1)}`);
  return [target, ...inside];
}

function valueOfFlag(args: readonly string[], flags: readonly string[]): string | undefined {
  for (const [index, word] of args.entries()) {
    if (flags.includes(word)) return args[index + 1];
    const long = flags.find((flag) => flag.startsWith('--') && word.startsWith(`${flag}=`));
    if (long !== undefined) return word.slice(long.length + 1);
  }
  return undefined;
}

function flagFiles(args: readonly string[], flags: readonly string[] | undefined): string[] {
  if (flags === undefined) return [];
  const found: string[] = [];
  for (const [index, word] of args.entries()) {
    for (const entry of flags) {
      const flag = entry.replace(/@$/, '');
      const value =
        word === flag
          ? args[index + 1]
          : word.startsWith(`${flag}=`)
            ? word.slice(flag.length + 1)
            : flag.length === 2 && word.startsWith(flag) && word.length > 2
              ? word.slice(2)
              : undefined;
      if (value === undefined) continue;
      if (!entry.endsWith('@')) found.push(value);
      else if (/^(?:[^=@\s]{0,256}=)?[@<]./.test(value))
        found.push(value.slice(value.search(/[@<]/) + 1).replace(/;.*$/, ''));
    }
  }
  return found;
}

/** Where `find` starts: its words before the first test. */
function findRoots(args: readonly string[]): readonly string[] {
  const first = args.findIndex((word) => /^[-(!]/.test(word) && !/^-[HLP]$/.test(word));
  const roots = (first < 0 ? args : args.slice(0, first)).filter((word) => !isFlag(word));
  return roots.length > 0 ? roots : ['.'];
}
