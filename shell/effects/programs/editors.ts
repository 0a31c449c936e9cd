/** Programs that open a file for a person or for a query: they read it, and may save it. Options as in their manual pages. */
import { forNames, withOptions, type Programs } from '../call.ts';

/** An operand like `+12` or `+/pattern` says where to start. */
const isFile = (word: string): boolean => !word.startsWith('+');

export const EDITORS: Programs = {
  ...forNames(
    'vi vim nvim ex gvim emacs nano pico micro hx ed',
    withOptions({ short: 'cSuiwWTEoYKrs', long: ['cmd', 'eval', 'load', 'rcfile'] }, (args, to, { name }) => {
      const files = args.operands.filter(isFile);
      if (name !== 'emacs') to.read(...args.values('S'));
      to.read(...files);
      if (args.has('R') && name.endsWith('m')) return;
      to.possibly(() => {
        for (const path of files) to.file('update', path);
      });
    }),
  ),
  ...forNames(
    'view',
    withOptions({ short: 'cSu' }, ({ operands }, to) => {
      to.read(...operands.filter(isFile));
    }),
  ),
  ...forNames(
    'open xdg-open code',
    withOptions({ short: 'abg' }, ({ operands }, to) => {
      to.possibly(() => {
        to.read(...operands.filter((word) => !/^[a-z][\w+.-]*:/i.test(word)));
      });
    }),
  ),
  sqlite3: ({ arguments: words }, to) => {
    const operands = withoutValues(words, /^--?(?:cmd|init|separator|newline|nullvalue|mmap|vfs|maxsize)$/);
    const database = (operands[0] ?? '').replace(/^file:(?:\/\/)?/, '').replace(/\?.*$/, '');
    if (database === '' || database === ':memory:') return;
    to.read(database);
    to.possibly(() => {
      to.file('update', database);
    });
  },
  plutil: ({ arguments: words }, to) => {
    const outputs = words.filter((_, index) => words[index - 1] === '-o');
    const files = withoutValues(words, /^-(?:convert|o|e|extract|type)$/);
    const file = files.at(-1);
    to.create(...outputs);
    if (file === undefined) return;
    if (words.some((word) => /^-(?:insert|replace|remove)$/.test(word))) to.file('update', file);
    else to.read(...files);
  },
  ...forNames(
    'unshadow',
    withOptions({}, ({ operands }, to) => {
      to.read(...operands);
    }),
  ),
  john: withOptions({}, (args, to) => {
    to.read(...args.values('wordlist', 'pot'), ...args.operands);
  }),
  // An operand of hashcat may be a hash itself.
  hashcat: withOptions(
    { short: 'maroplTnwdcsSkgi1234e', long: ['hash-type', 'attack-mode', 'outfile', 'rules-file', 'potfile-path'] },
    (args, to) => {
      to.create(...args.values('o', 'outfile'));
      to.possibly(() => {
        to.read(...args.operands);
      });
    },
  ),
  xclip: ({ arguments: words }, to) => {
    if (words.some((word) => /^-o(?:ut)?$/.test(word))) return;
    to.read(...withoutValues(words, /^-(?:se(?:l(?:ection)?)?|t(?:arget)?|d(?:isplay)?|l(?:oops)?)$/));
  },
};

/** The operands of a program whose long options begin with one dash. */
function withoutValues(words: readonly string[], valued: RegExp): readonly string[] {
  return words.filter((word, index) => !word.startsWith('-') && !valued.test(words[index - 1] ?? ''));
}
