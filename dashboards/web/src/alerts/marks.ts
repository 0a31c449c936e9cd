/** Which parts of an event's text to mark for an alert. Pure. */
import type { Alert } from '../../../../schemas/alert.ts';

/** A single letter or digit marked all over a command says nothing. */
const SHORTEST = 2;

/** The parts that a rule names, else the value it judged; numbers of a baseline are not text to look for. */
export function marksOf({ explanation }: Alert): readonly string[] {
  const named = (explanation.contributions ?? [])
    .map(({ value }) => value)
    .filter((value) => value.trim().length >= SHORTEST && !/^-?[\d.,]+$/.test(value));
  if (named.length > 0) return [...new Set(named)];
  const { observed } = explanation;
  return typeof observed === 'string' && observed.trim().length >= SHORTEST ? [observed] : [];
}
