import { describe, expect, it } from '@jest/globals';
import { Script, createContext } from 'node:vm';
import fc from 'fast-check';
import { LINEAR, growth } from '../../../test/support/growth.ts';
import { runs } from '../../../test/support/runs.ts';
import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-syntax.ts';
import { Parts } from '../parts.ts';

const PLAIN = { ignoreCase: false, multiLine: false, dotAll: false };

const ASK = new Script('new RegExp(source, letters).test(input)');
const question: Record<string, string> = {};
const realm = createContext(question);
/** A backtracking engine may never end, even on twelve characters: it gets this long. */
const PATIENCE_MS = 100;

/** What V8 says; undefined where it does not come to an end. */
function oracle(asked: { readonly source: string; readonly letters: string; readonly input: string }): unknown {
  try {
    Object.assign(question, asked);
    return ASK.runInContext(realm, { timeout: PATIENCE_MS });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}

describe('compileExpression', () => {
  it('agrees with the RegExp of the language', () => {
    // A grammar of both dialects.
    const { expression } = fc.letrec<{ expression: string; item: string }>((tie) => ({
      item: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(
          'a',
          'b',
          '.',
          '[ab]',
          '[^a]',
          '\\w',
          '\\d',
          '\\s',
          '^',
          '$',
          '\\b',
          '\\B',
          '-',
          'é',
          '\\n',
          '[\\w-]',
        ),
        tie('expression').map((inner) => `(?:${inner})`),
        tie('expression').map((inner) => `(${inner})`),
      ),
      expression: fc
        .array(fc.tuple(tie('item'), fc.constantFrom('', '', '', '?', '{0,2}', '{2}', '|', '+', '*', '*?')), {
          maxLength: 4,
        })
        .map((parts) =>
          parts
            .map(([item, quantifier]) =>
              /^(?:\^|\$|\\b|\\B)$/.test(item) && quantifier !== '|' ? item : item + quantifier,
            )
            .join(''),
        ),
    }));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '1', '_', ' ', '\n', '-', 'é', 'É'), maxLength: 12 });
    const flags = fc.record({ ignoreCase: fc.boolean(), multiLine: fc.boolean(), dotAll: fc.boolean() });
    fc.assert(
      fc.property(expression, flags, text, (source, given, input) => {
        const letters = `${given.ignoreCase ? 'i' : ''}${given.multiLine ? 'm' : ''}${given.dotAll ? 's' : ''}`;
        // `.` of the language also stops at \r, U+2028 and U+2029; none of them is in the alphabet above.
        const expected = oracle({ source, letters, input });
        fc.pre(expected !== undefined);
        expect(compileExpression(source, given, new Parts())(input)).toBe(expected);
      }),
      runs(500),
    );
  });

  it.each([
    ['(?i)curl', 'CURL', true],
    ['x(?i:y)z', 'xYz', true],
    ['x(?i:y)z', 'xYZ', false],
    ['(?P<name>a+)b', 'aab', true],
    ['\\x41\\u0042', 'AB', true],
    ['[]a]', ']', true],
    ['[a\\]-]', '-', true],
    ['a{2,}', 'a', false],
    ['a{2,}', 'aaa', true],
    ['a{,2}', 'a{,2}', true],
    ['(?:)', '', true],
    ['', 'anything', true],
    ['\\Aab\\z', 'ab', true],
    ['(a*)*b', 'aaab', true],
    ['a|', 'x', true],
    // Found by chance: V8 goes back over this for longer than anybody waits.
    ['((?:(?:a{0,2}(^-?[ab]*)?[^a]?)*.?\\n*\\d*){2})*?(?:é\\s\\s(b{2}$))', '-a a--\n-é1', false],
  ])('%s on %j: %s', (source, text, expected) => {
    expect(compileExpression(source, PLAIN, new Parts())(text)).toBe(expected);
  });

  it.each([
    ['(', 'not closed'],
    [')', 'unmatched'],
    ['[a', 'not closed'],
    ['[b-a]', 'out of order'],
    ['*a', 'nothing to repeat'],
    ['a**', 'nothing to repeat'],
    ['a++', 'possessive'],
    ['a{3,2}', 'out of order'],
    ['a{2000}', 'counts past'],
    ['(?=a)', 'look-around'],
    ['(?<!a)', 'look-around'],
    ['(?>a)', 'not supported'],
    ['(a)\\1', 'not supported'],
    ['\\p{L}', 'not supported'],
    ['[[:alpha:]]', 'named classes'],
    ['\\', 'backslash'],
    ['\\x1', 'malformed'],
    [`${'('.repeat(200)}a${')'.repeat(200)}`, 'too deeply'],
    ['((a{100}){100}){100}', 'too large'],
    ['((){1000}){1000}', 'too large'],
  ])('refuses %s: %s', (source, reason) => {
    expect(() => compileExpression(source, PLAIN, new Parts())).toThrow(ExpressionError);
    expect(() => compileExpression(source, PLAIN, new Parts())).toThrow(reason);
  });

  it.each([
    ['many classes in both cases', '(?i)[!-~][\\x00-\\uffff]'.repeat(8000)],
    ['a class of many ranges, again and again', `[${everySecond(0x2000, 2000)}]{1000}`],
    ['copies of classes of many ranges', `(?:[${everySecond(0x2000, 500)}]|[${everySecond(0x2001, 500)}]){1,900}`],
  ])('is compiled in bounded time or refused: %s', (_, source) => {
    try {
      compileExpression(source, PLAIN, new Parts())('x'.repeat(1000));
    } catch (error) {
      expect(error).toBeInstanceOf(ExpressionError);
    }
  });

  it('takes work that grows with the text and not faster', () => {
    // Each of these takes a backtracking engine longer than the age of the universe, or at least seconds.
    const compiled = ['(a+)+b', '(a|a)*b', '(.*)*x.*y', '.*a.*a.*a.*a.*a.*a.*b', '(\\w+\\s?)+$!'].map((source) =>
      compileExpression(source, PLAIN, new Parts()),
    );
    for (const matches of compiled) {
      expect(matches('a'.repeat(200_000))).toBe(false);
      expect(growth((size) => matches('a'.repeat(size)), 1_000)).toBeLessThan(LINEAR);
    }
  });

  it('forgets states rather than growing without bound, and stays right', () => {
    // After any `a`, exactly 14 characters later: a deterministic automaton of 2^14 states.
    const matches = compileExpression('a.{14}c', PLAIN, new Parts());
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 500, maxLength: 3000 }), (text) => {
        expect(matches(text)).toBe(false);
        expect(matches(`${text}${'b'.repeat(15)}a${'b'.repeat(14)}c`)).toBe(true);
      }),
      runs(5),
    );
  });
});

function everySecond(from: number, count: number): string {
  return String.fromCharCode(...Array.from({ length: count }, (_, i) => from + 2 * i));
}
