/** The `attributes` of an event: text by dotted key, within the bounds of the schema. Every cut is marked. */
import { setOwn } from '../../schemas/otlp/any-value.ts';
import { flatten } from '../../schemas/otlp/attributes.ts';
import type { AnyValue } from '../../schemas/otlp/record.ts';

const MAX_KEYS = 512;
const MAX_KEY_LENGTH = 512; // schema
const MAX_VALUE_LENGTH = 65_536; // schema
/** Characters of all values together: an event has to fit a message of 256 KiB with its command line and paths. */
const MAX_TOTAL_LENGTH = 98_304;
/** Length kept of a value that does not fit into the total. */
const STUB_LENGTH = 256;

/** Vigil's own notes on an event have this prefix. A payload key with this prefix is moved below `claimed.`. */
const REMARK = 'vigil.';
export const CUT = `${REMARK}cut.`;

/** The first `max` UTF-16 units of a text, without half a character at the end. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

export class AttributeText {
  readonly values: Record<string, string> = {};
  #count = 0;
  #total = 0;
  #dropped = 0;
  readonly #numbers = new Map<string, number>();

  has(key: string): boolean {
    return Object.hasOwn(this.values, key);
  }

  /** Adds a note of Vigil, or a text with a key that is known to be new. The first text of a key is kept. */
  set(key: string, text: string): void {
    // An empty text means the same as a missing key: a map in the store returns the empty text for both.
    if (key === '' || text === '' || this.has(key)) return;
    if (this.#count >= MAX_KEYS) {
      setOwn(this.values, `${CUT}attributes`, String(++this.#dropped));
      return;
    }
    const room = this.#total + text.length <= MAX_TOTAL_LENGTH ? MAX_VALUE_LENGTH : STUB_LENGTH;
    const value = text.length > room ? cutText(text, room) : text;
    const name = key.length > MAX_KEY_LENGTH ? cutText(key, MAX_KEY_LENGTH) : key;
    setOwn(this.values, name.toWellFormed(), value.toWellFormed());
    this.#count += 1;
    this.#total += value.length;
    if (value.length < text.length) this.set(cutText(CUT + key, MAX_KEY_LENGTH), String(text.length));
  }

  /** Adds a value of any shape: members of objects under dotted keys, lists as JSON; an empty value is skipped. */
  note(key: string, value: AnyValue): void {
    if (typeof value === 'string') this.set(key, value);
    else if (value !== null && typeof value !== 'object') this.set(key, String(value));
    else if (value !== null) {
      for (const [name, text] of Object.entries(flatten([[key, value]], () => false))) this.set(name, text);
    }
  }

  /** Adds text from a payload. If the key exists already, both are kept, the later as `key#2`. */
  claim(key: string, value: AnyValue): void {
    const name = key.startsWith(REMARK) ? `claimed.${key}` : key;
    this.note(this.has(name) ? this.#free(name) : name, value);
  }

  /** The next number of a repeated key. The search starts at the last number, so each repeat costs the same. */
  #free(key: string): string {
    let n = this.#numbers.get(key) ?? 2;
    while (n < MAX_KEYS && this.#count < MAX_KEYS && this.has(`${key}#${n}`)) n += 1;
    this.#numbers.set(key, n);
    return `${key}#${n}`;
  }
}
