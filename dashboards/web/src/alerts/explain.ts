/** Formats an explanation as sentences and as the numbers of the picture. Pure. */
import type { Alert, Explanation } from '../../../../schemas/records/alert.ts';
import {
  formatCount,
  formatDuration,
  formatNumber,
  formatRarity,
  formatUnit,
  plural,
  unitOf,
} from '../format/quantity.ts';

/** The data of the picture; times in ms since the epoch. */
export interface Picture {
  readonly times: readonly number[];
  /** Past window values; null for missing windows, which are drawn as a gap. */
  readonly past: readonly (number | null)[];
  readonly low: number;
  readonly high: number;
  readonly median: number | undefined;
  readonly observedAt: number;
  readonly observed: number;
}

/** A step this much longer than the usual one means that windows are missing in between. */
const GAP_FACTOR = 1.5;

/** @returns undefined when there is no number with a band to draw */
export function pictureOf(explanation: Explanation): Picture | undefined {
  const { observed, expected, history = [], window } = explanation;
  if (typeof observed !== 'number' || expected === undefined) return undefined;
  const past = history.filter(({ from }) => from < window.from).sort((a, b) => a.from - b.from);
  const steps = past
    .slice(1)
    .map((point, index) => point.from - (past[index]?.from ?? 0))
    .sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? Infinity;
  const times: number[] = [];
  const values: (number | null)[] = [];
  const gapBefore = (from: number) => {
    const last = times.at(-1);
    if (last === undefined || from - last <= usual * GAP_FACTOR) return;
    times.push(last + (from - last) / 2);
    values.push(null);
  };
  for (const { from, value } of past) {
    gapBefore(from);
    times.push(from);
    values.push(value);
  }
  times.push(window.from);
  values.push(null);
  return {
    times,
    past: values,
    low: expected.low,
    high: expected.high,
    median: expected.median,
    observedAt: window.from,
    observed,
  };
}

/** Says in one sentence what the judgement is based on. */
export function basisOf(alert: Alert): string {
  const { explanation, entity } = alert;
  const { level, samples } = explanation;
  switch (level) {
    case 'rule':
      return 'A rule: it looks for this and needs no history.';
    case 'entity':
      return `Learned from ${plural(samples, 'sample')} of this ${entity.kind}’s own history.`;
    case 'prior':
      return samples === 0
        ? `This ${entity.kind} has no history yet, so a shipped prior is used.`
        : `This ${entity.kind} has only ${plural(samples, 'sample')} of history so far, so a shipped prior is used.`;
  }
}

/** The number of events that an alert keeps (schemas/records/alert.ts). */
const EVIDENCE_KEPT = 50;

/** Says how much of the evidence is listed. */
export function evidenceNote({ evidence, count }: Alert): string {
  if (isCut({ evidence, count })) return `first ${evidence.length} of ${formatCount(count)} findings`;
  const events = plural(evidence.length, 'event');
  return count > evidence.length ? `${events} of ${formatCount(count)} findings` : events;
}

/** Returns whether there is more evidence than the alert can list. */
export const isCut = ({ evidence, count }: Pick<Alert, 'evidence' | 'count'>): boolean =>
  evidence.length >= EVIDENCE_KEPT && count > evidence.length;

export interface FormattedExplanation {
  readonly observed: string;
  readonly expected: string | undefined;
  readonly median: string | undefined;
  /** `41 times the upper bound`, if that is meaningful. */
  readonly factor: string | undefined;
  readonly window: string;
  readonly rarity: string | undefined;
}

/** Formats the numbers of an explanation with their units. */
export function formatExplanation(alert: Alert): FormattedExplanation {
  const { observed, expected, feature, window } = alert.explanation;
  const unit = unitOf(feature);
  const number = typeof observed === 'number' ? observed : undefined;
  return {
    observed: number === undefined ? String(observed) : formatUnit(number, unit),
    expected:
      expected === undefined ? undefined : `${formatUnit(expected.low, unit)} to ${formatUnit(expected.high, unit)}`,
    median: expected?.median === undefined ? undefined : formatUnit(expected.median, unit),
    factor: number === undefined || expected === undefined ? undefined : factorOf(number, expected),
    window: formatDuration(window.to - window.from),
    rarity: alert.probability === undefined ? undefined : formatRarity(alert.probability),
  };
}

function factorOf(observed: number, expected: { readonly low: number; readonly high: number }): string | undefined {
  if (expected.high > 0 && observed >= expected.high * 1.5) {
    const factor = observed / expected.high;
    return `${factor < 10 ? factor.toFixed(1) : formatCount(Math.round(factor))} times the upper bound`;
  }
  if (observed < expected.low) return 'below the lower bound';
  return observed > expected.high ? 'above the upper bound' : undefined;
}

export interface Part {
  readonly name: string;
  readonly value: string;
  /** True for the agent's text, and false for our own numbers. */
  readonly mono: boolean;
}

/** Names and formats of a baseline's own numbers. Each has its own unit, so they are not drawn together. */
const NUMBERS: Readonly<Record<string, { readonly name: string; readonly read: (value: number) => string }>> = {
  'times the usual': { name: 'Times the usual', read: formatNumber },
  'tail probability': { name: 'Windows this extreme', read: formatRarity },
  'allowed per window': { name: 'Alerts allowed', read: (share) => `${formatRarity(share)} windows` },
};

/** Formats contributions as lines of a table: a number in the unit that its name implies, anything else unchanged. */
export const partsOf = (contributions: NonNullable<Explanation['contributions']>): readonly Part[] =>
  contributions.map(({ name, value }) => {
    const number = value.trim() === '' ? NaN : Number(value);
    if (!Number.isFinite(number)) return { name, value, mono: true };
    const known = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
    if (known !== undefined) return { name: known.name, value: known.read(number), mono: false };
    const unit = unitOf(name);
    return { name, value: unit === 'plain' ? value : formatUnit(number, unit), mono: unit === 'plain' };
  });

/** Says how much of the past the picture shows, compared with what the judgement is based on. */
export function pastNote({ past }: Picture, { samples }: Explanation): string {
  const shown = past.filter((value) => value !== null).length;
  if (shown === samples) return plural(shown, 'earlier window');
  return `${plural(shown, 'earlier window')} (the latest; the judgement is based on ${formatCount(samples)})`;
}
