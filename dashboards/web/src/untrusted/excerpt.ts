/** Cuts long text and finds the parts to mark in it. Pure. */

export interface Span {
  readonly text: string;
  readonly marked: boolean;
}

/** A cut never falls inside a surrogate pair, and never leaves a joiner or mark to start the hidden rest. */
export function cutAt(text: string, limit: number): number {
  if (text.length <= limit) return text.length;
  let end = limit;
  const unit = text.charCodeAt(end);
  if (unit >= 0xdc00 && unit <= 0xdfff) end -= 1;
  return end;
}

/**
 * Where to cut so that the first marked part is seen: text before it is left out when it lies beyond the limit.
 *
 * @returns start and end of the excerpt in UTF-16 units
 */
export function excerptAround(
  text: string,
  needles: readonly string[],
  limit: number,
): { readonly start: number; readonly end: number } {
  if (text.length <= limit) return { start: 0, end: text.length };
  const first = needles
    .filter((needle) => needle !== '')
    .map((needle) => ({ at: text.indexOf(needle), length: needle.length }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0];
  if (first === undefined || first.at + Math.min(first.length, limit / 2) <= limit)
    return { start: 0, end: cutAt(text, limit) };
  const start = cutAt(text, Math.max(0, first.at - Math.floor(limit / 4)));
  return { start, end: cutAt(text, start + limit) };
}

/** Longest parts win where two overlap; more than this many places are not marked, to keep the page small. */
const MARKS = 64;

/** Splits `text` at every place where one of `needles` stands. */
export function markSpans(text: string, needles: readonly string[]): Span[] {
  const taken: { from: number; to: number }[] = [];
  const wanted = [...new Set(needles)].filter((needle) => needle !== '').sort((a, b) => b.length - a.length);
  for (const needle of wanted) {
    for (
      let at = text.indexOf(needle);
      at >= 0 && taken.length < MARKS;
      at = text.indexOf(needle, at + needle.length)
    ) {
      const to = at + needle.length;
      if (!taken.some((other) => at < other.to && other.from < to)) taken.push({ from: at, to });
    }
  }
  taken.sort((a, b) => a.from - b.from);
  const spans: Span[] = [];
  let done = 0;
  for (const { from, to } of taken) {
    if (from > done) spans.push({ text: text.slice(done, from), marked: false });
    spans.push({ text: text.slice(from, to), marked: true });
    done = to;
  }
  if (done < text.length) spans.push({ text: text.slice(done), marked: false });
  return spans;
}
