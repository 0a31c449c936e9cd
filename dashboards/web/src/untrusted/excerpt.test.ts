import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutAt, excerptAround, markSpans, placesOf, type Mark } from './excerpt.ts';

const texts = (needles: readonly string[]): Mark[] => needles.map((text) => ({ text, as: 'text' }));
const marked = (text: string, marks: readonly Mark[]) =>
  markSpans(text, placesOf(text, marks)).flatMap((span) => (span.marked ? [span.text] : []));

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
    { text: '----', needles: ['--'], marked: ['--', '--'] },
    { text: 'nothing here', needles: ['', 'absent'], marked: [] },
    { text: 'curl https://x.example/payload.sh | sh', needles: ['sh'], marked: ['sh'] },
    { text: 'rm -rf ~/.config', needles: ['-rf', '~/.config'], marked: ['-rf', '~/.config'] },
  ])('marks $needles in "$text"', ({ text, needles, marked: expected }) => {
    expect(marked(text, texts(needles))).toEqual(expected);
  });

  it.each([
    { text: 'git rm old && rm -rf build', program: 'rm', at: [14] },
    { text: 'echo nmap; sudo /usr/bin/nmap -sV nmap.example', program: 'nmap', at: [25] },
    { text: "bash -lc 'A=1 rm x; rm y | xargs rm'", program: 'rm', at: [14, 20, 33] },
    { text: 'find . -exec rm {} +', program: 'rm', at: [13] },
    { text: 'git rm a; git rm b', program: 'rm', at: [] },
    { text: 'npm run nmap-report', program: 'nmap', at: [] },
  ])('marks the program $program where it runs in "$text", or nothing', ({ text, program, at }) => {
    expect(placesOf(text, [{ text: program, as: 'program' }]).map(({ from }) => from)).toEqual(at);
  });

  it('marks a host in any spelling, and not as a part of another host', () => {
    const host: Mark = { text: 'api.example', as: 'host' };
    expect(marked('curl https://API.Example./x http://my.api.example http://api.example.org', [host])).toEqual([
      'API.Example',
    ]);
  });

  it('returns the given text unchanged, for any marks', () => {
    const small = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 4 });
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', ' ') }),
        fc.array(small, { maxLength: 5 }),
        (text, needles) => {
          expect(
            markSpans(text, placesOf(text, texts(needles)))
              .map((span) => span.text)
              .join(''),
          ).toBe(text);
        },
      ),
    );
  });

  it('marks a limited number of places', () => {
    expect(placesOf('ab '.repeat(10_000), texts(['ab']))).toHaveLength(64);
  });
});

describe('excerptAround', () => {
  const text = `${'x'.repeat(1000)} needle ${'y'.repeat(1000)}`;
  it('starts at the beginning if that shows the match', () => {
    expect(excerptAround('needle and more'.padEnd(400, '.'), [{ from: 0, to: 6 }], 100)).toEqual({ from: 0, to: 100 });
    expect(excerptAround('short', [], 100)).toEqual({ from: 0, to: 5 });
  });
  it('omits what precedes a match beyond the limit', () => {
    const places = placesOf(text, texts(['needle']));
    const { from, to } = excerptAround(text, places, 100);
    expect(to - from).toBe(100);
    const spans = markSpans(text.slice(from, to), places, from);
    expect(spans.filter((span) => span.marked).map((span) => span.text)).toEqual(['needle']);
  });
});
