/** Determines which parts of an event's text to mark for an alert. Pure. */
import type { Alert } from '../../../../schemas/records/alert.ts';
import type { Mark } from '../untrusted/excerpt.ts';

/** A single letter or digit marked everywhere in a command is not useful. */
const SHORTEST = 2;

/** Fields with a program's bare name, as detections name them. */
const PROGRAM = /\b(?:program|programs|tool|source|sink|before|after|OriginalFileName)$/;
/** Hosts are compared in lower case, regardless of their spelling in the command. */
const HOST = /(?:host|hosts|Hostname|QueryName)$/i;

/**
 * Returns what a rule matched, or the value that it judged. For values seen for the first time, these are the new
 * values and not the known ones. A baseline judges a number, which is in no event.
 */
export function marksOf({ explanation }: Alert): readonly Mark[] {
  const { level, expected, observed, feature, contributions = [] } = explanation;
  if (expected !== undefined || typeof observed !== 'string') return [];
  const judged = { name: feature, value: observed };
  const matched = level === 'rule' ? contributions : [];
  const alsoNew = contributions
    .filter(({ name }) => name === 'also new')
    .map(({ value }) => ({ name: feature, value }));
  const parts = level === 'rule' ? (matched.length > 0 ? matched : [judged]) : [judged, ...alsoNew];
  const marks = new Map<string, Mark>();
  for (const { name, value } of parts) {
    if (value.trim().length < SHORTEST || /^-?[\d.,]+$/.test(value)) continue;
    const as = value.includes(' ') ? 'text' : PROGRAM.test(name) ? 'program' : HOST.test(name) ? 'host' : 'text';
    marks.set(`${as} ${value}`, { text: value, as });
  }
  return [...marks.values()];
}

/** Returns the marks of several alerts, each once. */
export const marksOfAll = (alerts: readonly Alert[]): readonly Mark[] => [
  ...new Map(alerts.flatMap(marksOf).map((mark) => [`${mark.as} ${mark.text}`, mark])).values(),
];
