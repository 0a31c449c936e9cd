/** Programs that make, change, move or remove the files they are given. Options as in their manual pages. */
import { Arguments } from '../arguments.ts';
import { baseName, forNames, inFolder, withOptions, type Call, type Programs } from '../call.ts';
import type { FileNote } from '../effect.ts';
import type { Findings } from '../findings.ts';

const COPY = { short: 'St', long: ['suffix', 'target-directory'] };

export const WRITERS: Programs = {
  ...forNames(
    'cp ditto',
    withOptions(COPY, (args, to) => {
      forEachCopy(args, to, (from, target) => {
        to.read(from);
        to.create(target);
      });
    }),
  ),
  mv: withOptions(COPY, (args, to) => {
    forEachCopy(args, to, (from, target) => {
      to.move(from, target);
    });
  }),
  install: withOptions({ short: 'mogSt', long: ['mode', 'owner', 'group', ...COPY.long] }, (args, to) => {
    if (args.has('d', 'directory')) return;
    forEachCopy(args, to, (from, target) => {
      to.read(from);
      to.create(target);
    });
  }),
  ...forNames(
    'ln link',
    withOptions(COPY, (args, to) => {
      const [only, ...others] = args.operands;
      if (only !== undefined && others.length === 0 && !args.has('t', 'target-directory'))
        to.file('create', baseName(only), 'link');
      forEachCopy(args, to, (_, target) => {
        to.file('create', target, 'link');
      });
    }),
  ),
  ...forNames(
    'rm unlink srm trash trash-put',
    withOptions({}, ({ operands }, to) => {
      to.delete(...operands);
    }),
  ),
  shred: withOptions({ short: 'ns', long: ['iterations', 'size', 'random-source'] }, (args, to) => {
    for (const path of args.operands) to.file(args.has('u', 'remove') ? 'delete' : 'update', path);
  }),
  tee: withOptions({}, (args, to) => {
    const isAppending = args.has('a', 'append');
    for (const path of args.operands)
      to.file(isAppending ? 'update' : 'create', path, isAppending ? 'append' : 'create or overwrite');
  }),
  sponge: withOptions({}, ({ operands }, to) => {
    to.create(...operands);
  }),
  mkfifo: withOptions({ short: 'm', long: ['mode'] }, ({ operands }, to) => {
    for (const path of operands) to.file('create', path, 'fifo');
  }),
  touch: withOptions({ short: 'drt', long: ['date', 'reference', 'time'] }, (args, to) => {
    if (args.has('c', 'no-create')) for (const path of args.operands) to.file('update', path, 'time');
    else for (const path of args.operands) to.file('create', path, 'create, or time');
  }),
  truncate: withOptions({ short: 'sr', long: ['size', 'reference'] }, ({ operands }, to) => {
    for (const path of operands) to.file('update', path);
  }),
  chmod: (call, to) => {
    changed(call, to, 'mode');
  },
  ...forNames('chown chgrp', (call, to) => {
    changed(call, to, 'owner');
  }),
  dd: ({ arguments: words }, to) => {
    for (const word of words) if (word.startsWith('if=')) to.read(word.slice(3));
    for (const word of words) if (word.startsWith('of=')) to.create(word.slice(3));
  },
  ...forNames(
    'sed gsed',
    withOptions({ short: 'efl', attached: 'i', long: ['expression', 'file', 'line-length'] }, (args, to) => {
      to.read(...args.values('f', 'file'));
      const files = args.has('e', 'f', 'expression', 'file') ? args.operands : operandsAfterScript(args);
      for (const path of files) to.file(args.has('i', 'in-place') ? 'update' : 'read', path);
    }),
  ),
  perl: withOptions({ short: 'eEIMm', attached: 'i0FlD' }, (args, to) => {
    const isInline = args.has('e', 'E');
    const [script] = args.operands;
    if (!isInline && script !== undefined) to.file('read', script, 'script');
    const files = isInline ? args.operands : args.operands.slice(1);
    if (args.has('n', 'p')) for (const path of files) to.file(args.has('i') ? 'update' : 'read', path);
  }),
  patch: withOptions(
    { short: 'piodBzYDFgrV', long: ['strip', 'input', 'output', 'directory', 'fuzz', 'reject-file'] },
    (args, to) => {
      const [file, patch] = args.operands;
      const [folder] = args.values('d', 'directory');
      to.within(folder === undefined ? to.folderAt('.') : to.folderAt(folder), () => {
        to.read(...args.values('i', 'input'), ...(patch === undefined ? [] : [patch]));
        if (file !== undefined && !args.has('dry-run')) to.file('update', file);
      });
    },
  ),
};

/** BSD's `sed -i '' script file` has an empty word in front. */
function operandsAfterScript({ operands }: Arguments): readonly string[] {
  return operands.slice(operands[0] === '' ? 2 : 1);
}

/**
 * Each source with the file that it becomes: inside the target where that is certainly a folder, because there are several
 * sources or it ends in a slash; else the target itself, and possibly a file inside it.
 */
function forEachCopy(args: Arguments, to: Findings, report: (from: string, target: string) => void): void {
  const [into] = args.values('t', 'target-directory');
  const sources = into === undefined ? args.operands.slice(0, -1) : args.operands;
  const target = into ?? args.operands.at(-1);
  if (target === undefined) return;
  const isFolder = into !== undefined || sources.length > 1 || /(?:^|[\\/])\.{0,2}$/.test(target);
  for (const from of sources) {
    const name = baseName(from.replace(/[\\/]+$/, ''));
    const isPlain = args.has('T', 'no-target-directory');
    report(from, isFolder && !isPlain ? inFolder(target, name) : target);
    if (!isFolder && !isPlain && name !== '')
      to.possibly(() => {
        report(from, inFolder(target, name));
      });
  }
}

/** The first operand is the mode or owner; a mode may look like an option: `chmod -x file`. */
function changed({ arguments: words }: Call, to: Findings, note: FileNote): void {
  const at = words.findIndex((word) => !/^-(?:[cfhvRHLP]+|-(?!reference).*)$/.test(word) || word === '--');
  if (at < 0) return;
  const hasReference = words.some((word) => word.startsWith('--reference'));
  const operands = words.slice(hasReference ? at : at + 1).filter((word) => !word.startsWith('-'));
  for (const path of operands) to.file('update', path, note);
}
