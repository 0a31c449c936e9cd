/** The real bash as the judge of word splitting, quoting, expansion and of what is well formed. Skipped, with the reason, where there is none. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseCommandLine } from './parse.ts';

const found = spawnSync('sh', ['-c', 'command -v bash && bash --version'], { encoding: 'utf8' });
const [path = ''] = found.stdout.split('\n');
const major = Number(/version (\d+)/.exec(found.stdout)?.[1] ?? 0);
const reason = major >= 5 ? '' : ` (skipped: bash 5 is not installed, found ${major === 0 ? 'none' : major})`;
const withBash = reason === '' ? describe : describe.skip;

/** Runs text in bash, in an empty environment and folder-independent. */
function bash(script: string, ...args: string[]): { status: number | null; stdout: string } {
  return spawnSync(path, ['--noprofile', '--norc', ...args, script], {
    encoding: 'utf8',
    env: { PATH: '/nonexistent', LC_ALL: 'C.UTF-8' },
    cwd: '/',
    timeout: 20_000,
  });
}

/** What bash makes of each line of words. `set -f`: globs are kept by the parser too. One process judges many lines. */
function wordsByBash(lines: readonly string[]): readonly (readonly string[])[] {
  const script = lines.map((line) => `printf '%s\\0' ${line}\nprintf '\\1'`).join('\n');
  const { status, stdout } = bash(`set -f\n${script}`, '-c');
  expect(status).toBe(0);
  return stdout
    .split('\u0001')
    .slice(0, -1)
    .map((words) => words.split('\0').slice(0, -1));
}

const bare = fc.stringMatching(/^[a-zA-Z0-9_.,/:@%+=-]{1,6}$/);
const wordPart = fc.oneof(
  { weight: 4, arbitrary: bare },
  fc.stringMatching(/^[a-z *?$`"\\|;&<>(){}#!~-]{0,6}$/).map((text) => `'${text}'`),
  fc.stringMatching(/^[a-z *?';|&<>(){}#~-]{0,6}$/).map((text) => `"${text}"`),
  fc.constantFrom(
    '"\\$x"',
    '"\\""',
    '"\\\\"',
    '"\\`"',
    '"a\\b"',
    '"a\\\nb"',
    '\\ ',
    '\\\\',
    "\\'",
    '\\"',
    '\\$',
    '\\;',
    '\\|',
    'a\\\nb',
  ),
  fc.constantFrom(
    "$'\\x41'",
    "$'\\101'",
    "$'\\u00e9'",
    "$'a\\tb'",
    "$'\\''",
    "$'\\e'",
    "$'\\cG'",
    "$'\\q'",
    "$'\\x4'",
    '$"a b"',
    "$'\\u4f60'",
  ),
  fc.constantFrom(
    '{a,b}',
    '{a,{b,c}d}',
    '{1..3}',
    '{c..a}',
    '{01..03}',
    '{3..1}',
    '{a..e..2}',
    '{a}',
    '{}',
    '{a,b',
    'a}',
    '{,x}',
    '{a,"b c"}',
    "{a,'b,c'}",
    '{-2..2..2}',
    '{x,y}{1,2}',
  ),
  fc.constantFrom('?(a|b)', '@(x)', '[a-c]', '*', '?'),
);
const aWord = fc.array(wordPart, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
const someWords = fc.array(aWord, { minLength: 1, maxLength: 5 }).map((words) => `w ${words.join(' ')}`);

/** Forms bash reads only with extglob set, or whose leading `~`, `#` or `=` it treats by place. */
const isComparable = (line: string): boolean => !/[?@]\(/.test(line) && !/(?:^|[ :=])~/.test(line);

withBash(`words are those of bash${reason}`, () => {
  it('for generated quoting, escapes and braces', () => {
    const samples = fc
      .sample(someWords, { numRuns: 600, seed: 20 })
      .concat(fc.sample(someWords, 600))
      .filter(isComparable);
    const expected = wordsByBash(samples);
    for (const [index, line] of samples.entries()) {
      const [run] = parseCommandLine(`x ${line}`).pipelines;
      expect({ line, words: run?.commands[0]?.arguments }).toEqual({ line, words: expected[index] });
    }
  });

  it('for text inside here-documents', () => {
    const bodies = fc
      .sample(
        fc.array(fc.constantFrom('a', ' ', '"', "'", '\\$', '\\\\', '\\`', '\\x', '\\\n', '#', '\n', '|'), {
          maxLength: 12,
        }),
        300,
      )
      .map((parts) => parts.join(''));
    const script = bodies.map((body) => `read -r -d '' x <<EOF\n${body}\nEOF\nprintf '%s\\0' "$x"`).join('\n');
    const byBash = bash(`IFS=\n${script}`, '-c').stdout.split('\0');
    for (const [index, body] of bodies.entries()) {
      const input = parseCommandLine(`cat <<EOF\n${body}\nEOF`).pipelines[0]?.commands[0]?.input;
      expect({ body, input }).toEqual({ body, input: byBash[index] });
    }
  });
});

withBash(`a line is complete when bash accepts it${reason}`, () => {
  const pieces = fc.constantFrom(
    ...[
      'a',
      'b c',
      'x=1',
      '"q r"',
      '$(d)',
      '${e}',
      '$((1))',
      '`f`',
      '{ g; }',
      '(h)',
      'if i; then j; fi',
      'while k; do l; done',
    ],
    ...[
      'for m in n; do o; done',
      'case p in q) r;; esac',
      '[[ s == t ]]',
      '((u))',
      'v() { w; }',
      '! y',
      'time z',
      '{a,b}',
      '<f',
      '>f',
      '2>&1',
    ],
    ...[
      '(',
      ')',
      '{',
      '}',
      'if',
      'then',
      'fi',
      'do',
      'done',
      'for',
      'case',
      'esac',
      '[[',
      ']]',
      '((',
      '))',
      '"',
      "'",
      '$(',
      '`',
      '\\',
    ],
  );
  const joints = fc.constantFrom(' ', '; ', ' | ', ' && ', ' || ', ' & ', '\n', ' ;; ', '');
  const aLine = fc
    .array(fc.tuple(pieces, joints), { minLength: 1, maxLength: 6 })
    .map((parts) => parts.flat().join(''));

  it('and partial when bash refuses it', () => {
    // Forms whose verdict in bash hangs on details of no meaning here: the inside of backticks, which -n does not read;
    // brackets of arithmetic and `[[`, whose expressions are kept as text.
    const isJudged = (line: string): boolean => !/[`]|\(\(|\)\)|\[\[|\]\]/.test(line);
    const lines = [...fc.sample(aLine, { numRuns: 250, seed: 7 }), ...fc.sample(aLine, 150)].filter(isJudged);
    for (const line of lines) {
      const accepted = bash(line, '-n', '-c').status === 0;
      expect({ line, parse: parseCommandLine(line).parse }).toEqual({ line, parse: accepted ? 'complete' : 'partial' });
    }
  }, 120_000);
});
