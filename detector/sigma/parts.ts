/**
 * Counts what a detection section is compiled into. Repetition, groups of selections and YAML's aliases let a small file
 * ask for a large program; each has bounds of its own, and together they share this one.
 */

/**
 * Nodes of automata, pieces of text patterns, members of conditions. Rules that people write need hundreds, the longest
 * list of values some 60,000; a hundred thousand take a few tenths of a second to build.
 */
const MAX_PARTS = 100_000;

export const TOO_MANY_PARTS = `with this, the section has over ${MAX_PARTS} parts in all`;

export class Parts {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** False when they no longer fit; then nothing more may be built. */
  add(count: number): boolean {
    this.#count += count;
    return this.#count <= MAX_PARTS;
  }
}
