/** Reads attributes by name, in any type an agent gave them: what one sends as a number another sends as text. */
import { DistinctKeys } from './any-value.ts';
import type { AnyValue, Attributes } from './record.ts';

/** First value of this key that is not empty; undefined where there is none. */
export function firstOf(attributes: Attributes, key: string): AnyValue | undefined {
  for (const pair of attributes) if (pair[0] === key && pair[1] !== null) return pair[1];
  return undefined;
}

/** Last value of this key that is not empty; undefined where there is none. */
export function lastOf(attributes: Attributes, key: string): AnyValue | undefined {
  for (let i = attributes.length - 1; i >= 0; i--) {
    const pair = attributes[i];
    if (pair !== undefined && pair[0] === key && pair[1] !== null) return pair[1];
  }
  return undefined;
}

/** The first value of this key as text (see `anyValueToText`). */
export function textOf(attributes: Attributes, key: string): string | undefined {
  const value = firstOf(attributes, key);
  return value === undefined ? undefined : anyValueToText(value);
}

const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** The first value of this key as a finite number, from a number or its decimal text. */
export function numberOf(attributes: Attributes, key: string): number | undefined {
  const value = firstOf(attributes, key);
  let number: number;
  if (typeof value === 'number') number = value;
  else if (typeof value === 'string' && DECIMAL.test(value.trim())) number = Number(value);
  else return undefined;
  return Number.isFinite(number) ? number : undefined;
}

/** The first value of this key as a boolean, from a boolean or the words true and false in any case. */
export function booleanOf(attributes: Attributes, key: string): boolean | undefined {
  const value = firstOf(attributes, key);
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' || value.length > 5) return undefined;
  const word = value.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/** Text as it is, numbers and booleans as JavaScript writes them, lists and objects as JSON; undefined for an empty value. */
export function anyValueToText(value: AnyValue): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * All attributes as text under dotted keys: `{a: {b: 1}}` becomes `a.b`. Empty values are left out; of a repeated key
 * all are kept, later ones as `key#2`, `key#3`.
 *
 * @param omit names (whole keys, or dotted ones within) to leave out
 */
export function flatten(attributes: Attributes, omit: (key: string) => boolean): Record<string, string> {
  const keys = new DistinctKeys<string>();
  for (const pair of attributes) add(keys, pair[0], pair[1], omit);
  return keys.values;
}

function add(keys: DistinctKeys<string>, key: string, value: AnyValue, omit: (key: string) => boolean): void {
  if (value === null || omit(key)) return;
  if (isObject(value)) {
    for (const name of Object.keys(value)) add(keys, `${key}.${name}`, value[name] ?? null, omit);
    return;
  }
  const text = anyValueToText(value);
  if (text !== undefined) keys.add(key, text);
}

function isObject(value: AnyValue): value is { readonly [key: string]: AnyValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
