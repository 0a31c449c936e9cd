/**
 * Computes what is normal for an entity, from its closed windows and a prior, and above which value it is not.
 *
 * Values are compared on a logarithmic scale, y = ln(1 + x / resolution), on which the spread of counts and sums is
 * nearly independent of their size. The formulas
 *
 *     m, s    median and robust sigma of the entity's n windows
 *     m₀, s₀  median and sigma of the prior, which counts as w windows
 *     μ  = (w·m₀ + n·m) / (w + n)
 *     σ² = (w·s₀² + n·s² + w·n/(w + n)·(m − m₀)²) / (w + n)
 *     T  = (y − μ) / (σ·√(1 + 1/(w + n)))
 *
 * are the conjugate update of a normal mean and variance (Gelman et al., Bayesian Data Analysis, 3rd ed., 3.3), with
 * robust estimates. T is compared with Student's t with ν = w + 0.37·n degrees of freedom, because the MAD is 37 % as
 * efficient as the standard deviation (Rousseeuw & Croux, Alternatives to the Median Absolute Deviation, JASA 88,
 * 1993). ν is at least 4, and at most 30, because no real past is as regular as a normal distribution.
 *
 * A window is too high when P(T) is below `budget / windows per active day`, both per entity, and its value also
 * exceeds the same quantile of the entity's own windows: a second peak in the data is not unusual only because no curve
 * fits it.
 */
import { DAY_MS } from '../model/literals.ts';
import type { BaselineRule } from '../model/detection.ts';
import { resolutionOf } from './feature.ts';
import { quantile, robustSigma, sorted } from './robust.ts';
import { tailQuantile, upperTail } from './tail.ts';

export interface Expectation {
  /** `prior` while the entity has fewer windows of its own than the rule requires. */
  readonly level: 'entity' | 'prior';
  /** Number of the entity's own windows that were used. */
  readonly samples: number;
  /** Whether only windows of the same season were compared. */
  readonly seasonal: boolean;
  /** In the feature's unit. A value above `high` is too high; `low` is equally far below the median. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Tail probability that the budget allows for one window. */
  readonly allowed: number;
  probabilityOf(value: number): number;
}

/** Closed windows, oldest first: their numbers since the epoch and their values. */
export interface ClosedWindows {
  readonly windows: readonly number[];
  readonly values: readonly number[];
}

type Settings = Pick<BaselineRule, 'feature' | 'window' | 'season' | 'budget' | 'minimumSamples' | 'prior'>;

/**
 * The sampling noise of a count of n is about 1/√n on the logarithmic scale; sums and maxima are assumed to vary by at
 * least a quarter.
 */
const LEAST_SIGMA = 0.25;
/** Bounds of the tail probability, beyond which neither the data nor the reference distribution is meaningful. */
const LEAST_ALLOWED = 1e-9;
const MOST_ALLOWED = 0.05;
/** Efficiency of the MAD compared with the standard deviation. */
const MAD_EFFICIENCY = 0.37;
const LEAST_DEGREES = 4;
const MOST_DEGREES = 30;
/** Assumed length of a working day until the entity has shown its own. */
const WORKING_DAY_MS = DAY_MS / 3;

/** Returns undefined when there are too few windows and no prior. */
export function expectationOf(settings: Settings, closed: ClosedWindows, window: number): Expectation | undefined {
  const { feature, prior, minimumSamples } = settings;
  const inSeason = settings.season.length === 0 ? closed.values : seasonalValues(settings, closed, window);
  const seasonal = inSeason !== closed.values && inSeason.length >= minimumSamples;
  const values = seasonal ? inSeason : closed.values;
  const n = values.length;
  if (n < minimumSamples && prior === undefined) return undefined;

  const resolution = resolutionOf(feature);
  const scaled = (value: number): number => Math.log1p(value / resolution);
  const unscaled = (y: number): number => Math.max(0, resolution * Math.expm1(y));

  const ascending = sorted(values);
  const ownMedian = n === 0 ? 0 : quantile(ascending, 0.5);
  const m = scaled(ownMedian);
  const s = n === 0 ? 0 : robustSigma(ascending.map(scaled), m);
  const w = prior?.weight ?? 0;
  const m0 = prior === undefined ? m : scaled(prior.median);
  const s0 = prior === undefined ? 0 : Math.log(prior.spread);
  const total = w + n;
  const mu = (w * m0 + n * m) / total;
  const variance = (w * s0 ** 2 + n * s ** 2 + ((w * n) / total) * (m - m0) ** 2) / total;
  const floor =
    feature.kind === 'count' || feature.kind === 'distinct'
      ? Math.max(LEAST_SIGMA, 1 / Math.sqrt(1 + unscaled(mu)))
      : LEAST_SIGMA;
  const scale = Math.max(Math.sqrt(variance), floor) * Math.sqrt(1 + 1 / total);

  const allowed = allowedPerWindow(settings, closed);
  const degrees = Math.min(MOST_DEGREES, Math.max(LEAST_DEGREES, w + MAD_EFFICIENCY * n));
  const reach = tailQuantile(allowed, degrees) * scale;
  const highest = n === 0 ? 0 : quantile(ascending, 1 - allowed);
  return {
    level: n >= minimumSamples ? 'entity' : 'prior',
    samples: n,
    seasonal,
    median: unscaled(mu),
    low: unscaled(mu - reach),
    high: Math.max(unscaled(mu + reach), highest),
    allowed,
    probabilityOf: (value) => upperTail((scaled(value) - mu) / scale, degrees),
  };
}

/** The budget is per active day of the entity. The number of windows in such a day comes from the entity's own past. */
function allowedPerWindow({ budget, window }: Settings, { windows }: ClosedWindows): number {
  const perDay = window >= DAY_MS ? DAY_MS / window : ownWindowsPerDay(windows, window);
  return Math.min(MOST_ALLOWED, Math.max(LEAST_ALLOWED, budget.alertsPerDay / perDay));
}

/** Counts one typical working day in addition to the entity's own days, which soon outnumber it. */
function ownWindowsPerDay(windows: readonly number[], windowMs: number): number {
  let days = 1;
  let previous = -1;
  for (const window of windows) {
    const day = Math.floor((window * windowMs) / DAY_MS);
    if (day !== previous) days += 1;
    previous = day;
  }
  return (Math.max(1, WORKING_DAY_MS / windowMs) + windows.length) / days;
}

/** Selects windows of the same weekday, and of the same hour or an adjacent hour. */
function seasonalValues(
  { season, window: windowMs }: Settings,
  closed: ClosedWindows,
  window: number,
): readonly number[] {
  const slot = slotOf(window * windowMs);
  return closed.values.filter((_, index) => {
    const other = slotOf((closed.windows[index] ?? 0) * windowMs);
    const apart = Math.abs(slot.hour - other.hour);
    return (
      (!season.includes('hour-of-day') || Math.min(apart, 24 - apart) <= 1) &&
      (!season.includes('day-of-week') || slot.weekday === other.weekday)
    );
  });
}

/** UTC; 1970-01-01 was a Thursday, which is day 0 here. */
export function slotOf(time: number): { readonly hour: number; readonly weekday: number } {
  return { hour: Math.floor(time / 3_600_000) % 24, weekday: Math.floor(time / DAY_MS) % 7 };
}
