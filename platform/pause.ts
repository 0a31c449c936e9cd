/** Stands still for so long (ms), and the whole thread with it: only for milliseconds, or where nothing else is to be done meanwhile. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
