import { describe, expect, it } from '@jest/globals';
import { doublingPauses, pauseFor, retry, steppedPauses } from './retry.ts';
import { ShellError } from './shell-error.ts';

const away = new ShellError('BUS_UNAVAILABLE', 'away', { retryable: true });

/** Fails so often, then succeeds. */
function failing(times: number, error: Error = away): (failures: number) => Promise<number> {
  return (failures) => (failures < times ? Promise.reject(error) : Promise.resolve(failures));
}

describe('pauses', () => {
  const first = (pauses: (failures: number) => number): readonly number[] => [1, 2, 3, 4, 5, 1_000].map(pauses);

  it('double up to a limit', () => {
    expect(first(doublingPauses(100, 1_000))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(first(doublingPauses(1)).slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
  });

  it('follow steps, of which the last repeats', () => {
    expect(first(steppedPauses(1, 5, 7))).toEqual([1, 5, 7, 7, 7, 7]);
  });
});

describe('retry', () => {
  it('runs an action until it succeeds and reports each retry', async () => {
    const reports: unknown[] = [];
    const result = await retry(failing(3), {
      pauses: doublingPauses(1, 2),
      onRetry: (error, facts) => reports.push({ error, ...facts }),
    });
    expect(result).toBe(3);
    expect(reports).toEqual([
      { error: away, failures: 1, pauseMs: 1 },
      { error: away, failures: 2, pauseMs: 2 },
      { error: away, failures: 3, pauseMs: 2 },
    ]);
  });

  it.each([
    { name: 'a ShellError that is not retryable', error: new ShellError('X', 'final', { retryable: false }) },
    { name: 'an error of another kind', error: new Error('a bug') },
  ])('throws $name at once', async ({ error }) => {
    await expect(retry(failing(1, error), { pauses: () => 0 })).rejects.toBe(error);
  });

  it('asks its caller which errors are retryable, and how often', async () => {
    const error = new Error('busy');
    const upTo = (limit: number) => ({
      pauses: () => 0,
      isRetryable: (thrown: unknown, failures: number) => thrown === error && failures <= limit,
    });
    await expect(retry(failing(2, error), upTo(2))).resolves.toBe(2);
    await expect(retry(failing(2, error), upTo(1))).rejects.toBe(error);
  });

  it('ends its pause when the signal fires', async () => {
    const ended = new AbortController();
    const running = retry(failing(9), {
      pauses: () => 60_000,
      signal: ended.signal,
      onRetry: () => ended.abort('over'),
    });
    await expect(running).rejects.toBe('over');
  });

  it('reports no retry once the signal has fired', async () => {
    const options = { pauses: () => 0, signal: AbortSignal.abort('over'), onRetry: () => expect(true).toBe(false) };
    await expect(retry(failing(1), options)).rejects.toBe('over');
    await expect(retry(failing(0), options)).resolves.toBe(0);
  });
});

it('waits no longer than until the signal fires', async () => {
  await pauseFor(60_000, AbortSignal.abort());
  await pauseFor(0);
});
