/**
 * How the work of a function grows with the size of its input, in steps: how often V8 entered each block of the product's
 * code, and how many characters regular expressions passed over. Both are the same on a busy machine.
 */
import { afterAll } from '@jest/globals';
import { Session } from 'node:inspector';
import { packageRoot } from '../../platform/files/package-root.ts';

/** Above this `growth` is not linear. */
export const LINEAR = 10;

/** How many times more steps `run` takes for eight times the size: 8 where it is linear, 64 where it is quadratic. */
export function growth(run: (size: number) => void, size: number): number {
  return stepsOf(() => run(size * 8)) / stepsOf(() => run(size));
}

// V8 counts in functions that are compiled from here on: a test imports this file before it calls what it measures.
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
afterAll(() => session.disconnect());

function stepsOf(run: () => void): number {
  takeBlocks();
  const characters = charactersPassedOver(run);
  return takeBlocks() + characters;
}

const isProduct = (url: string): boolean =>
  url.includes(packageRoot) && !/\/node_modules\/|\/test\/|\/test-support\/|\.test\.ts$/.test(url);

/** Blocks entered since the last call. */
function takeBlocks(): number {
  let blocks = 0;
  session.post('Profiler.takePreciseCoverage', (error, coverage) => {
    if (error !== null) throw error;
    for (const { url, functions } of coverage.result)
      if (isProduct(url)) for (const { ranges } of functions) for (const { count } of ranges) blocks += count;
  });
  return blocks;
}

/** `test`, `match`, `replace` and `split` call `exec` too where it is not the built-in one. */
function charactersPassedOver(run: () => void): number {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the expression it is for
  const { exec } = RegExp.prototype;
  let characters = 0;
  RegExp.prototype.exec = function counted(text) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const match = exec.call(this, text);
    characters += (match === null ? text.length : match.index + match[0].length) - from;
    return match;
  };
  try {
    run();
  } finally {
    RegExp.prototype.exec = exec;
  }
  return characters;
}
