/**
 * A text as it reads with the escapes of JSON and of URLs undone, once, and where each of its characters stood: a secret after `\n`
 * or `%3D` is at the start of a word, and one with `\u002d` in it is still one. Pure.
 */

const ESCAPE = /\\u00([2-7][0-9a-fA-F])|%([2-7][0-9a-fA-F])|\\([nrt/"\\])/g;
const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '/': '/', '"': '"', '\\': '\\' };

export interface DecodedView {
  readonly text: string;
  /** Maps a position in this text to the position in the original (UTF-16 units). */
  readonly originalOf: (place: number) => number;
}

/** Whether the text may contain an escape. */
export function isEscaped(text: string): boolean {
  return text.includes('\\') || text.includes('%');
}

/** @returns undefined if the text has no escapes */
function decodedView(original: string): DecodedView | undefined {
  if (!isEscaped(original)) return undefined;
  const parts: string[] = [];
  /** Where each escape ends, in this text and in the original. */
  const ends: number[] = [];
  const originalEnds: number[] = [];
  let at = 0;
  let length = 0;
  for (const match of original.matchAll(ESCAPE)) {
    const [escape, unicode, percent, letter = ''] = match;
    const hex = unicode ?? percent;
    const plain = original.slice(at, match.index);
    parts.push(plain, hex === undefined ? (LETTERS[letter] as string) : String.fromCharCode(Number.parseInt(hex, 16)));
    at = match.index + escape.length;
    length += plain.length + 1;
    ends.push(length);
    originalEnds.push(at);
  }
  if (ends.length === 0) return undefined;
  parts.push(original.slice(at));
  return {
    text: parts.join(''),
    originalOf: (place) => {
      let low = 0;
      let high = ends.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((ends[middle] as number) <= place) low = middle + 1;
        else high = middle;
      }
      return low === 0 ? place : (originalEnds[low - 1] as number) + place - (ends[low - 1] as number);
    },
  };
}

/** As many as JSON stands within JSON in a record that was not understood. */
const LEVELS = 4;

/** The text with its escapes undone once, twice, … as long as there are any. */
export function decodedViews(original: string): readonly DecodedView[] {
  const views: DecodedView[] = [];
  for (let text = original; views.length < LEVELS;) {
    const view = decodedView(text);
    if (view === undefined) break;
    const outer = views.at(-1)?.originalOf ?? ((place: number) => place);
    views.push({ text: view.text, originalOf: (place) => outer(view.originalOf(place)) });
    ({ text } = view);
  }
  return views;
}

/**
 * The text of a protobuf message with its tags and lengths blank, since a length is often a letter: of an attribute's value
 * (field 2, 0x12) and of the text in it (field 1, 0x0a).
 */
export function withoutTags(text: string): string {
  return text.replaceAll(/[\n\x12](?:[^\x00-\x7f][^]|[^])/g, (tag) => ' '.repeat(tag.length)); // eslint-disable-line no-control-regex -- bytes of the wire
}
