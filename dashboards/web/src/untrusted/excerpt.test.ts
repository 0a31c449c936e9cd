import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutAt, excerptAround, markSpans } from './excerpt.ts';

describe('cutAt', () => {
  it('never cuts a surrogate pair in two', () => {
    expect(cutAt('ab😀cd', 3)).toBe(2);
    expect(cutAt('ab😀cd', 4)).toBe(4);
    expect(cutAt('ab', 9)).toBe(2);
  });
});

describe('markSpans', () => {
  it.each([
    { text: 'curl x | bash', needles: ['bash'], marked: ['bash'] },
    { text: 'a b a b', needles: ['a', 'a b'], marked: ['a b', 'a b'] },
    { text: 'aaaa', needles: ['aa'], marked: ['aa', 'aa'] },
    { text: 'nothing here', needles: ['', 'absent'], marked: [] },
  ])('marks $needles in "$text"', ({ text, needles, marked }) => {
    const spans = markSpans(text, needles);
    expect(spans.filter((span) => span.marked).map((span) => span.text)).toEqual(marked);
  });

  it('gives back the text it was given, whatever is marked', () => {
    const small = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 4 });
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', ' ') }),
        fc.array(small, { maxLength: 5 }),
        (text, needles) => {
          expect(markSpans(text, needles).map((span) => span.text).join('')).toBe(text); // prettier-ignore
        },
      ),
    );
  });

  it('marks a bounded number of places', () => {
    expect(markSpans('ab'.repeat(10_000), ['ab']).filter(({ marked }) => marked)).toHaveLength(64);
  });
});

describe('excerptAround', () => {
  const text = `${'x'.repeat(1000)}needle${'y'.repeat(1000)}`;
  it('starts at the beginning when that shows the match', () => {
    expect(excerptAround('needle and more'.padEnd(400, '.'), ['needle'], 100)).toEqual({ start: 0, end: 100 });
    expect(excerptAround('short', ['zzz'], 100)).toEqual({ start: 0, end: 5 });
  });
  it('leaves out what comes before a match beyond the limit', () => {
    const { start, end } = excerptAround(text, ['needle'], 100);
    expect(text.slice(start, end)).toContain('needle');
    expect(end - start).toBe(100);
  });
});
