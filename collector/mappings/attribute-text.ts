/** The `attributes` of an event: text by dotted key, within the bounds of the schema; whatever a bound cuts leaves a mark. */
import { flatten } from '../otlp/attributes.ts';
import type { Attributes } from '../otlp/record.ts';

const MAX_KEYS = 512;
const MAX_KEY_LENGTH = 512; // schema
const MAX_VALUE_LENGTH = 65_536; // schema
/** Characters of all values together: an event has to fit a message of 256 KiB with its command line and paths. */
const MAX_TOTAL_LENGTH = 98_304;
/** What is left of a value that the total does not have room for. */
const STUB_LENGTH = 256;

/** Where Vigil's own remarks on an event stand among its attributes. */
export const CUT = 'vigil.cut.';

/** The first `max` UTF-16 units of a text, without half a character at the end. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/** Collects attributes; an earlier key wins, so what matters most is set first. */
export class AttributeText {
  readonly #values = new Map<string, string>();
  #total = 0;
  #dropped = 0;

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  set(key: string, text: string): void {
    // A key without a text says no more than no key: a map in the store answers both with the empty text.
    if (key === '' || text === '' || this.#values.has(key)) return;
    if (this.#values.size >= MAX_KEYS) {
      this.#dropped += 1;
      return;
    }
    const name = key.length > MAX_KEY_LENGTH ? cutText(key, MAX_KEY_LENGTH) : key;
    const room = this.#total + text.length <= MAX_TOTAL_LENGTH ? MAX_VALUE_LENGTH : STUB_LENGTH;
    const value = cutText(text, room);
    this.#values.set(name.toWellFormed(), value.toWellFormed());
    this.#total += value.length;
    if (value.length < text.length) this.set(cutText(`${CUT}${key}`, MAX_KEY_LENGTH), String(text.length));
  }

  /** Attributes flattened to dotted keys (`flatten` in ../otlp/attributes.ts), without those in `omit`. */
  addAll(attributes: Attributes, omit: (key: string) => boolean = () => false): void {
    for (const [key, text] of Object.entries(flatten(attributes, omit))) this.set(key, text);
  }

  /** A plain copy. The number of attributes that did not fit is in `vigil.cut.attributes`. */
  toRecord(): Record<string, string> {
    const record: Record<string, string> = {};
    const put = (key: string, value: string): void => {
      // `__proto__` as a plain assignment would vanish.
      if (key === '__proto__') Object.defineProperty(record, key, { value, enumerable: true });
      else record[key] = value;
    };
    for (const [key, value] of this.#values) put(key, value);
    if (this.#dropped > 0) put(`${CUT}attributes`, String(this.#dropped));
    return record;
  }
}
