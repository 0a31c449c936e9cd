/**
 * A record's attributes by name. It tracks which attributes became fields of the event; the rest, and added notes,
 * becomes the event's `attributes`.
 */
import { anyValueToText, booleanOf, firstOf, numberOf } from '../../schemas/otlp/attributes.ts';
import type { AnyValue, Attributes, Resource } from '../../schemas/otlp/record.ts';
import { AttributeText, CUT } from './attribute-text.ts';

/** `telemetry.sdk.*` names the exporter's library: it is the same for every event of a program and not useful. */
const SDK = 'telemetry.sdk.';

/**
 * How the agent itself was started. These may contain a person's prompt (`gemini -p "…"`) or secrets, and are not commands of the
 * agent. Only their length is kept.
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

/** Each record repeats its resource, so a resource with very many attributes would slow down every record. */
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

  /** The raw value; it stays in the attributes. */
  see(key: string): AnyValue | undefined {
    return firstOf(this.#attributes, key);
  }

  /** The value as text; it stays in the attributes. */
  seeText(key: string): string | undefined {
    return scalarText(this.#attributes, key);
  }

  /** The first of these keys that has a text. It is removed from the attributes, and so are the others if they are equal. */
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

  /** The same, but it stays in the attributes. */
  seeOfResource(key: string): string | undefined {
    return scalarText(this.#resource, key);
  }

  /** The record's own value, else the resource's. */
  anywhere(...keys: readonly string[]): string | undefined {
    return this.text(...keys) ?? this.ofResource(...keys);
  }

  /** Whether the resource has the same value under this key. The value may then come from the environment, not the agent. */
  isOfResource(key: string): boolean {
    const own = textAt(this.#attributes, key);
    return own !== undefined && own === textAt(this.#resource, key);
  }

  /** Drops the resource's attribute if it has only this value. */
  dropOfResource(key: string, same: string | undefined): void {
    if (same !== undefined && scalarText(this.#resource, key) === same) this.#takenOfResource.add(key);
  }

  /** Drops an attribute that is elsewhere in the event. */
  drop(...keys: readonly string[]): void {
    for (const key of keys) this.#taken.add(key);
  }

  /** Replaces content by its length in characters, as `<key>.length`. */
  dropContent(...keys: readonly string[]): void {
    for (const key of keys) {
      const value = firstOf(this.#attributes, key);
      if (value === undefined) continue;
      this.#taken.add(key);
      this.note(`${key}.length`, anyValueToText(value)?.length);
    }
  }

  /** Adds an attribute that the record does not have. */
  note(key: string, value: AnyValue | undefined): void {
    if (value !== undefined) this.#notes.push([key, value]);
  }

  /** Everything that did not become a field: notes, the record's attributes, then the resource's additional attributes. */
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
