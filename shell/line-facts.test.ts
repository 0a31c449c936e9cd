import { describe, expect, it } from '@jest/globals';
import { effectsOf } from './effects/effects.ts';
import { factsOf } from './line-facts.ts';
import { programOf } from './normalise.ts';
import { parseCommandLine } from './parse.ts';

const afresh = (line: string) => {
  const parsed = parseCommandLine(line);
  return { parsed, program: programOf(parsed), effects: effectsOf(parsed) };
};
const asked = (line: string) => {
  const { parsed, program, effects } = factsOf(line);
  return { parsed, program, effects };
};

describe('what is known of a line', () => {
  it('equals a fresh parse, for lines that are remembered, dropped, or too long to remember', () => {
    const lines = Array.from(
      { length: 1_500 },
      (_, n) => `cd /srv/${n % 700} && curl https://h${n}.example/ > out-${n}`,
    );
    lines.push('', `echo ${'x'.repeat(2_000)} > y`, 'echo "unfinished', '\ud800');
    for (const line of [...lines, ...lines.slice(0, 20), ...lines.slice(-20)])
      expect(asked(line)).toEqual(afresh(line));
  });

  it('is remembered for recent lines, if they are short', () => {
    expect(factsOf('git status')).toBe(factsOf('git status'));
    const long = `echo ${'x'.repeat(600)}`;
    expect(factsOf(long)).not.toBe(factsOf(long));
    const first = factsOf('make first');
    for (let n = 0; n < 1_100; n += 1) factsOf(`make ${n}`);
    expect(factsOf('make first')).not.toBe(first);
  });
});
