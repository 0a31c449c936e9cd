/**
 * A record's attributes by name, which remembers what became a field of the event; the rest, and what is noted on the way,
 * becomes the event's `attributes`.
 */
import { anyValueToText, booleanOf, firstOf, numberOf } from '../../schemas/otlp/attributes.ts';
import type { AnyValue, Attributes, Resource } from '../../schemas/otlp/record.ts';
import { AttributeText, CUT } from './attribute-text.ts';

/** `telemetry.sdk.*` names the exporter's library: the same for every event of a program, and of no use to anybody here. */
const SDK = 'telemetry.sdk.';

/**
 * How the agent itself was started. A person's prompt may stand there (`gemini -p "…"`), and secrets; it is no command of the
 * agent's. Of these only the length stays.
 */
const STARTED_BY = new Set(['process.command_args', 'process.command_line', 'process.title']);

/** The first value of this key as text; undefined for nothing, the empty text and structures. */
export function scalarText(attributes: Attributes, key: string): string | undefined {
  const value = firstOf(attributes, key);
  if (value === undefined || typeof value === 'object') return undefined;
  const text = anyValueToText(value);
  return text === '' ? undefined : text;
}

/** The same, structures as JSON. */
function textAt(attributes: Attributes, key: string): string | undefined {
  const value = firstOf(attributes, key);
  return value === undefined ? undefined : anyValueToText(value);
}

/** Every record says its resource again: more attributes than any program's resource has would cost each of them. */
const MOST_OF_RESOURCE = 128;
/** Twice as many as an event keeps. */
const MOST_ATTRIBUTES = 1_024;

const beginnings = new WeakMap<Resource, Attributes>();

/** Once for all records of a resource. */
function beginningOf(resource: Resource): Attributes {
  let beginning = beginnings.get(resource);
  if (beginning === undefined) beginnings.set(resource, (beginning = resource.attributes.slice(0, MOST_OF_RESOURCE)));
  return beginning;
}

export class RecordFields {
  readonly #attributes: Attributes;
  readonly #resource: Attributes;
  readonly #taken = new Set<string>();
  readonly #takenOfResource = new Set<string>();
  readonly #notes: (readonly [string, AnyValue])[] = [];
  readonly #cut: number;
  readonly #cutOfResource: number;

  constructor(attributes: Attributes, resource: Resource) {
    this.#attributes = attributes.length > MOST_ATTRIBUTES ? attributes.slice(0, MOST_ATTRIBUTES) : attributes;
    this.#resource = resource.attributes.length > MOST_OF_RESOURCE ? beginningOf(resource) : resource.attributes;
    this.#cut = attributes.length - this.#attributes.length;
    this.#cutOfResource = resource.attributes.length - this.#resource.length;
  }

  /** The value as it is; it stays among the attributes. */
  see(key: string): AnyValue | undefined {
    return firstOf(this.#attributes, key);
  }

  /** The value as text; it stays among the attributes. */
  seeText(key: string): string | undefined {
    return scalarText(this.#attributes, key);
  }

  /** The first of these keys that has a text; it is taken, and so are the others where they say the same. */
  text(...keys: readonly string[]): string | undefined {
    let found: string | undefined;
    for (const key of keys) {
      const text = scalarText(this.#attributes, key);
      if (text === undefined || (found !== undefined && text !== found)) continue;
      found = text;
      this.#taken.add(key);
    }
    return found;
  }

  number(...keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const number = numberOf(this.#attributes, key);
      if (number === undefined) continue;
      this.#taken.add(key);
      return number;
    }
    return undefined;
  }

  /** A duration or size: a fraction is rounded. */
  whole(...keys: readonly string[]): number | undefined {
    const number = this.number(...keys);
    return number === undefined ? undefined : Math.round(number);
  }

  boolean(key: string): boolean | undefined {
    const value = booleanOf(this.#attributes, key);
    if (value !== undefined) this.#taken.add(key);
    return value;
  }

  /** The first of these keys of the resource that has a text. */
  ofResource(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const text = scalarText(this.#resource, key);
      if (text === undefined) continue;
      this.#takenOfResource.add(key);
      return text;
    }
    return undefined;
  }

  /** The same, and it stays among the attributes. */
  seeOfResource(key: string): string | undefined {
    return scalarText(this.#resource, key);
  }

  /** The record's own value, else the resource's. */
  anywhere(...keys: readonly string[]): string | undefined {
    return this.text(...keys) ?? this.ofResource(...keys);
  }

  /** Whether the resource says the same under this key: then the value may come from the environment, not from the agent. */
  isOfResource(key: string): boolean {
    const own = textAt(this.#attributes, key);
    return own !== undefined && own === textAt(this.#resource, key);
  }

  /** Not kept where the resource says no more than this. */
  dropOfResource(key: string, same: string | undefined): void {
    if (same !== undefined && scalarText(this.#resource, key) === same) this.#takenOfResource.add(key);
  }

  /** Not kept: it stands elsewhere in the event. */
  drop(...keys: readonly string[]): void {
    for (const key of keys) this.#taken.add(key);
  }

  /** Content that is not kept: only its length in characters, as `<key>.length`. */
  dropContent(...keys: readonly string[]): void {
    for (const key of keys) {
      const value = firstOf(this.#attributes, key);
      if (value === undefined) continue;
      this.#taken.add(key);
      this.note(`${key}.length`, anyValueToText(value)?.length);
    }
  }

  /** Adds an attribute that the record has not. */
  note(key: string, value: AnyValue | undefined): void {
    if (value !== undefined) this.#notes.push([key, value]);
  }

  /** What has not become a field: notes, the record's attributes, then the resource's that say something new. */
  rest(): Record<string, string> {
    const text = new AttributeText();
    if (this.#cut > 0) text.note(`${CUT}record_attributes`, this.#cut);
    if (this.#cutOfResource > 0) text.note(`${CUT}resource_attributes`, this.#cutOfResource);
    for (const [key, value] of this.#notes) text.note(key, value);
    for (const [key, value] of this.#attributes) {
      if (this.#taken.has(key) || (STARTED_BY.has(key) && this.isOfResource(key))) continue;
      text.claim(key, value);
    }
    for (const [key, value] of this.#resource) {
      if (key.startsWith(SDK) || this.#takenOfResource.has(key)) continue;
      if (STARTED_BY.has(key)) text.claim(`resource.${key}.length`, textAt(this.#resource, key)?.length ?? null);
      else if (!this.isOfResource(key)) text.claim(text.has(key) ? `resource.${key}` : key, value);
    }
    return text.values;
  }
}
