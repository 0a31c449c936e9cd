/** Hostile lines: nothing throws, every bound holds, and every cut by a bound is reported. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createParseBudget, LIMITS } from './limits.ts';
import { normaliseCommand, programOf, templatePath } from './normalise.ts';
import { parseCommandLine, parseWithBudget } from './parse.ts';
import type { ParsedLine } from './parsed.ts';
import { runs, times } from '../test/support/runs.ts';

/** Text that exercises much of the grammar, well formed or not. */
const aLine = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ...[
            'a',
            'curl',
            'sh',
            'bash -c',
            'sudo',
            'eval',
            'echo',
            'find . -exec',
            'ssh h',
            'xargs',
            'base64 -d',
            'x=1',
          ],
          ...[
            'if',
            'then',
            'fi',
            'for',
            'in',
            'do',
            'done',
            'case',
            'esac',
            '{',
            '}',
            '[[',
            ']]',
            'function',
            'time',
            '!',
          ],
          ...[
            '(',
            ')',
            '((',
            '))',
            '$(',
            '`',
            '"',
            "'",
            "$'",
            '${',
            '$((',
            '<(',
            '>',
            '>>',
            '2>&1',
            '<<E',
            '<<<',
            '\nE\n',
          ],
          ...[
            ';',
            ';;',
            '&',
            '&&',
            '|',
            '||',
            '\n',
            '\\',
            '#',
            '{a,b}',
            '{1..9}',
            '$x',
            '${IFS}',
            '=',
            '[',
            ']',
            '\\;',
            ' ',
          ],
          ...[
            'powershell -c',
            'cmd /c',
            'Get-Item',
            '%TEMP%',
            'C:\\x',
            '^',
            '@(',
            '{ $_ }',
            '$x =',
            'tmux send-keys',
            'docker run i',
          ],
        ),
        fc.string({ maxLength: 5 }),
      ),
      { maxLength: 40 },
    )
    .chain((parts) => fc.constantFrom(parts.join(' '), parts.join(''))),
);

function checkShape(line: string, parsed: ParsedLine): void {
  const all = new Set(parsed.pipelines.flatMap(({ commands }) => commands));
  let previous = 0;
  for (const { commands } of parsed.pipelines) {
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.every(({ start, end }) => start >= 0 && start <= end && end <= line.length)).toBe(true);
    // Pipelines are in source order if their text is part of the line itself.
    const [first] = commands;
    if (first?.origin === 'line' && first.wrappers.length === 0) {
      expect(first.start).toBeGreaterThanOrEqual(previous);
      previous = first.start;
    }
  }
  for (const { commands } of parsed.flows) expect(commands.every((command) => all.has(command))).toBe(true);
  expect(parsed.parse).toBe(parsed.problems.length === 0 ? 'complete' : 'partial');
  expect(parsed.problems.length).toBeLessThanOrEqual(LIMITS.problems + 20);
}

describe('any string at all', () => {
  it('is parsed without an exception, with offsets inside the line, each command once', () => {
    fc.assert(
      fc.property(aLine, (line) => {
        const parsed = parseCommandLine(line);
        checkShape(line, parsed);
        const commands = parsed.pipelines.flatMap((pipeline) => pipeline.commands);
        expect(new Set(commands).size).toBe(commands.length);
      }),
      runs(500),
    );
  });

  it('gives the same result each time, and stable texts', () => {
    fc.assert(
      fc.property(aLine, (line) => {
        const parsed = parseCommandLine(line);
        expect(parseCommandLine(line)).toEqual(parsed);
        const text = normaliseCommand(parsed, { home: '/home/ada', cwd: '/srv/x' });
        expect(normaliseCommand(parseCommandLine(line), { home: '/home/ada', cwd: '/srv/x' })).toBe(text);
        const program = programOf(parsed);
        const programs = parsed.pipelines.flatMap(({ commands }) => commands.map((command) => command.program));
        if (program === undefined) expect(programs.every((name) => name === '')).toBe(true);
        else expect(programs).toContain(program.program);
      }),
      runs(200),
    );
  });

  it('finds the same commands in a script as in the line itself', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a b', 'c | d', 'e "f g"', 'h > i', '(j; k)', 'l $(m)', 'n && o'), { minLength: 1 }),
        (parts) => {
          const line = parts.join('; ');
          const namesOf = (text: string): readonly (readonly string[])[] =>
            parseCommandLine(text).pipelines.map(({ commands }) =>
              commands.flatMap((c) => [c.program, ...c.arguments]),
            );
          expect(namesOf(`bash -c '${line}'`)).toEqual(namesOf(line));
          expect(namesOf(`sudo -E bash -lc '${line}'`)).toEqual(namesOf(line));
          expect(namesOf(`eval '${line}'`)).toEqual(namesOf(line));
        },
      ),
    );
  });

  it('templates paths without an exception, and a template stays as it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('/', '..', '.', 'tmp', 'home', 'a', '~', '$HOME', '\\', 'C:')).map((p) => p.join('')),
        (path) => {
          const once = templatePath(path, { home: '/home/a', cwd: '/tmp/a' });
          expect(templatePath(once, { home: '/home/a', cwd: '/tmp/a' })).toBe(once);
        },
      ),
    );
  });
});

/** Exceeds every bound except the length; a long search also reaches that one. */
const LONG = Math.min(1 << 20, times(1 << 17));
const filled = (piece: string, size = LONG): string => piece.repeat(Math.floor(size / piece.length));

/** Pieces that cause the worst case of some reader when repeated. */
const WORST = [
  ...[
    '(',
    '$(',
    '`',
    '{ ',
    '${a:-',
    '$((',
    '((',
    'if ',
    'f() ',
    '<<a\n',
    '{a,b}',
    'a=(',
    "'",
    '"',
    '\\',
    '|',
    'a;',
    '$a',
  ],
  ...['sudo ', 'find . -exec ', 'ssh h ', 'echo a|'],
];
const BAD = [
  ...[
    '"$(',
    '<(',
    '$[',
    '[[ ( ',
    'case x in a) ',
    'coproc ',
    'for x in ',
    'cat <<E\n',
    '{a..b}',
    '{a,',
    'x[',
    "$'\\",
    '#',
    ') ',
  ],
  ...['fi ', ';;', '&', 'a ', '\ud800', 'env a=b ', "eval '", '{ a; } | ', 'parallel ::: a ', '%a% ', '$x = '],
];

function expectBounded(size: number, line: string): void {
  const budget = createParseBudget();
  const parsed = parseWithBudget(line, budget);
  expect(budget.nodes).toBeLessThanOrEqual(LIMITS.commands + LIMITS.nesting);
  expect(budget.commands).toBeLessThanOrEqual(LIMITS.commands);
  expect(budget.lookaheadChars).toBeLessThanOrEqual(LIMITS.lookaheadChars + 2 * size);
  expect(budget.scriptChars).toBeLessThanOrEqual(LIMITS.scriptChars + size);
  expect(budget.expandedWords).toBeLessThanOrEqual(2 * LIMITS.expandedWords);
  expect(budget.expandedChars).toBeLessThanOrEqual(LIMITS.expandedChars + 4 * size);
  expect(budget.flowCommands).toBeLessThanOrEqual(LIMITS.flowCommands);
  expect(budget.inherited).toBeLessThanOrEqual(LIMITS.inherited + size);
  expect(parsed.pipelines.length).toBeLessThanOrEqual(LIMITS.commands);
  expect(parsed.problems.length).toBeLessThanOrEqual(LIMITS.problems + 20);
  expect(normaliseCommand(parsed).length).toBeLessThanOrEqual(4_120);
}

describe('hostile lines', () => {
  it.each([...WORST, ...BAD])('of repeated %j keep every bound', (piece) => expectBounded(LONG, filled(piece)));

  it.each(['(', '$(', '`', 'a;', '{a,b}', "'", '{', '$x'])('of %j keep every bound in PowerShell and cmd', (piece) => {
    expectBounded(LONG, `Get-Item ${filled(piece, LONG / 2)}`);
    expectBounded(LONG, `cmd /c ${filled(piece, LONG / 2)}`);
  });

  it.each(['(', '$(', 'a;', "'a' ", '$((1', '`'])(
    'of %j keep every bound below other nesting and in scripts',
    (piece) => {
      expectBounded(LONG, `${'$('.repeat(40)}${filled(piece, LONG / 2)}`);
      expectBounded(LONG, `bash -c "${filled(piece, LONG / 2)}"`);
      expectBounded(LONG, `{ ${filled(piece, LONG / 2)}; } | tee > f`);
    },
  );
});

describe('a bound that is reached', () => {
  it.each([
    ['length', `a; ${'x'.repeat(LIMITS.inputChars)}`, /1048576 characters/],
    ['commands', 'a;'.repeat(LIMITS.commands + 1), /10000 commands/],
    ['nesting of groups', `${'( '.repeat(80)}a${' )'.repeat(80)}`, /nesting of 64/],
    ['nesting of substitutions', `${'$('.repeat(80)}a${')'.repeat(80)}`, /nesting of 64/],
    ['nesting of wrappers', `${'sudo '.repeat(80)}a`, /nesting of 64/],
    ['nesting of scripts', `${'ssh h '.repeat(80)}a`, /nesting of 64/],
    ['words of brace expansion', 'echo {1..2000}', /1000 words/],
    ['substitutions', 'echo `a`'.concat('`a`'.repeat(LIMITS.substitutions)), /10000 (?:substitutions|commands)/],
    ['problems', ') '.repeat(LIMITS.problemsInAll + 100), /10000 problems/],
  ])('%s: makes the line partial and is named', (_, line, problem) => {
    const parsed = parseCommandLine(line);
    expect(parsed.parse).toBe('partial');
    expect(parsed.problems.join('; ')).toMatch(problem);
  });

  it('keeps what was understood before it', () => {
    const deep = parseCommandLine(`curl u | sh; ${'$('.repeat(100)}x`);
    expect(deep.pipelines[0]?.commands.map(({ program }) => program)).toEqual(['curl', 'sh']);
    const many = parseCommandLine(`curl u | sh; ${'a;'.repeat(20_000)}`);
    expect(many.pipelines[0]?.commands).toHaveLength(2);
    expect(parseCommandLine('{curl,u,{1..9999}} | sh').pipelines[0]?.commands.map(({ program }) => program)).toEqual([
      'curl',
      'sh',
    ]);
  });

  it('is far beyond the lines that people write', () => {
    const nested = `${'( '.repeat(30)}a${' )'.repeat(30)}; ${'$('.repeat(30)}b${')'.repeat(30)}`;
    expect(parseCommandLine(nested).parse).toBe('complete');
    expect(parseCommandLine('a | b\n'.repeat(2_000)).parse).toBe('complete');
  });
});

describe('work', () => {
  /** All counters, for a line of this many pieces. */
  const work = (line: string): number => {
    const budget = createParseBudget();
    const parsed = parseWithBudget(line, budget);
    const words = parsed.pipelines.flatMap(({ commands }) => commands.map((command) => command.arguments.length));
    return (
      words.reduce((sum, count) => sum + count, 0) +
      budget.nodes +
      budget.lookaheadChars +
      budget.scriptChars +
      budget.expandedChars
    );
  };

  it.each([
    'a b | c; ',
    'x=$((1 + $(a))); ',
    "bash -c 'a b'; ",
    '((a); b); ',
    'echo {a,b}; ',
    '$(a `b`) ',
    'cat <<E\nx\nE\n',
  ])('grows with the number of %j, not with its square', (piece) => {
    const [small, large] = [work(piece.repeat(100)), work(piece.repeat(400))];
    expect(large).toBeLessThanOrEqual(small * 4.5);
  });
});
