/** Cuts long text and finds the parts to mark in it. Pure. */

/** A part to mark: a `program` only where a command starts, a `host` in any spelling, and each only as a whole word. */
export interface Mark {
  readonly text: string;
  readonly as: 'text' | 'program' | 'host';
}

export interface Span {
  readonly text: string;
  readonly marked: boolean;
}

interface Place {
  readonly from: number;
  readonly to: number;
}

/** A cut is never inside a surrogate pair, and the hidden rest never starts with a joiner or combining mark. */
export function cutAt(text: string, limit: number): number {
  if (text.length <= limit) return text.length;
  let end = limit;
  const unit = text.charCodeAt(end);
  if (unit >= 0xdc00 && unit <= 0xdfff) end -= 1;
  return end;
}

/**
 * Returns where to cut so that the first marked part is visible: text before it is omitted if it is beyond the limit.
 *
 * @param places result of `placesOf`
 * @returns start and end of the excerpt in UTF-16 units
 */
export function excerptAround(text: string, places: readonly Place[], limit: number): Place {
  if (text.length <= limit) return { from: 0, to: text.length };
  const [first] = places;
  if (first === undefined || first.from + Math.min(first.to - first.from, limit / 2) <= limit)
    return { from: 0, to: cutAt(text, limit) };
  const start = cutAt(text, Math.max(0, first.from - Math.floor(limit / 4)));
  return { from: start, to: cutAt(text, start + limit) };
}

/** The longest parts win where two overlap. Only this many places are marked, to keep the page small. */
const MARKS = 64;

/** Returns every place where one of the marks occurs, in text order. */
export function placesOf(text: string, marks: readonly Mark[]): readonly Place[] {
  const taken: Place[] = [];
  const wanted = marks.filter((mark) => mark.text !== '').sort((a, b) => b.text.length - a.text.length);
  for (const mark of wanted)
    for (const place of standsAt(text, mark)) {
      if (taken.length >= MARKS) break;
      if (!taken.some((other) => place.from < other.to && other.from < place.to)) taken.push(place);
    }
  return taken.sort((a, b) => a.from - b.from);
}

/** Splits `text`, which starts at `start` of the searched text, into marked and other spans. */
export function markSpans(text: string, places: readonly Place[], start = 0): Span[] {
  const spans: Span[] = [];
  let done = 0;
  for (const place of places) {
    const from = Math.max(0, place.from - start);
    const to = Math.min(text.length, place.to - start);
    if (to <= from) continue;
    if (from > done) spans.push({ text: text.slice(done, from), marked: false });
    spans.push({ text: text.slice(from, to), marked: true });
    done = to;
  }
  if (done < text.length) spans.push({ text: text.slice(done), marked: false });
  return spans;
}

function standsAt(text: string, mark: Mark): readonly Place[] {
  const whole = wholeWords(text, mark);
  if (mark.as !== 'program' || whole.length <= 1) return whole;
  // The name occurs more than once, so the one that runs must be distinguished from `git rm` and `echo rm`.
  return whole.filter(({ from }) => beginsCommand(text.slice(Math.max(0, from - LOOK_BACK), from)));
}

/** `sh` is not a word in `payload.sh`, and `x.example` is not one in `get.x.example`. */
function wholeWords(text: string, { text: wanted, as }: Mark): readonly Place[] {
  const before = /^[\p{L}\p{N}_]/u.test(wanted) ? '(?<![\\p{L}\\p{N}_.-])' : '';
  const after = /[\p{L}\p{N}_]$/u.test(wanted) ? '(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}_])' : '';
  const pattern = new RegExp(`${before}${escaped(wanted)}${after}`, as === 'host' ? 'giu' : 'gu');
  const places: Place[] = [];
  for (const { index } of text.matchAll(pattern)) {
    places.push({ from: index, to: index + wanted.length });
    if (places.length >= MARKS) break;
  }
  return places;
}

const LOOK_BACK = 256;
/** Words that run the words after them. */
const WRAPPER =
  /^(?:sudo|doas|env|nohup|nice|time|timeout|xargs|exec|command|setsid|stdbuf|then|else|do|if|while|until|!)$/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/** @param before the text before a word @returns whether a command starts with that word */
function beginsCommand(before: string): boolean {
  // A path before it is part of the word.
  const ahead = before.replace(/[^\s'"`|&;(){}=]*\/$/, '');
  if (/(?:^|[|&;({\n`'"])\s*$/.test(ahead)) return true;
  const word = /([^\s'"`|&;(){}]+)\s+$/.exec(ahead)?.[1];
  if (word === undefined) return false;
  if (WRAPPER.test(word.replace(/^.*\//, ''))) return true;
  return ASSIGNMENT.test(word) && beginsCommand(ahead.slice(0, ahead.lastIndexOf(word)));
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, (sign) => `\\${sign}`);
