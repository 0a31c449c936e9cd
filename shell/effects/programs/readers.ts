/** Programs that read the files they are given: viewers, filters, searches. Options as in their manual pages. */
import { forNames, tableOf, withOptions, type Programs } from '../call.ts';
import { Arguments, type OptionForms } from '../arguments.ts';
import { foundBy } from '../found.ts';

/** Programs that read each of their operands, with their options that have a value. */
const VIEWERS: readonly (readonly [names: string, forms: OptionForms])[] = [
  [
    'cat tac rev zcat gzcat bzcat xzcat zstdcat zless bzless xzless md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum wc base32',
    { long: ['files0-from'] },
  ],
  ['head', { short: 'nc', long: ['lines', 'bytes'] }],
  ['tail', { short: 'ncs', long: ['lines', 'bytes', 'pid', 'sleep-interval', 'max-unchanged-stats'] }],
  ['less more most', { short: 'bhjkoOpPtTxyz' }],
  [
    'bat batcat',
    {
      short: 'lrHm',
      long: [
        'language',
        'line-range',
        'highlight-line',
        'theme',
        'style',
        'paging',
        'color',
        'tabs',
        'wrap',
        'file-name',
      ],
    },
  ],
  [
    'nl',
    {
      short: 'bdfhilnsvw',
      long: ['body-numbering', 'number-format', 'number-separator', 'number-width', 'starting-line-number'],
    },
  ],
  ['strings', { short: 'neTosN', long: ['bytes', 'encoding', 'target', 'radix'] }],
  ['od', { short: 'AjNStw', long: ['address-radix', 'skip-bytes', 'read-bytes', 'format', 'width'] }],
  ['hexdump hd', { short: 'nsef' }],
  ['cut', { short: 'dfcb', long: ['delimiter', 'fields', 'characters', 'bytes', 'output-delimiter'] }],
  ['paste', { short: 'd', long: ['delimiters'] }],
  ['fold fmt', { short: 'wpgt', long: ['width'] }],
  ['column', { short: 'stocNRHl', long: ['separator', 'output-separator', 'table-columns', 'table-right'] }],
  ['comm', { long: ['output-delimiter'] }],
  [
    'diff',
    {
      short: 'UCIxXFSW',
      long: [
        'exclude',
        'exclude-from',
        'label',
        'ignore-matching-lines',
        'width',
        'starting-file',
        'from-file',
        'to-file',
      ],
    },
  ],
  ['file', { short: 'fmFPe' }],
];

const SEARCH: OptionForms = {
  short: 'efmABCdD',
  long: [
    'regexp',
    'file',
    'max-count',
    'after-context',
    'before-context',
    'context',
    'include',
    'exclude',
    'exclude-dir',
    'exclude-from',
    'label',
    'binary-files',
    'devices',
    'directories',
  ],
};
const RIPGREP: OptionForms = {
  short: 'efgtTmABCMjrdE',
  long: [
    'regexp',
    'file',
    'glob',
    'iglob',
    'type',
    'type-not',
    'max-count',
    'after-context',
    'before-context',
    'context',
    'max-columns',
    'threads',
    'replace',
    'max-depth',
    'encoding',
    'color',
    'colors',
    'sort',
    'sortr',
    'engine',
    'max-filesize',
    'ignore-file',
    'path-separator',
    'context-separator',
    'type-add',
    'pre',
  ],
};

export const READERS: Programs = {
  ...tableOf(
    VIEWERS.map(([names, forms]) =>
      forNames(
        names,
        withOptions(forms, ({ operands }, to) => {
          // `tail +5 file` and `less +G file` say where to start.
          to.read(...operands.filter((word) => !/^\+(?:\d+|[FG])$/.test(word)));
        }),
      ),
    ),
  ),
  ...forNames('grep egrep fgrep zgrep', (call, to) => {
    const args = new Arguments(call.arguments, SEARCH);
    const isSearch = args.has('r', 'R', 'recursive', 'dereference-recursive');
    to.read(...args.values('f', 'file'));
    const files = args.has('e', 'f', 'regexp', 'file') ? args.operands : args.operands.slice(1);
    for (const path of files) to.file(isSearch ? 'search' : 'read', path);
  }),
  ...forNames('rg ag ack', (call, to) => {
    const args = new Arguments(call.arguments, RIPGREP);
    if (call.name === 'rg') to.read(...args.values('f', 'file'));
    const noPattern = args.has('e', 'f', 'regexp', 'file', 'files');
    for (const path of noPattern ? args.operands : args.operands.slice(1)) to.file('search', path);
  }),
  ...forNames(
    'source .',
    withOptions({}, ({ operands }, to) => {
      to.read(...operands.slice(0, 1));
    }),
  ),
  ...forNames(
    'awk gawk mawk nawk',
    withOptions({ short: 'vFfiE', long: ['file', 'assign', 'field-separator', 'include', 'exec'] }, (args, to) => {
      const files = args.has('f', 'file') ? args.operands : args.operands.slice(1);
      const isInPlace = args.values('i', 'include').includes('inplace');
      to.read(...args.values('f', 'file'));
      for (const path of files) if (!/^[A-Za-z_]\w*=/.test(path)) to.file(isInPlace ? 'update' : 'read', path);
    }),
  ),
  jq: withOptions(
    { short: 'fL', long: ['from-file', 'indent'], pairs: ['arg', 'argjson', 'slurpfile', 'rawfile', 'argfile'] },
    (args, to) => {
      if (args.has('args', 'jsonargs')) return;
      to.read(...args.values('f', 'from-file'));
      if (!args.has('n', 'null-input'))
        to.read(...(args.has('f', 'from-file') ? args.operands : args.operands.slice(1)));
    },
  ),
  yq: withOptions({ short: 'poIf', long: ['input-format', 'output-format', 'indent', 'from-file'] }, (args, to) => {
    const operands = /^(?:e|eval|ea|eval-all)$/.test(args.operands[0] ?? '') ? args.operands.slice(1) : args.operands;
    for (const path of operands.slice(1)) to.file(args.has('i', 'inplace', 'in-place') ? 'update' : 'read', path);
  }),
  // `-i` and `-o` with a value are macOS's; GNU's `-i` has none, and a file follows it all the same.
  base64: withOptions({ short: 'wbo', long: ['wrap', 'break', 'output'] }, (args, to) => {
    to.read(...args.values('input'), ...args.operands);
    to.create(...args.values('o', 'output'));
  }),
  cmp: withOptions({ short: 'in', long: ['ignore-initial', 'bytes'] }, ({ operands }, to) => {
    // Numbers after the two files are offsets.
    to.read(...operands.slice(0, 2));
  }),
  look: withOptions({ short: 't' }, ({ operands }, to) => {
    to.read(...operands.slice(1));
  }),
  find: ({ arguments: words }, to) => {
    to.create(...words.filter((_, index) => /^-(?:fprint0?|fprintf|fls)$/.test(words[index - 1] ?? '')));
    if (words.includes('-delete'))
      to.possibly(() => {
        to.delete(...foundBy(words));
      });
  },
  sort: withOptions(
    { short: 'kSTto', long: ['key', 'buffer-size', 'temporary-directory', 'field-separator', 'output', 'parallel'] },
    (args, to) => {
      to.read(...args.operands);
      to.create(...args.values('o', 'output'));
    },
  ),
  uniq: withOptions({ short: 'fsw' }, ({ operands: [input, output] }, to) => {
    if (input !== undefined) to.read(input);
    if (output !== undefined) to.create(output);
  }),
  xxd: withOptions({ short: 'cglnos' }, ({ operands: [input, output] }, to) => {
    if (input !== undefined) to.read(input);
    if (output !== undefined) to.create(output);
  }),
  split: withOptions({ short: 'abClnt' }, ({ operands: [input] }, to) => {
    if (input !== undefined) to.read(input);
  }),
};
