/** Event ids taken lately, so that an agent's retry is recognised. Two generations: bounded memory, no bookkeeping per id. */

const GENERATION = 131_072;

export interface RecentIds {
  readonly has: (id: string) => boolean;
  readonly add: (id: string) => void;
  /** For a write that failed: the agent will send these again. */
  remove(ids: readonly string[]): void;
}

export function createRecentIds(generation = GENERATION): RecentIds {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    has: (id) => young.has(id) || old.has(id),
    add: (id) => {
      if (young.size >= generation) {
        old = young;
        young = new Set();
      }
      young.add(id);
    },
    remove: (ids) => {
      for (const id of ids) {
        young.delete(id);
        old.delete(id);
      }
    },
  };
}
