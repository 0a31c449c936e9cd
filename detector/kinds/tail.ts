/**
 * Tail of Student's t distribution with four degrees of freedom: heavy enough that a quiet week's extremes stay
 * plausible, and with closed forms both ways, so no table and no iteration.
 *
 * With s = t / √(t² + 4) the distribution function is 1/2 + (3/4)(s − s³/3); its complement factors into
 * (1 − s)²(2 + s)/4, which keeps its precision far out. The inverse is from W. T. Shaw, Sampling Student's T
 * distribution (Journal of Computational Finance 9(4), 2006), section 2.
 */

/** P(T > t). */
export function upperTail(t: number): number {
  const root = Math.sqrt(t * t + 4);
  if (t <= 0) {
    const s = t / root;
    return ((1 - s) * (1 - s) * (2 + s)) / 4;
  }
  // 1 − s without cancellation.
  const rest = 4 / (root * (root + t));
  return (rest * rest * (3 - rest)) / 4;
}

/** The t that is exceeded with probability `p`, for 0 < p ≤ 1/2. */
export function tailQuantile(p: number): number {
  const alpha = 4 * p * (1 - p);
  const rootAlpha = Math.sqrt(alpha);
  const q = Math.cos(Math.acos(Math.min(1, rootAlpha)) / 3) / rootAlpha;
  return 2 * Math.sqrt(Math.max(0, q - 1));
}
