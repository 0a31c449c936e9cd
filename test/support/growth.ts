/**
 * How many times longer `run` takes for eight times the size: about 8 where it is linear, about 64 where it is quadratic.
 * The best of a few rounds, so that other work of the machine does not count.
 */
export function growth(run: (size: number) => void, size: number): number {
  const best = (of: number): number =>
    Math.min(
      ...Array.from({ length: 5 }, () => {
        const started = performance.now();
        run(of);
        return performance.now() - started;
      }),
    );
  best(size);
  return best(size * 8) / best(size);
}

/** Above this `growth` is not linear. */
export const LINEAR = 30;
