import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createKeywordIndex } from './keyword-index.ts';

const hitsOf = (keywords: readonly string[], text: string): readonly string[] => {
  const hits: string[] = [];
  createKeywordIndex(keywords).search(text, (keyword, start) => hits.push(`${String(keywords[keyword])}@${start}`));
  return hits.sort();
};

it('finds what a search for each keyword by itself finds', () => {
  const letters = fc.constantFrom('a', 'b', '-', 'A', 'B', 'é', 'K');
  const text = fc.array(letters, { maxLength: 40 }).map((each) => each.join(''));
  const keyword = fc.array(fc.constantFrom('a', 'b', '-'), { minLength: 1, maxLength: 4 }).map((each) => each.join(''));
  fc.assert(
    fc.property(fc.uniqueArray(keyword, { minLength: 1, maxLength: 8 }), text, (keywords, within) => {
      const folded = within.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
      const expected = keywords.flatMap((each) =>
        Array.from({ length: folded.length }, (_, at) => at)
          .filter((at) => folded.startsWith(each, at))
          .map((at) => `${each}@${at}`),
      );
      expect(hitsOf(keywords, within)).toEqual(expected.sort());
    }),
  );
});

it('takes keywords in lower-case ASCII only', () => {
  expect(() => createKeywordIndex(['Akia'])).toThrow('"A"');
  expect(() => createKeywordIndex(['clé'])).toThrow('"é"');
});
