/** Median, spread and quantiles of a small sample in a sorted array. */

export function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * Computes a quantile by linear interpolation between order statistics (type 7 of Hyndman & Fan, 1996; the default of
 * numpy and R).
 *
 * @param ascending at least one value, ascending
 * @param p 0 to 1
 */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const position = (ascending.length - 1) * p;
  const below = Math.floor(position);
  const low = ascending[below] ?? NaN;
  const fraction = position - below;
  return fraction === 0 ? low : low + fraction * ((ascending[below + 1] ?? NaN) - low);
}

/**
 * Computes the median absolute deviation around `center`, unscaled. It walks outwards from the middle, without a second
 * sort.
 */
export function medianAbsoluteDeviation(ascending: ArrayLike<number>, center: number): number {
  const n = ascending.length;
  let right = 0;
  while (right < n && (ascending[right] ?? 0) < center) right += 1;
  let left = right - 1;
  let previous = 0;
  let current = 0;
  // Distances are produced in ascending order; the median needs the first half of them.
  for (let taken = 0; taken <= Math.floor(n / 2); taken += 1) {
    const toLeft = left >= 0 ? center - (ascending[left] ?? 0) : Infinity;
    const toRight = right < n ? (ascending[right] ?? 0) - center : Infinity;
    previous = current;
    if (toLeft < toRight) {
      current = toLeft;
      left -= 1;
    } else {
      current = toRight;
      right += 1;
    }
  }
  return n % 2 === 1 ? current : previous + 0.5 * (current - previous);
}

/** Scales the MAD of normal data to its standard deviation: 1 / Φ⁻¹(3/4). */
const MAD_TO_SIGMA = 1.482602218505602;
/** Scales the mean absolute deviation in the same way: √(π/2). */
const MEAN_DEVIATION_TO_SIGMA = 1.2533141373155003;

/**
 * Robust standard deviation. If more than half of the sample is equal, the MAD is zero, and the mean absolute deviation
 * is used instead (Iglewicz & Hoaglin, How to Detect and Handle Outliers, 1993).
 */
export function robustSigma(ascending: ArrayLike<number>, median: number): number {
  const mad = medianAbsoluteDeviation(ascending, median);
  if (mad > 0) return MAD_TO_SIGMA * mad;
  let sum = 0;
  for (let index = 0; index < ascending.length; index += 1) sum += Math.abs((ascending[index] ?? 0) - median);
  return ascending.length === 0 ? 0 : (MEAN_DEVIATION_TO_SIGMA * sum) / ascending.length;
}
