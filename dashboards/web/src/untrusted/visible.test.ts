/** Checks that hidden characters are always named, and that nothing is lost. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LINEAR, growth } from '../../../../test/support/growth.ts';
import { visiblePieces } from './visible.ts';

const labels = (text: string, lines?: 'keep' | 'name') =>
  visiblePieces(text, lines)
    .map((piece) => (piece.kind === 'text' ? piece.text : `[${piece.label}]`))
    .join('');

describe('visiblePieces', () => {
  it.each([
    { name: 'plain text', text: 'ls -la "$HOME"', shown: 'ls -la "$HOME"' },
    { name: 'letters of other scripts', text: 'Grüße, 東京, Ω, ёлка, नमस्ते', shown: 'Grüße, 東京, Ω, ёлка, नमस्ते' },
    { name: 'a right-to-left override', text: 'inv\u202egpj.exe', shown: 'inv[RLO]gpj.exe' },
    { name: 'isolates', text: 'a\u2066b\u2069', shown: 'a[LRI]b[PDI]' },
    { name: 'terminal escapes', text: '\u001b[31mred\u001b[0m\u0007', shown: '[ESC][31mred[ESC][0m[BEL]' },
    { name: 'zero width characters', text: 'pay\u200bpal\u200d\ufeff', shown: 'pay[ZWSP]pal[ZWJ][BOM]' },
    {
      name: 'blanks that are not a space',
      text: 'rm\u00a0-rf\u3000x\u2800y\u3164',
      shown: 'rm[NBSP]-rf[IDSP]x[BLANK]y[HF]',
    },
    { name: 'tag characters', text: 'a\u{e0041}b', shown: 'a[TAG A]b' },
    { name: 'other control characters', text: 'a\u0001b\u0085', shown: 'a[^A]b[NEL]' },
    { name: 'line ends in one line', text: 'a\nb\tc\rd', shown: 'a[LF]b[TAB]c[CR]d' },
    { name: 'private use and noncharacters', text: '\ue000\uffff', shown: '[U+E000][U+FFFF]' },
    { name: 'lone surrogates', text: 'a\ud800b', shown: 'a[U+D800]b' },
    { name: 'variation selectors without an effect', text: 'a\ufe0fb\u{e0101}', shown: 'a[U+FE0F]b[U+E0101]' },
    { name: 'emoji in their usual spelling', text: '👩‍💻 ❤️ 🇩🇪 3️⃣', shown: '👩‍💻 ❤️ 🇩🇪 3\ufe0f\u20e3' },
  ])('shows $name', ({ text, shown }) => {
    expect(labels(text)).toBe(shown);
  });

  it('keeps line ends and tabs in a block, and nothing else', () => {
    expect(labels('a\n\tb\r\u202e', 'keep')).toBe('a\n\tb[CR][RLO]');
  });

  it('names code points in the title', () => {
    expect(visiblePieces('\u202e')).toEqual([
      { kind: 'sign', label: 'RLO', title: 'U+202E right-to-left override', count: 1 },
    ]);
  });

  it('shows a long run as a number', () => {
    expect(labels('x' + '\u200b'.repeat(10_000) + 'y')).toBe('x[ZWSP ×10000]y');
    expect(labels('x' + '\u200b\u200c'.repeat(50))).toBe('x[100 hidden]');
    expect(visiblePieces('\u200b\u200c'.repeat(50))).toHaveLength(1);
  });

  it('splits piled-up marks', () => {
    const piled = `Z${'\u0301'.repeat(40)}algo`;
    expect(labels(piled)).toBe(`Z${'\u0301'.repeat(4)}[U+0301 ×36]algo`);
  });

  it('names every hidden character and loses none', () => {
    const nasty = fc.constantFrom(
      'a',
      ' ',
      '\u202e',
      '\u200b',
      '\u0000',
      '\u001b',
      '\n',
      '\u00ad',
      '\u{e0020}',
      '<',
      '\u0301',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(nasty, fc.string({ unit: 'binary' }))), (parts) => {
        const text = parts.join('');
        const pieces = visiblePieces(text);
        const shown = pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('');
        const hidden = pieces.reduce((sum, piece) => sum + (piece.kind === 'sign' ? piece.count : 0), 0);
        expect(Array.from(shown).length + hidden).toBe(Array.from(text).length);
        expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200b\u{e0000}-\u{e007f}]/u);
      }),
    );
  });

  it('takes work that grows with the text and not faster', () => {
    expect(growth((size) => visiblePieces('a\u200b'.repeat(size)), 1_000)).toBeLessThan(LINEAR);
  });
});
