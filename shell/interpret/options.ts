/** Reads the options of a program from its words, as getopt would, to find where its operands begin. */
import type { Word } from '../syntax/syntax.ts';

export interface OptionSpec {
  /** Letters whose value is the rest of the word or, if nothing is left, the next word. */
  readonly short?: string;
  /** Long options whose value is the next word when not joined by `=`. */
  readonly long?: readonly string[];
  /** Long options have one dash or two, and all have a value except these, as is usual for container tools. */
  readonly flags?: readonly string[];
}

export interface OptionsRead {
  /** Index of the first operand, or the number of words. */
  readonly at: number;
  readonly values: ReadonlyMap<string, Word>;
  readonly flags: ReadonlySet<string>;
}

/** Reads options from `words[from]` on. Names come without dashes. */
export function readOptions(words: readonly Word[], from: number, spec: OptionSpec): OptionsRead {
  const values = new Map<string, Word>();
  const flags = new Set<string>();
  let at = from;
  for (; at < words.length; at++) {
    const word = words[at];
    if (word === undefined || !word.text.startsWith('-') || word.text === '-') break;
    if (word.text === '--') {
      at += 1;
      break;
    }
    const name = word.text.startsWith('--') ? readLong(word, words[at + 1], spec, values, flags) : undefined;
    const takesNext = name ?? readShort(word, words[at + 1], spec, values, flags);
    if (takesNext) at += 1;
  }
  return { at: Math.min(at, words.length), values, flags };
}

/** Records one `--name`, `--name=value` or `--name value`; true when the next word was its value. */
function readLong(
  word: Word,
  next: Word | undefined,
  spec: OptionSpec,
  values: Map<string, Word>,
  flags: Set<string>,
): boolean {
  const equals = word.text.indexOf('=');
  const name = word.text.slice(2, equals < 0 ? undefined : equals);
  if (equals >= 0) {
    values.set(name, suffixOf(word, equals + 1));
    return false;
  }
  const takesValue = spec.flags === undefined ? (spec.long ?? []).includes(name) : !spec.flags.includes(name);
  if (takesValue && next !== undefined) {
    values.set(name, next);
    return true;
  }
  flags.add(name);
  return false;
}

/** Records a cluster such as `-xzf file`; true when the next word was a value. */
function readShort(
  word: Word,
  next: Word | undefined,
  spec: OptionSpec,
  values: Map<string, Word>,
  flags: Set<string>,
): boolean {
  // Hostile clusters are long, real ones a few letters.
  const letters = Math.min(word.text.length, 32);
  for (let index = 1; index < letters; index++) {
    const letter = word.text.charAt(index);
    if (!(spec.short ?? '').includes(letter)) {
      flags.add(letter);
      continue;
    }
    if (index + 1 < word.text.length) {
      values.set(letter, suffixOf(word, index + 1));
      return false;
    }
    if (next !== undefined) values.set(letter, next);
    return next !== undefined;
  }
  return false;
}

/** The word from `from` on, with what is opaque in it. */
export function suffixOf(word: Word, from: number): Word {
  return {
    ...word,
    text: word.text.slice(from),
    opaque: word.opaque
      .filter((span) => span.end > from)
      .map((span) => ({ start: Math.max(0, span.start - from), end: span.end - from })),
  };
}

/** Words joined by blanks, as `eval` and `ssh` join them into a script. */
export function joinWords(words: readonly Word[]): Word | undefined {
  const [first] = words;
  const last = words.at(-1);
  if (first === undefined || last === undefined) return undefined;
  if (words.length === 1) return first;
  let length = 0;
  const opaque: { start: number; end: number }[] = [];
  for (const word of words) {
    for (const span of word.opaque) opaque.push({ start: span.start + length, end: span.end + length });
    length += word.text.length + 1;
  }
  return {
    text: words.map((word) => word.text).join(' '),
    start: first.start,
    end: last.end,
    quoted: words.some((word) => word.quoted),
    opaque,
    substitutions: words.flatMap((word) => word.substitutions),
  };
}
