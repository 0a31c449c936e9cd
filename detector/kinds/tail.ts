/**
 * The upper tail of Student's t distribution, and its inverse.
 *
 * P(T > t) is half the regularised incomplete beta function I_x(ν/2, 1/2) at x = ν / (ν + t²) (Abramowitz & Stegun,
 * 26.7.1). It is computed as a continued fraction (Press et al., Numerical Recipes, 3rd ed., 6.4), which stays precise
 * far out in the tail.
 */

/** P(T > t) with `degrees` of freedom. */
export function upperTail(t: number, degrees: number): number {
  if (t < 0) return 1 - upperTail(-t, degrees);
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
}

/** The t that is exceeded with probability `p`, for 0 < p ≤ 1/2. */
export function tailQuantile(p: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (upperTail(high, degrees) > p && high < 1e9) {
    low = high;
    high *= 2;
  }
  for (let round = 0; round < 48 && high - low > 1e-9 * high; round += 1) {
    const middle = (low + high) / 2;
    if (upperTail(middle, degrees) > p) low = middle;
    else high = middle;
  }
  return high;
}

/** I_x(a, b). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2)
    ? (front * continuedFraction(x, a, b)) / a
    : 1 - (front * continuedFraction(1 - x, b, a)) / b;
}

const TINY = 1e-300;

/** Lentz's method. */
function continuedFraction(x: number, a: number, b: number): number {
  const kept = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / kept(1 - ((a + b) * x) / (a + 1));
  let sum = d;
  for (let m = 1; m <= 300; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / kept(1 + even * d);
    c = kept(1 + even / c);
    sum *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / kept(1 + odd * d);
    c = kept(1 + odd / c);
    const step = d * c;
    sum *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return sum;
}

const LANCZOS = [
  76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2,
  -0.5395239384953e-5,
] as const;

/** ln Γ(x) for x > 0, to about ten digits (Lanczos, as in Numerical Recipes, 6.1). */
function logGamma(x: number): number {
  const near = x + 5.5;
  let sum = 1.000000000190015;
  for (const [index, coefficient] of LANCZOS.entries()) sum += coefficient / (x + index + 1);
  return (x + 0.5) * Math.log(near) - near + Math.log((2.506628274631 * sum) / x);
}
