/** Reads the arguments of a program as getopt would: options anywhere among the operands, values joined or apart. */

export interface OptionForms {
  /** Letters whose value is the rest of the word or, if that is empty, the next word. */
  readonly short?: string;
  /** Letters whose value, if any, is the rest of the word: `sed -i.bak`. */
  readonly attached?: string;
  /** Long options whose value is the next word when not joined by `=`. */
  readonly long?: readonly string[];
  /** Long options of two values: `jq --arg name value`. */
  readonly pairs?: readonly string[];
}

/** Hostile clusters are long, real ones a few letters. */
const CLUSTER = 32;
const NONE: readonly string[] = [];

export class Arguments {
  readonly operands: string[] = [];
  /** By name without dashes; an option without a value has none here. */
  readonly #values = new Map<string, string[]>();
  readonly #flags = new Set<string>();

  constructor(words: readonly string[], forms: OptionForms = {}) {
    let isOpen = true;
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? '';
      if (!isOpen || word.length < 2 || !word.startsWith('-')) this.operands.push(word);
      else if (word === '--') isOpen = false;
      else at += word.startsWith('--') ? this.#long(word, words, at, forms) : this.#short(word, words[at + 1], forms);
    }
  }

  /** Values of these options, of each name in the order written. */
  values(...names: readonly string[]): readonly string[] {
    let found: readonly string[] = NONE;
    if (this.#values.size === 0) return found;
    for (const name of names) {
      const values = this.#values.get(name);
      if (values !== undefined) found = found.length === 0 ? values : [...found, ...values];
    }
    return found;
  }

  /** Whether one of these options is there, with a value or without. */
  has(...names: readonly string[]): boolean {
    if (this.#flags.size === 0 && this.#values.size === 0) return false;
    return names.some((name) => this.#flags.has(name) || this.#values.has(name));
  }

  #add(name: string, value: string): void {
    const known = this.#values.get(name);
    if (known === undefined) this.#values.set(name, [value]);
    else known.push(value);
  }

  /** How many of the next words are its values. */
  #long(word: string, words: readonly string[], at: number, { long, pairs }: OptionForms): number {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const next = words[at + 1];
    if (equals >= 0) this.#add(name, word.slice(equals + 1));
    else if (pairs?.includes(name) === true) return 2;
    else if (next !== undefined && long?.includes(name) === true) {
      this.#add(name, next);
      return 1;
    } else this.#flags.add(name);
    return 0;
  }

  #short(word: string, next: string | undefined, { short = '', attached = '' }: OptionForms): number {
    const letters = Math.min(word.length, CLUSTER);
    for (let index = 1; index < letters; index++) {
      const letter = word.charAt(index);
      if (attached.includes(letter)) {
        this.#add(letter, word.slice(index + 1));
        return 0;
      }
      if (!short.includes(letter)) {
        this.#flags.add(letter);
        continue;
      }
      const rest = word.slice(index + 1);
      if (rest !== '') this.#add(letter, rest);
      else if (next !== undefined) this.#add(letter, next);
      return rest === '' && next !== undefined ? 1 : 0;
    }
    return 0;
  }
}
