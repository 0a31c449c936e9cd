/** Lets work begin in the order it came, a few at a time. */

export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** @param atOnce how much of it may go on at the same time */
export function createTurns(atOnce: number): Turns {
  let going = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (going >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else going += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) going -= 1;
      else next();
    }
  };
}
