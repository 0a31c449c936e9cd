/**
 * Splits hostile text into parts that may be shown unchanged and parts that must be named: control, bidirectional and
 * invisible characters, blanks that are not a space, and marks piled up on one letter. Pure; nothing is dropped.
 */

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  /** `label` is what to show (`RLO`, `ESC`, `U+E0041`), `title` its code points and names, `count` how many characters. */
  | { readonly kind: 'sign'; readonly label: string; readonly title: string; readonly count: number };

/** Characters that must not be shown unchanged. A plain space is fine; every other blank could hide or fake one. */
const SUSPECT =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0\ufffc\u{1d159}]|\u034f|[\u17b4\u17b5]|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/u;
const PICTOGRAPH = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}#*0-9]/u;
const MARK = /\p{M}/u;

/** Letters of living languages have at most a few marks; more of them paint over adjacent text. */
const MARKS_SHOWN = 4;
/** A longer run is shown as a number: ten thousand zero-width spaces must not create as many elements. */
const RUN_SHOWN = 6;
/** Number of code points listed in the title of such a run. */
const RUN_LISTED = 12;

const NAMES: Readonly<Record<number, readonly [label: string, name: string]>> = {
  0x00: ['NUL', 'null'],
  0x07: ['BEL', 'bell'],
  0x08: ['BS', 'backspace'],
  0x09: ['TAB', 'tab'],
  0x0a: ['LF', 'line feed'],
  0x0b: ['VT', 'vertical tab'],
  0x0c: ['FF', 'form feed'],
  0x0d: ['CR', 'carriage return'],
  0x1b: ['ESC', 'escape'],
  0x7f: ['DEL', 'delete'],
  0x85: ['NEL', 'next line'],
  0x9b: ['CSI', 'control sequence introducer'],
  0xa0: ['NBSP', 'no-break space'],
  0xad: ['SHY', 'soft hyphen'],
  0x34f: ['CGJ', 'combining grapheme joiner'],
  0x61c: ['ALM', 'Arabic letter mark'],
  0x115f: ['HCF', 'Hangul choseong filler'],
  0x1160: ['HJF', 'Hangul jungseong filler'],
  0x180e: ['MVS', 'Mongolian vowel separator'],
  0x200b: ['ZWSP', 'zero width space'],
  0x200c: ['ZWNJ', 'zero width non-joiner'],
  0x200d: ['ZWJ', 'zero width joiner'],
  0x200e: ['LRM', 'left-to-right mark'],
  0x200f: ['RLM', 'right-to-left mark'],
  0x2028: ['LS', 'line separator'],
  0x2029: ['PS', 'paragraph separator'],
  0x202a: ['LRE', 'left-to-right embedding'],
  0x202b: ['RLE', 'right-to-left embedding'],
  0x202c: ['PDF', 'pop directional formatting'],
  0x202d: ['LRO', 'left-to-right override'],
  0x202e: ['RLO', 'right-to-left override'],
  0x202f: ['NNBSP', 'narrow no-break space'],
  0x2060: ['WJ', 'word joiner'],
  0x2066: ['LRI', 'left-to-right isolate'],
  0x2067: ['RLI', 'right-to-left isolate'],
  0x2068: ['FSI', 'first strong isolate'],
  0x2069: ['PDI', 'pop directional isolate'],
  0x2800: ['BLANK', 'braille blank'],
  0x3000: ['IDSP', 'ideographic space'],
  0x3164: ['HF', 'Hangul filler'],
  0xfeff: ['BOM', 'zero width no-break space'],
  0xfffc: ['OBJ', 'object replacement character'],
};

const code = (point: number): string => `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;

/** Returns the name of a character: `U+202E right-to-left override`. */
function nameOf(point: number): readonly [label: string, title: string] {
  const known = NAMES[point];
  if (known !== undefined) return [known[0], `${code(point)} ${known[1]}`];
  if (point < 0x20) return [`^${String.fromCharCode(point + 64)}`, `${code(point)} control character`];
  if (point >= 0xe0020 && point <= 0xe007e)
    return [`TAG ${String.fromCharCode(point - 0xe0000)}`, `${code(point)} invisible tag character`];
  return [code(point), `${code(point)} has no visible form`];
}

/** A joiner or variation selector inside an emoji is part of its spelling, not a disguise. */
function spellsEmoji(point: number, before: string, after: string): boolean {
  if (point === 0x200d) return PICTOGRAPH.test(before) && /\p{Extended_Pictographic}/u.test(after);
  return (point === 0xfe0f || point === 0xfe0e) && PICTOGRAPH.test(before);
}

/**
 * @param lines `keep` leaves line feeds and tabs in the text (for blocks), `name` shows them as signs (for single
 * lines)
 */
export function visiblePieces(text: string, lines: 'keep' | 'name' = 'name'): Piece[] {
  const pieces: Piece[] = [];
  let plain = '';
  let run: number[] = [];
  const flushPlain = () => {
    if (plain !== '') pieces.push({ kind: 'text', text: plain });
    plain = '';
  };
  const flushRun = () => {
    if (run.length === 0) return;
    flushPlain();
    pieces.push(...signsOf(run));
    run = [];
  };
  let before = '';
  let marks = 0;
  const characters = text[Symbol.iterator]();
  let current = characters.next();
  while (current.done !== true) {
    const character = current.value;
    current = characters.next();
    const after = current.done === true ? '' : current.value;
    const point = character.codePointAt(0) ?? 0;
    marks = MARK.test(character) ? marks + 1 : 0;
    const kept = lines === 'keep' && (point === 0x0a || point === 0x09);
    if (!kept && (marks > MARKS_SHOWN || (SUSPECT.test(character) && !spellsEmoji(point, before, after)))) {
      run.push(point);
    } else {
      flushRun();
      plain += character;
    }
    // A selector does not change what the joiner after it joins.
    if (point !== 0xfe0f) before = character;
  }
  flushRun();
  flushPlain();
  return pieces;
}

function signsOf(run: readonly number[]): Piece[] {
  if (run.length <= RUN_SHOWN)
    return run.map((point) => {
      const [label, title] = nameOf(point);
      return { kind: 'sign', label, title, count: 1 };
    });
  const first = run[0] ?? 0;
  const [label, title] = nameOf(first);
  if (run.every((point) => point === first))
    return [
      { kind: 'sign', label: `${label} ×${run.length}`, title: `${title}, ${run.length} times`, count: run.length },
    ];
  const listed = run.slice(0, RUN_LISTED).map(code).join(' ');
  const more = run.length > RUN_LISTED ? ' …' : '';
  return [{ kind: 'sign', label: `${run.length} hidden`, title: `${listed}${more}`, count: run.length }];
}
