/**
 * Fires when a count, sum, maximum or number of distinct values within a window is higher than is plausible for this
 * entity, given its past or, while that is short, a prior.
 *
 * - A window without a matching event is not a sample: agents rest most of the day, and with a past full of zeros any
 *   work would look unusual. The budget is per active day for the same reason.
 * - The running window is judged with every event. Its value only grows, so a verdict is never revoked.
 * - Windows stay open for late events, for one window's length but at least a quarter of an hour in the entity's own
 *   event time. Later events are counted as late, and are neither judged nor learnt.
 * - Windows that were too high are not learnt. But once a new level has lasted for `minimumSamples` windows in a row,
 *   these windows replace the old ones.
 */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Explanation } from '../../schemas/records/alert.ts';
import type { BaselineRule } from '../model/detection.ts';
import { entityOf } from '../model/subject.ts';
import { DAY_MS } from '../model/literals.ts';
import { selectionTest } from './selection.ts';
import { type ClosedWindows, type Expectation, expectationOf, slotOf } from './expectation.ts';
import { type Measure, NOTHING, amountOf, contributionOf, describe, measure, resolutionOf, span } from './feature.ts';
import type { Finding, Kind, Witness } from '../model/kind.ts';

export interface BaselineState extends ClosedWindows {
  /** Windows that may still grow, oldest first. */
  readonly open: readonly OpenWindow[];
  /** Latest event time seen. */
  readonly watermark: number;
  /** Windows that were too high to be learnt, in a row. */
  readonly shift: ClosedWindows;
}

interface OpenWindow extends Measure {
  /** Number of the window since the epoch. */
  readonly window: number;
  readonly flagged: boolean;
  /** The events that contributed most, or the last ones when all contribute alike. */
  readonly witnesses: readonly (Witness & { readonly weight: number })[];
}

/** Number of windows kept: a month of full working days with hourly windows. */
const RING = 256;
const HISTORY = 64;
const WITNESSES = 8;
const LEAST_LATENESS_MS = 900_000;
const IDLE_MS = 90 * DAY_MS;
/** After this time a session does not continue. */
const SESSION_IDLE_MS = 7 * DAY_MS;

const EMPTY: BaselineState = { windows: [], values: [], open: [], watermark: 0, shift: { windows: [], values: [] } };

export const baseline: Kind<'baseline', BaselineState> = {
  name: 'baseline',
  judge: (rule, { hash128 }) => {
    const { feature, window: windowMs } = rule;
    const selected = selectionTest(rule.where);
    const expect = expectations(rule);
    const closedThrough = closing(windowMs);
    return {
      group: rule.group ?? { by: [rule.per], for: windowMs },
      parts: selected.parts,
      entityOf: (subject) => {
        if (contributionOf(feature, subject.event) === undefined) return undefined;
        const entity = entityOf(subject.event, rule.per);
        return entity !== undefined && selected.holds(subject) ? entity : undefined;
      },
      state: {
        meaning: JSON.stringify([feature.text, rule.where ?? null, rule.per, windowMs]),
        idleMs: rule.per === 'session' ? SESSION_IDLE_MS : IDLE_MS,
        initial: () => EMPTY,
      },
      step: (before, { event }) => {
        const contribution = contributionOf(feature, event);
        const window = Math.floor(event.time / windowMs);
        if (contribution === undefined) return { state: before };
        if (window <= closedThrough(before.watermark)) return { state: before, late: true };

        const watermark = Math.max(before.watermark, event.time);
        const state = close(before, closedThrough(watermark), rule.minimumSamples);
        const current = state.open.find((open) => open.window === window);
        const measured = measure(feature, current ?? NOTHING, contribution, hash128);
        const expected = expect(state, window);
        const tooHigh = expected !== undefined && measured.value > expected.high && measured.value >= rule.atLeast;
        const next: OpenWindow = {
          ...measured,
          window,
          flagged: tooHigh || (current?.flagged ?? false),
          witnesses: withWitness(current?.witnesses ?? [], event, contribution),
        };
        const after = { ...state, watermark, open: withOpen(state.open, next) };
        if (!tooHigh) return { state: after };
        const finding = findingOf(rule, after, next, expected);
        return {
          state: after,
          finding: current?.flagged === true ? finding : { ...finding, witnesses: next.witnesses.map(withoutWeight) },
        };
      },
    };
  },
};

/** Returns the last window that late events can no longer reach. */
function closing(windowMs: number): (watermark: number) => number {
  const latenessMs = Math.max(windowMs, LEAST_LATENESS_MS);
  return (watermark) => Math.floor((watermark - latenessMs) / windowMs) - 1;
}

/** Learns the windows that are closed. */
function close(state: BaselineState, through: number, minimumSamples: number): BaselineState {
  if (state.open.length === 0 || (state.open[0]?.window ?? 0) > through) return state;
  let { windows, values, shift } = state;
  for (const { window, value, flagged } of state.open) {
    if (window > through) break;
    if (!flagged) {
      windows = [...windows, window].slice(-RING);
      values = [...values, value].slice(-RING);
      if (shift.windows.length > 0) shift = EMPTY.shift;
      continue;
    }
    shift = { windows: [...shift.windows, window], values: [...shift.values, value] };
    if (shift.windows.length < minimumSamples) continue;
    ({ windows, values } = shift);
    shift = EMPTY.shift;
  }
  return { ...state, windows, values, shift, open: state.open.filter(({ window }) => window > through) };
}

/**
 * Computed once per closed window (and season) rather than per event, because the arrays are never changed in place.
 */
function expectations(rule: BaselineRule): (closed: ClosedWindows, window: number) => Expectation | undefined {
  const known = new WeakMap<readonly number[], Map<string, Expectation | undefined>>();
  return (closed, window) => {
    let bySlot = known.get(closed.values);
    if (bySlot === undefined) known.set(closed.values, (bySlot = new Map<string, Expectation | undefined>()));
    const slot = rule.season.length === 0 ? { hour: 0, weekday: 0 } : slotOf(window * rule.window);
    const key = `${slot.hour}/${slot.weekday}`;
    if (!bySlot.has(key)) bySlot.set(key, expectationOf(rule, closed, window));
    return bySlot.get(key);
  };
}

function withOpen(open: readonly OpenWindow[], next: OpenWindow): readonly OpenWindow[] {
  const at = open.findIndex(({ window }) => window >= next.window);
  if (at === -1) return [...open, next];
  return open[at]?.window === next.window ? open.with(at, next) : open.toSpliced(at, 0, next);
}

function withWitness(
  witnesses: OpenWindow['witnesses'],
  event: AgentEvent,
  contribution: number | string,
): OpenWindow['witnesses'] {
  const weight = typeof contribution === 'number' ? contribution : 1;
  const lightest = witnesses.reduce(
    (least, witness, index) => (weightAt(witnesses, least) <= witness.weight ? least : index),
    0,
  );
  if (witnesses.length >= WITNESSES && weightAt(witnesses, lightest) > weight) return witnesses;
  const { eventId, callId, sessionId, time } = event;
  const witness = { eventId, ...(callId === undefined ? {} : { callId }), sessionId, time, weight };
  return [...(witnesses.length >= WITNESSES ? witnesses.toSpliced(lightest, 1) : witnesses), witness];
}

function weightAt(witnesses: OpenWindow['witnesses'], index: number): number {
  return witnesses[index]?.weight ?? Infinity;
}

function withoutWeight({ weight: _, ...witness }: OpenWindow['witnesses'][number]): Witness {
  return witness;
}

function findingOf(rule: BaselineRule, state: BaselineState, open: OpenWindow, expected: Expectation): Finding {
  const { feature, window: windowMs } = rule;
  const probability = expected.probabilityOf(open.value);
  const usual = amountOf(feature, expected.median);
  const most = amountOf(feature, expected.high);
  const observed = describe(feature, open.value);
  return {
    excess: Math.min(20, Math.max(0, 4 * Math.log10(expected.allowed / Math.max(probability, 1e-300)))),
    probability,
    summary: `${rule.title}: ${observed} in ${span(windowMs)}, usually ${usual} and at most ${most}`,
    explanation: {
      feature: feature.text,
      observed: open.value,
      expected: { low: expected.low, high: expected.high, median: expected.median },
      expectation: expectationText(rule, expected, usual, most),
      samples: expected.samples,
      level: expected.level,
      window: { from: open.window * windowMs, to: (open.window + 1) * windowMs },
      history: historyOf(state, windowMs),
      contributions: [
        // With a usual value near zero there is no meaningful multiple.
        ...(expected.median < resolutionOf(feature)
          ? []
          : [{ name: 'times the usual', value: (open.value / expected.median).toPrecision(3) }]),
        { name: 'tail probability', value: probability.toPrecision(3) },
        { name: 'allowed per window', value: expected.allowed.toPrecision(3) },
      ],
    },
  };
}

function expectationText(rule: BaselineRule, expected: Expectation, usual: string, most: string): string {
  const days = 1 / rule.budget.alertsPerDay;
  const times = days >= 1 ? `once in ${round(days)} active days` : `${round(rule.budget.alertsPerDay)} times a day`;
  const season = expected.seasonal ? ` of the same ${rule.season.join(' and ').replaceAll('-of-', ' of the ')}` : '';
  const rests =
    expected.level === 'entity'
      ? `${expected.samples} windows of this ${rule.per}${season}`
      : `what is usual elsewhere and ${expected.samples} windows of this ${rule.per}`;
  return `Usually ${usual} in ${span(rule.window)}; more than ${most} is expected less than ${times}, judged by ${rests}.`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function historyOf({ windows, values }: ClosedWindows, windowMs: number): NonNullable<Explanation['history']> {
  const from = Math.max(0, windows.length - HISTORY);
  return windows.slice(from).map((window, index) => ({ from: window * windowMs, value: values[from + index] ?? 0 }));
}
