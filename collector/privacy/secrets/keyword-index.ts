/**
 * Finds any of some hundred keywords in one pass over a text (Aho and Corasick, 1975), in either case of ASCII letters.
 * One table look-up per character of any text.
 */

export interface KeywordIndex {
  /** Calls back with the number of the keyword and where it starts, in the order of their ends. */
  search(text: string, onHit: (keyword: number, start: number) => void): void;
  /** Whether there is any. */
  hits(text: string): boolean;
}

const ASCII = 128;

/** @param keywords in lower case, ASCII, none empty */
export function createKeywordIndex(keywords: readonly string[]): KeywordIndex {
  const { classOf, classes } = classesOf(keywords);
  const trie = growTrie(keywords, classOf, classes);
  const { table, ends } = withFallbacks(trie, classes);
  const endsOf = Array.from(ends, (each) => (each.length === 0 ? undefined : each));
  const isEnd = Uint8Array.from(endsOf, (each) => (each === undefined ? 0 : 1));
  const lengths = keywords.map((keyword) => keyword.length);
  return {
    search: (text, onHit) => {
      let state = 0;
      for (let at = 0; at < text.length; at += 1) {
        const code = text.charCodeAt(at);
        state = table[state * classes + (code < ASCII ? (classOf[code] as number) : 0)] as number;
        if (isEnd[state] === 0) continue;
        for (const keyword of endsOf[state] ?? []) onHit(keyword, at + 1 - (lengths[keyword] as number));
      }
    },
    hits: (text) => {
      let state = 0;
      for (let at = 0; at < text.length; at += 1) {
        const code = text.charCodeAt(at);
        state = table[state * classes + (code < ASCII ? (classOf[code] as number) : 0)] as number;
        if (isEnd[state] !== 0) return true;
      }
      return false;
    },
  };
}

/** Characters that no keyword has are one class, 0; both cases of a letter are one. */
function classesOf(keywords: readonly string[]): { readonly classOf: Uint8Array; readonly classes: number } {
  const classOf = new Uint8Array(ASCII);
  let classes = 1;
  for (const char of new Set(keywords.join(''))) {
    const code = char.charCodeAt(0);
    if (code >= ASCII || char !== char.toLowerCase()) throw new Error(`keyword with ${JSON.stringify(char)}`);
    classOf[code] = classes;
    classOf[char.toUpperCase().charCodeAt(0)] = classes;
    classes += 1;
  }
  return { classOf, classes };
}

interface Trie {
  readonly next: (Map<number, number> | undefined)[];
  readonly ends: number[][];
}

function growTrie(keywords: readonly string[], classOf: Uint8Array, classes: number): Trie {
  const next: Map<number, number>[] = [new Map<number, number>()];
  const ends: number[][] = [[]];
  for (const [number, keyword] of keywords.entries()) {
    let state = 0;
    for (let at = 0; at < keyword.length; at += 1) {
      const step = classOf[keyword.charCodeAt(at)] as number;
      const from = next[state] as Map<number, number>;
      let to = from.get(step);
      if (to === undefined) {
        to = next.length;
        next.push(new Map());
        ends.push([]);
        from.set(step, to);
      }
      state = to;
    }
    (ends[state] as number[]).push(number);
  }
  if (next.length * classes > 2 ** 24) throw new Error('too many keywords for a table');
  return { next, ends };
}

/** Where a state has no step of its own, the longest end of what was read that begins a keyword has it. */
function withFallbacks({ next, ends }: Trie, classes: number) {
  const table = new Uint16Array(next.length * classes);
  const fallback = new Uint16Array(next.length);
  const order = [0];
  for (const state of order) {
    for (let step = 0; step < classes; step += 1) {
      const own = next[state]?.get(step);
      const other = state === 0 ? 0 : (table[(fallback[state] as number) * classes + step] as number);
      if (own === undefined) {
        table[state * classes + step] = other;
        continue;
      }
      table[state * classes + step] = own;
      fallback[own] = other;
      (ends[own] as number[]).push(...(ends[other] as number[]));
      order.push(own);
    }
  }
  return { table, ends };
}
