/** Archive and compression programs: which archive, and what goes in. Which files come out is not in the line. */
import { Arguments } from '../arguments.ts';
import { forNames, inFolder, withOptions, type Programs } from '../call.ts';
import type { Findings } from '../findings.ts';

const TAR = {
  short: 'fCTXbgHKLNVI',
  long: [
    'file',
    'directory',
    'files-from',
    'exclude-from',
    'exclude',
    'transform',
    'strip-components',
    'owner',
    'group',
    'mode',
    'mtime',
    'use-compress-program',
    'format',
    'blocking-factor',
    'newer',
    'label',
  ],
};

/** The endings that a compressor adds to the names of the files it replaces. */
const ENDINGS: Readonly<Record<string, string>> = {
  gzip: '.gz',
  pigz: '.gz',
  gunzip: '.gz',
  bzip2: '.bz2',
  bunzip2: '.bz2',
  xz: '.xz',
  unxz: '.xz',
  zstd: '.zst',
  unzstd: '.zst',
};

export const ARCHIVERS: Programs = {
  ...forNames('tar gtar bsdtar', ({ arguments: words }, to) => {
    tar(new Arguments(dashed(words), TAR), to);
  }),
  zip: withOptions({ short: 'bnPtsxi', long: ['exclude', 'include', 'password', 'temp-path'] }, (args, to) => {
    const [archive, ...files] = args.operands;
    if (archive === undefined || archive === '-') return;
    const name = /\.[^./]+$/.test(archive) ? archive : `${archive}.zip`;
    to.file('update', name, 'create or update');
    if (args.has('d', 'delete')) return;
    to.read(...files);
    if (args.has('m', 'move')) to.delete(...files);
  }),
  unzip: withOptions({ short: 'dxP' }, (args, to) => {
    const [archive] = args.operands;
    if (archive === undefined) return;
    to.read(archive);
    if (!args.has('l', 'p', 't', 'v', 'Z', 'z')) extracted(args.values('d').slice(0, 1), to);
  }),
  ...forNames('7z 7za 7zz', ({ arguments: [action, ...words] }, to) => {
    const args = new Arguments(words, { attached: 'opmtxi' });
    const [archive, ...files] = args.operands;
    if (archive === undefined) return;
    if (action === 'x' || action === 'e') extracted(args.values('o'), to);
    if (action === 'a' || action === 'u') {
      to.file('update', archive, 'create or update');
      to.read(...files);
    } else if (action === 'x' || action === 'e' || action === 'l' || action === 't') to.read(archive);
  }),
  ...forNames(Object.keys(ENDINGS).join(' '), ({ name, arguments: words }, to) => {
    compress(name, new Arguments(words, { short: 'SbTo', long: ['suffix', 'threads'] }), to);
  }),
};

/** The folder that an archive is extracted into; which files, the line does not say. */
function extracted(folders: readonly string[], to: Findings): void {
  to.possibly(() => {
    for (const folder of folders) to.file('update', folder, 'extracted');
  });
}

/** The old form `tar czf archive dir`: the letters first, then their values in the same order. */
function dashed(words: readonly string[]): readonly string[] {
  const [letters, ...rest] = words;
  if (letters === undefined || !/^[A-Za-z]{1,16}$/.test(letters)) return words;
  const out: string[] = [];
  let next = 0;
  for (const letter of letters) {
    out.push(`-${letter}`);
    const value = TAR.short.includes(letter) ? rest[next++] : undefined;
    if (value !== undefined) out.push(value);
  }
  return [...out, ...rest.slice(next)];
}

function tar(args: Arguments, to: Findings): void {
  const archives = args.values('f', 'file').filter((path) => !/^[^/]+:/.test(path));
  const [folder] = args.values('C', 'directory');
  to.read(...args.values('T', 'files-from'));
  if (args.has('c', 'create')) to.create(...archives);
  else if (args.has('r', 'u', 'A', 'append', 'update')) for (const path of archives) to.file('update', path);
  else if (args.has('x', 't', 'd', 'extract', 'get', 'list')) to.read(...archives);
  const members = args.operands.map((path) => (folder === undefined ? path : inFolder(folder, path)));
  if (args.has('c', 'r', 'u', 'create', 'append', 'update')) {
    to.read(...members);
    if (args.has('remove-files')) to.delete(...members);
  } else if (args.has('x', 'extract', 'get') && !args.has('O', 'to-stdout'))
    extracted([...(folder === undefined ? [] : [folder]), ...members], to);
}

function compress(name: string, args: Arguments, to: Findings): void {
  const ending = ENDINGS[name] ?? '';
  const isOpening =
    name.startsWith('un') || name === 'gunzip' || name === 'bunzip2' || args.has('d', 'decompress', 'uncompress');
  const outputs = args.values('o');
  to.create(...outputs);
  const keepsAll = outputs.length > 0 || args.has('c', 'stdout', 'to-stdout', 't', 'test', 'l', 'list');
  for (const path of args.operands) {
    to.read(path);
    if (keepsAll || args.has('r')) continue;
    if (!isOpening) to.create(path + ending);
    else if (path.endsWith(ending) && path.length > ending.length) to.create(path.slice(0, -ending.length));
    // Only zstd keeps the original.
    if (name.includes('zstd') ? args.has('rm') : !args.has('k', 'keep')) to.file('delete', path, 'replaced');
  }
}
